//! Addresses, email addresses and phone numbers.

use kenal_types::Market;

use crate::dice::Dice;

use super::tables;
use super::written::typo;

/// Where a household lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) number: u32,
    pub(crate) street: &'static str,
    pub(crate) unit: Option<(u32, u32)>,
    pub(crate) city: &'static str,
    pub(crate) postcode: String,
}

impl Address {
    pub(crate) fn draw(market: Market, dice: &mut Dice) -> Address {
        let number = 1 + dice.below(899) as u32;
        let street = *dice.pick(tables::STREETS[market as usize]);
        let high = market == Market::Singapore || dice.chance(0.3);
        let unit = high.then(|| (1 + dice.below(30) as u32, 1 + dice.below(200) as u32));
        let (city, lo, hi) = *dice.pick(tables::CITIES[market as usize]);
        let postcode = dice.between(i64::from(lo), i64::from(hi));
        let postcode = if market == Market::Singapore { format!("{postcode:06}") } else { format!("{postcode:05}") };
        Address { number, street, unit, city, postcode }
    }

    /// Street, number and unit on one line; systems abbreviate.
    pub(crate) fn street(&self, short: bool) -> String {
        let street = if short {
            self.street.replace("Jalan", "Jl.").replace("Street", "St").replace("Avenue", "Ave").replace("Road", "Rd")
        } else {
            self.street.to_owned()
        };
        match self.unit {
            Some((floor, door)) if short => format!("{} {street} {floor:02}-{door:02}", self.number),
            Some((floor, door)) => format!("{} {street} #{floor:02}-{door:02}", self.number),
            None => format!("{street} {}", self.number),
        }
    }
}

/// An address nobody else has: `serial` is different for every address of the world and tells nothing.
pub(crate) fn email(full_name: &str, nickname: Option<&str>, serial: u64, dice: &mut Dice) -> String {
    let plain = |t: &str| -> String { t.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect() };
    let words: Vec<String> = full_name.split(' ').map(plain).filter(|w| w.len() > 1).collect();
    let first = nickname.map_or_else(|| words.first().cloned().unwrap_or_default(), plain);
    let last = words.last().cloned().unwrap_or_default();
    let local = match dice.below(10) {
        0..=3 => format!("{first}.{last}"),
        4..=5 => format!("{first}{last}"),
        6 => format!("{}{last}", first.chars().next().unwrap_or('x')),
        7 => format!("{first}_{last}"),
        _ => format!("{}{}", dice.pick(tables::EMAIL_WORDS), dice.pick(tables::EMAIL_WORDS)),
    };
    let weights: Vec<f64> = tables::EMAIL_DOMAINS.iter().map(|d| d.1).collect();
    let domain = tables::EMAIL_DOMAINS[dice.weighted(&weights)].0;
    format!("{local}{serial}@{domain}")
}

/// The address with a slip before the at sign, so that it stays in a reserved domain.
pub(crate) fn email_typo(email: &str, dice: &mut Dice) -> String {
    let (local, domain) = email.split_once('@').unwrap_or((email, "example.com"));
    let mut letters: String = local.chars().take_while(char::is_ascii_alphabetic).collect();
    let rest = local.get(letters.len()..).unwrap_or_default().to_owned();
    typo(&mut letters, dice);
    format!("{letters}{rest}@{domain}")
}

/// A mobile number within the country, without trunk prefix: distinct for distinct `serial` below 7 million.
///
/// Ranges are those in use for mobiles: SG 8x/9x, MY 1x, TH 6x/8x/9x, ID 8xx.
pub(crate) fn phone_national(market: Market, serial: u64) -> String {
    let (prefixes, digits): (&[&str], u32) = match market {
        Market::Singapore => (&["91", "92", "93", "94", "96", "97", "98", "81", "82", "83", "84", "85", "86", "87"], 6),
        Market::Malaysia => (&["12", "13", "14", "16", "17", "19"], 7),
        Market::Thailand => (&["81", "82", "83", "84", "85", "86", "87", "89", "91", "92", "95", "61", "62", "63"], 7),
        Market::Indonesia => (&["812", "813", "821", "822", "852", "853", "857", "858", "878", "896"], 8),
    };
    let count = prefixes.len() as u64;
    let room = 10_u64.pow(digits);
    let prefix = prefixes[(serial % count) as usize];
    // Malay numbers begin with 2 to 9 after the prefix; leaving out lower ones everywhere costs no room we need.
    let span = room / 10 * 8;
    // The stride has no factor in common with a power of ten times eight, so no number comes twice; neighbours part.
    let rest = (serial / count % span * 618_033_989) % span + room / 10 * 2;
    format!("{prefix}{rest:0width$}", width = digits as usize)
}

/// The ways a number is written down (formats.md F).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PhoneForm {
    E164,
    PlusSpaced,
    TrunkZero,
    DoubleZero,
    Plain,
    Dashed,
}

pub(crate) fn phone_written(market: Market, national: &str, form: PhoneForm) -> String {
    let code = market.calling_code();
    let (head, tail) = national.split_at(national.len().saturating_sub(4));
    // Singapore has no trunk prefix.
    let trunk = if market == Market::Singapore { "" } else { "0" };
    match form {
        PhoneForm::E164 => format!("+{code}{national}"),
        PhoneForm::PlusSpaced => format!("+{code} {head} {tail}"),
        PhoneForm::TrunkZero => format!("{trunk}{national}"),
        PhoneForm::DoubleZero => format!("00{code}{national}"),
        PhoneForm::Plain => format!("{code}{national}"),
        PhoneForm::Dashed => format!("({trunk}{head}) {tail}"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::dice::For;

    use super::*;

    #[test]
    fn phones_are_distinct_and_of_the_markets_length() {
        for (market, length) in
            [(Market::Singapore, 8), (Market::Malaysia, 9), (Market::Thailand, 9), (Market::Indonesia, 11)]
        {
            let numbers: BTreeSet<String> = (0..50_000).map(|i| phone_national(market, i * 131)).collect();
            assert_eq!(numbers.len(), 50_000, "{market}");
            assert!(numbers.iter().all(|n| n.len() == length), "{market}");
        }
    }

    #[test]
    fn forms_of_a_number() {
        for (market, national, form, expected) in [
            (Market::Singapore, "91234567", PhoneForm::E164, "+6591234567"),
            (Market::Singapore, "91234567", PhoneForm::PlusSpaced, "+65 9123 4567"),
            (Market::Singapore, "91234567", PhoneForm::TrunkZero, "91234567"),
            (Market::Malaysia, "123456789", PhoneForm::TrunkZero, "0123456789"),
            (Market::Thailand, "812345678", PhoneForm::DoubleZero, "0066812345678"),
            (Market::Indonesia, "81234567890", PhoneForm::Plain, "6281234567890"),
            (Market::Malaysia, "123456789", PhoneForm::Dashed, "(012345) 6789"),
        ] {
            assert_eq!(phone_written(market, national, form), expected);
        }
    }

    #[test]
    fn emails_stay_in_reserved_domains() {
        let mut dice = Dice::new(3, For::Email, 0);
        for serial in 0..2000 {
            let address = email("Nur Aisyah binti Ahmad", None, serial, &mut dice);
            let slipped = email_typo(&address, &mut dice);
            for address in [address, slipped] {
                let domain = address.split_once('@').expect("an at sign").1;
                let reserved =
                    domain.ends_with(".example") || ["example.com", "example.net", "example.org"].contains(&domain);
                assert!(reserved && address.is_ascii(), "{address}");
            }
        }
    }
}
