//! The market that a country or a phone number tells, when it tells one without doubt.

use kenal_types::Market;

/// By the address's country, else by phone numbers in international form that agree with each other.
pub(crate) fn market<'a>(country: Option<&str>, phones: impl IntoIterator<Item = &'a str>) -> Option<Market> {
    if let Some(country) = country.map(str::trim).filter(|c| !c.is_empty()) {
        // A country outside the four markets is an answer too: a phone does not overrule it.
        return Market::from_country(country);
    }
    let mut told = phones.into_iter().filter_map(by_phone);
    let first = told.next()?;
    told.all(|m| m == first).then_some(first)
}

/// The calling codes 60, 62, 65 and 66 are whole country codes: no longer code begins with one of them. Without an
/// international prefix a number tells nothing: `0812…` is a number in three of the four countries.
fn by_phone(phone: &str) -> Option<Market> {
    let mut digits = phone.chars().filter(char::is_ascii_digit).collect::<String>();
    if !phone.trim_start().starts_with('+') {
        digits = digits.strip_prefix("00")?.to_owned();
    }
    // Calling code, and at least the six digits of the shortest numbers in use.
    (digits.len() >= 8)
        .then(|| Market::ALL.into_iter().find(|m| digits.starts_with(&m.calling_code().to_string())))
        .flatten()
}

/// By a BCP 47 tag with a region, such as `en-SG` or `ms_MY`. A language alone tells nothing: Malay is spoken in three
/// of the four.
pub(crate) fn by_locale(tag: &str) -> Option<Market> {
    let region = tag.split(['-', '_']).skip(1).find(|part| part.len() == 2)?;
    Market::ALL.into_iter().find(|m| region.eq_ignore_ascii_case(m.code()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_and_phones() {
        for (country, phones, expected) in [
            (Some("Singapore"), &[][..], Some(Market::Singapore)),
            (Some("my"), &["+6591234567"], Some(Market::Malaysia)),
            (Some("Vietnam"), &["+6591234567"], None),
            (Some(" "), &["+65 9123 4567"], Some(Market::Singapore)),
            (None, &["0066 81 234 5678"], Some(Market::Thailand)),
            (None, &["+62 (812) 3456-789"], Some(Market::Indonesia)),
            (None, &["0812 3456 789"], None),
            (None, &["65 9123 4567"], None),
            (None, &["+65"], None),
            (None, &["+6591234567", "+60123456789"], None),
            (None, &["+6591234567", "91234567"], Some(Market::Singapore)),
            (None, &["+85212345678"], None),
            (None, &[], None),
        ] {
            assert_eq!(market(country, phones.iter().copied()), expected, "{country:?} {phones:?}");
        }
    }

    #[test]
    fn locales() {
        for (tag, expected) in [
            ("en-SG", Some(Market::Singapore)),
            ("ms_MY", Some(Market::Malaysia)),
            ("zh-Hant-TH", Some(Market::Thailand)),
            ("id", None),
            ("en-US", None),
            ("", None),
        ] {
            assert_eq!(by_locale(tag), expected, "{tag}");
        }
    }
}
