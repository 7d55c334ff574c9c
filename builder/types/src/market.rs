//! The countries the shop sells in.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::money::Currency;

/// A market: a country with its own prices, languages and law. Written as its ISO 3166 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Market {
    Singapore,
    Malaysia,
    Thailand,
    Indonesia,
}

impl Market {
    /// All markets; the position is the bit in a bundle's market mask.
    pub const ALL: [Market; 4] = [Market::Singapore, Market::Malaysia, Market::Thailand, Market::Indonesia];

    /// Two-letter ISO 3166 code.
    pub const fn code(self) -> &'static str {
        match self {
            Market::Singapore => "SG",
            Market::Malaysia => "MY",
            Market::Thailand => "TH",
            Market::Indonesia => "ID",
        }
    }

    pub const fn currency(self) -> Currency {
        match self {
            Market::Singapore => Currency::SGD,
            Market::Malaysia => Currency::MYR,
            Market::Thailand => Currency::THB,
            Market::Indonesia => Currency::IDR,
        }
    }

    /// International calling code, without the plus.
    pub const fn calling_code(self) -> u16 {
        match self {
            Market::Singapore => 65,
            Market::Malaysia => 60,
            Market::Thailand => 66,
            Market::Indonesia => 62,
        }
    }

    /// A country as the systems write it: code or English name, any case.
    pub fn from_country(text: &str) -> Option<Market> {
        let text = text.trim();
        Market::ALL.into_iter().find(|m| text.eq_ignore_ascii_case(m.code()) || text.eq_ignore_ascii_case(m.name()))
    }

    /// English name.
    pub const fn name(self) -> &'static str {
        match self {
            Market::Singapore => "Singapore",
            Market::Malaysia => "Malaysia",
            Market::Thailand => "Thailand",
            Market::Indonesia => "Indonesia",
        }
    }
}

impl fmt::Display for Market {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Market {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        Market::ALL
            .into_iter()
            .find(|m| m.code() == s)
            .ok_or_else(|| format!("unknown market {s:?}; expected SG, MY, TH or ID"))
    }
}

impl From<Market> for String {
    fn from(m: Market) -> String {
        m.code().to_owned()
    }
}

impl TryFrom<String> for Market {
    type Error = String;
    fn try_from(s: String) -> Result<Self, String> {
        s.parse()
    }
}
