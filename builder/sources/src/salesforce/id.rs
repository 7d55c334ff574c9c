//! Record ids: 15 case-sensitive characters, or 18 with a checksum of the case.

use crate::json::Fault;

const BASE: u128 = 62;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// The three checksum characters.
const CASES: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

/// A record id, packed: 15 characters of 62 fit 90 bits. Both written forms give the same value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct SfId(u128);

impl SfId {
    /// Reads either form. The checksum of the long form must fit: it guards against tools that change the case, and
    /// an id of another case is another record.
    pub(super) fn parse(field: &'static str, text: &str) -> Result<SfId, Fault> {
        let bad = |why: &'static str| Fault::bad(field, why);
        let (id, checksum) = match text.len() {
            15 => (text, None),
            18 => text.split_at_checked(15).map(|(id, sum)| (id, Some(sum))).ok_or_else(|| bad("expected ASCII"))?,
            _ => return Err(bad("expected an id of 15 or 18 characters")),
        };
        let mut packed = 0;
        for byte in id.bytes() {
            let digit = match byte {
                b'0'..=b'9' => byte - b'0',
                b'A'..=b'Z' => byte - b'A' + 10,
                b'a'..=b'z' => byte - b'a' + 36,
                _ => return Err(bad("expected an id of letters and digits")),
            };
            packed = packed * BASE + u128::from(digit);
        }
        match checksum {
            Some(sum) if !sum.bytes().eq(case_checksum(id.as_bytes())) => {
                Err(bad("the checksum in the last three characters does not fit: was the case changed?"))
            }
            _ => Ok(SfId(packed)),
        }
    }

    /// The 18-character form.
    pub(super) fn long(self) -> String {
        let (mut digits, mut rest) = ([b'0'; 15], self.0);
        for digit in digits.iter_mut().rev() {
            *digit = ALPHABET.get((rest % BASE) as usize).copied().unwrap_or(b'0');
            rest /= BASE;
        }
        digits.iter().copied().chain(case_checksum(&digits)).map(char::from).collect()
    }
}

/// One character for each five: bit i says that character i is a capital.
fn case_checksum(id: &[u8]) -> impl Iterator<Item = u8> + '_ {
    id.chunks(5).map(|five| {
        let bits = five.iter().enumerate().filter(|(_, b)| b.is_ascii_uppercase()).fold(0, |n, (i, _)| n | 1 << i);
        CASES.get(bits).copied().unwrap_or(b'A')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_one_id() {
        // The first two are the specification's own examples.
        for long in [
            "003xx000004TmiQAAS",
            "001xx000003DGb2AAG",
            "0PKxx0000004CAAGA2",
            "000000000000000AAA",
            "zzzzzzzzzzzzzzzAAA",
        ] {
            let short = &long[..15];
            let id = SfId::parse("Id", long).expect(long);
            assert_eq!(SfId::parse("Id", short), Ok(id));
            assert_eq!(id.long(), long);
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for (text, part) in [
            ("", "15 or 18"),
            ("003xx000004TmiQAA", "15 or 18"),
            ("003XX000004TMIQAAS", "case changed"),
            ("003xx000004Tmi-", "letters and digits"),
            ("003xx000004Tmi\u{e9}", "15 or 18"),
            ("003xx000004Tm\u{e9}", "letters and digits"),
            ("\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}", "ASCII"),
        ] {
            let fault = SfId::parse("Id", text).expect_err(text);
            assert!(fault.detail.contains(part), "{text}: {}", fault.detail);
        }
    }
}
