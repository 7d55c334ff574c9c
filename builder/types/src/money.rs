//! Amounts of money, exact, in hundredths.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// ISO 4217 code of three capital letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Currency([u8; 3]);

impl Currency {
    pub const SGD: Currency = Currency(*b"SGD");
    pub const MYR: Currency = Currency(*b"MYR");
    pub const THB: Currency = Currency(*b"THB");
    pub const IDR: Currency = Currency(*b"IDR");

    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }
}

impl FromStr for Currency {
    type Err = MoneyError;
    fn from_str(s: &str) -> Result<Self, MoneyError> {
        match *s.as_bytes() {
            [a, b, c] if [a, b, c].iter().all(u8::is_ascii_uppercase) => Ok(Currency([a, b, c])),
            _ => Err(MoneyError::NotACurrency),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl From<Currency> for String {
    fn from(c: Currency) -> String {
        c.code().to_owned()
    }
}

impl TryFrom<String> for Currency {
    type Error = MoneyError;
    fn try_from(s: String) -> Result<Self, MoneyError> {
        s.parse()
    }
}

/// Hundredths of the currency's unit, for every currency: also for the rupiah, whose sen are no longer coined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
#[repr(transparent)]
pub struct Money(pub i64);

impl Money {
    /// In whole units of the currency.
    pub fn units(self) -> f64 {
        self.0 as f64 / 100.0
    }
}

impl FromStr for Money {
    type Err = MoneyError;

    /// A decimal text as the systems send it: `27.50`, `27.5`, `27`, `-3.00`. Digits past the second are refused
    /// unless they are zero, since rounding would hide a wrong unit.
    fn from_str(s: &str) -> Result<Self, MoneyError> {
        let (negative, digits) = match s.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, s),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let plain = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !plain(whole) || !plain(fraction) {
            return Err(MoneyError::NotAnAmount);
        }
        if fraction.len() > 2 && fraction.bytes().skip(2).any(|b| b != b'0') {
            return Err(MoneyError::TooFine);
        }
        let mut cents = fraction.bytes().chain(*b"00").take(2);
        let cents = cents.by_ref().fold(0, |n, b| n * 10 + i64::from(b - b'0'));
        let whole: i64 = whole.parse().map_err(|_| MoneyError::TooLarge)?;
        let minor = whole.checked_mul(100).and_then(|n| n.checked_add(cents)).ok_or(MoneyError::TooLarge)?;
        Ok(Money(if negative { -minor } else { minor }))
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}.{:02}", self.0.unsigned_abs() / 100, self.0.unsigned_abs() % 100)
    }
}

/// Why a text is not money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not three capital letters.
    #[error("not a currency code such as SGD")]
    NotACurrency,
    /// Not a plain decimal number.
    #[error("not an amount such as 27.50")]
    NotAnAmount,
    /// More than two digits after the point.
    #[error("an amount has at most two digits after the point")]
    TooFine,
    /// Does not fit 64 bits of hundredths.
    #[error("the amount is too large")]
    TooLarge,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts() {
        for (text, expected) in [
            ("27.50", Ok(Money(2750))),
            ("27.5", Ok(Money(2750))),
            ("27", Ok(Money(2700))),
            ("0.0", Ok(Money(0))),
            ("-3.07", Ok(Money(-307))),
            ("1.5000", Ok(Money(150))),
            ("1.505", Err(MoneyError::TooFine)),
            ("1,50", Err(MoneyError::NotAnAmount)),
            (".5", Err(MoneyError::NotAnAmount)),
            ("", Err(MoneyError::NotAnAmount)),
            ("99999999999999999999", Err(MoneyError::TooLarge)),
        ] {
            assert_eq!(text.parse::<Money>(), expected, "{text}");
        }
        assert_eq!(Money(-307).to_string(), "-3.07");
    }
}
