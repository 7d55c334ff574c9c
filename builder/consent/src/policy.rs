//! Each market's law as data, and the few choices a company makes within it.
//!
//! The timers are those of the laws named beside them; a company's counsel changes the table, not the code.

use kenal_types::Market;
use serde::{Deserialize, Serialize};

/// What a market's law asks of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketLaw {
    pub market: Market,
    pub law: String,
    /// A withdrawal must have taken effect within this many hours. No bundle lives longer than the strictest of
    /// the markets it serves, so a withdrawal cannot be outlived by an edge that stopped listening.
    pub withdrawal_effect_h: u32,
    /// An access request must be answered within this many hours.
    pub access_h: u32,
}

/// The company's choices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    pub laws: Vec<MarketLaw>,
    /// An opt-in dated later than now by more than this is a clock error and counts for nothing.
    pub clock_skew_max_s: i64,
}

impl Default for Policy {
    fn default() -> Self {
        let law = |market, law: &str, withdrawal_effect_h, access_h| MarketLaw {
            market,
            law: law.to_owned(),
            withdrawal_effect_h,
            access_h,
        };
        Policy {
            laws: vec![
                // PDPC Key Concepts ¶12.41: ten business days, taken as fourteen calendar days; ¶15: thirty days.
                law(Market::Singapore, "PDPA 2012", 14 * 24, 30 * 24),
                // PDPA 2010 s38: cease on receipt. A day is what a nightly job would need; serving needs seconds.
                law(Market::Malaysia, "PDPA 2010, amended 2024", 24, 21 * 24),
                // PDPA s19 (withdrawal as easy as giving) and s30 (access within thirty days).
                law(Market::Thailand, "PDPA B.E. 2562", 72, 30 * 24),
                // UU 27/2022 Art. 40 and 32: three times twenty-four hours.
                law(Market::Indonesia, "UU 27/2022", 72, 72),
            ],
            clock_skew_max_s: 300,
        }
    }
}

impl Policy {
    /// Hours within which a withdrawal must be effective in every one of `markets`; the strictest of all laws when a
    /// market has no row, since an unknown law is not a lenient one.
    pub fn withdrawal_effect_h(&self, markets: &[Market]) -> u32 {
        let strictest = self.laws.iter().map(|l| l.withdrawal_effect_h).min().unwrap_or(0);
        markets
            .iter()
            .map(|m| self.laws.iter().find(|l| l.market == *m).map_or(strictest, |l| l.withdrawal_effect_h))
            .min()
            .unwrap_or(strictest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strictest_market_decides() {
        let policy = Policy::default();
        assert_eq!(policy.withdrawal_effect_h(&[Market::Singapore]), 336);
        assert_eq!(policy.withdrawal_effect_h(&[Market::Singapore, Market::Indonesia]), 72);
        let silent = Policy { laws: vec![], ..policy };
        assert_eq!(silent.withdrawal_effect_h(&[Market::Singapore]), 0);
    }
}
