//! One currency for features: Singapore dollars, at rates fixed in the configuration.
//!
//! Fixed on purpose: a feature must not move because the market for rupiah did, and a training row must be the same
//! when it is made again. Whoever changes a rate retrains.

use kenal_types::{Currency, Money};

/// Singapore dollars for one unit of each currency.
#[derive(Debug, Clone, PartialEq)]
pub struct Rates(Vec<(Currency, f64)>);

/// What is wrong with a rate, or missing.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum RatesError {
    /// Add the currency to the table of rates.
    #[error("there is no rate for {currency}; add it to the table of conversion rates")]
    Unknown { currency: Currency },
    /// Zero, negative, infinite or not a number.
    #[error("the rate of {currency} must be above 0 and finite, not {rate}")]
    Bad { currency: Currency, rate: f64 },
}

impl Default for Rates {
    /// Round figures near the rates of 2024 for the four markets.
    fn default() -> Self {
        Rates(vec![(Currency::SGD, 1.0), (Currency::MYR, 0.29), (Currency::THB, 0.038), (Currency::IDR, 0.000_083)])
    }
}

impl Rates {
    /// A later entry for a currency replaces an earlier one.
    ///
    /// # Errors
    /// A rate that is not above zero and finite.
    pub fn new(rates: impl IntoIterator<Item = (Currency, f64)>) -> Result<Rates, RatesError> {
        let mut table: Vec<(Currency, f64)> = Vec::new();
        for (currency, rate) in rates {
            if !(rate > 0.0 && rate.is_finite()) {
                return Err(RatesError::Bad { currency, rate });
            }
            table.retain(|(c, _)| *c != currency);
            table.push((currency, rate));
        }
        Ok(Rates(table))
    }

    /// An amount in Singapore dollars.
    ///
    /// # Errors
    /// A currency without a rate.
    pub fn sgd(&self, amount: Money, currency: Currency) -> Result<f64, RatesError> {
        let rate = self.0.iter().find(|(c, _)| *c == currency).ok_or(RatesError::Unknown { currency })?.1;
        Ok(amount.units() * rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_become_singapore_dollars() {
        let rates = Rates::default();
        assert_eq!(rates.sgd(Money(2_750), Currency::SGD), Ok(27.5));
        assert_eq!(rates.sgd(Money(-10_000), Currency::MYR), Ok(-100.0 * 0.29));
        let gbp: Currency = "GBP".parse().expect("a code");
        let error = rates.sgd(Money(1), gbp).expect_err("no rate");
        assert_eq!(error.to_string(), "there is no rate for GBP; add it to the table of conversion rates");
        let with = Rates::new([(gbp, 1.5), (gbp, 1.7)]).expect("sound");
        assert_eq!(with.sgd(Money(100), gbp), Ok(1.7), "the later rate counts");
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(matches!(Rates::new([(gbp, bad)]), Err(RatesError::Bad { .. })), "{bad}");
        }
    }
}
