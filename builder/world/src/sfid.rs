//! Salesforce ids: three characters for the object, twelve of number in base 62, three of checksum.

/// Objects and their key prefixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Object {
    Contact,
    Account,
    Individual,
    Consent,
    Member,
    Program,
    Purpose,
}

impl Object {
    const fn prefix(self) -> &'static str {
        match self {
            Object::Contact => "003",
            Object::Account => "001",
            Object::Individual => "0PK",
            Object::Consent => "0Zm",
            Object::Member => "0lM",
            Object::Program => "0lp",
            Object::Purpose => "0ZW",
        }
    }
}

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const CHECK: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

/// The id of 18 characters; its first 15 are the case-sensitive form.
pub(crate) fn id(object: Object, number: u64) -> String {
    let mut id = String::with_capacity(18);
    id.push_str(object.prefix());
    id.push_str("5g0");
    let digit = |place: u32| DIGITS[(number / 62_u64.pow(place) % 62) as usize];
    id.extend((0..9).rev().map(|place| char::from(digit(place))));
    for group in 0..3 {
        let letters = id.as_bytes()[group * 5..group * 5 + 5].iter().enumerate();
        let bits = letters.fold(0, |bits, (at, b)| bits | usize::from(b.is_ascii_uppercase()) << at);
        id.push(char::from(CHECK[bits]));
    }
    id
}

/// The form of 15 characters.
pub(crate) fn short(id: &str) -> &str {
    &id[..15]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_the_formats_page() {
        // 003xx000004TmiQAAS: its last three characters follow from the first fifteen.
        let known = "003xx000004TmiQ";
        let check: String = (0..3)
            .map(|group| {
                let letters = known.as_bytes()[group * 5..group * 5 + 5].iter().enumerate();
                char::from(CHECK[letters.fold(0, |bits, (at, b)| bits | usize::from(b.is_ascii_uppercase()) << at)])
            })
            .collect();
        assert_eq!(check, "AAS");
        let made = id(Object::Contact, 123_456_789);
        assert!(made.len() == 18 && made.starts_with("0035g0") && short(&made).len() == 15, "{made}");
        assert_ne!(id(Object::Contact, 1), id(Object::Contact, 2));
    }
}
