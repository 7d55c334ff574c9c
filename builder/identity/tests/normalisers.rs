//! What holds for every normaliser and any text: no panic, a bounded result, and nothing left to do a second time.

use std::time::{Duration, Instant};

use kenal_identity::normalise::date::{self, DateAgreement, Written};
use kenal_identity::normalise::{device, email, name, nickname, phone, place};
use kenal_types::{Date, Market};
use proptest::prelude::*;

/// Texts of the kinds that fields hold, and of the kinds that break readers: marks, right to left, joined, enclosed.
fn text() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        3 => "[a-zA-Z]{1,8}",
        2 => "[0-9]{1,9}",
        2 => "[ .,'/@#+()<>;:-]",
        1 => "\\PC{1,4}",
        1 => any::<char>().prop_map(String::from),
        1 => "[\u{200B}-\u{200F}\u{202A}-\u{202E}\u{0300}-\u{036F}\u{0E31}\u{0E48}\u{05B0}\u{064B}\u{0483}]{1,3}",
        1 => "[ก-๙]{1,6}",
        1 => "[一-龥]{1,4}",
        3 => prop::sample::select(WORDS).prop_map(str::to_owned),
    ];
    prop::collection::vec(pieces, 0..12).prop_map(|pieces| pieces.concat())
}

const WORDS: &[&str] = &[
    " bin ",
    " Dr. ",
    " Tan Sri ",
    " dato seri ",
    "Bu ",
    " b. ",
    " al ",
    " earl of ",
    " 1st baron ",
    "muhammad ",
    " Mohd ",
    "陈美玲",
    " นางสาว",
    "คุณ",
    "test",
    "guest ",
    "n/a",
    "@gmail.com",
    "@yahoo.com",
    "@gmial.com",
    "@proton.me",
    "mailto:",
    "+65",
    "+60",
    "+62",
    "+66",
    "0062",
    " ext ",
    "(0)",
    "1800",
    "Jl. ",
    "Blk ",
    "#03-12 ",
    "RT ",
    "/RW ",
    "St ",
    "KL",
    "S(238801)",
    "1980-06-05",
    "5 June ",
    "25/06/",
    "2523",
    " a/l ",
    "x",
    "-",
    "Singapore ",
];

fn market() -> impl Strategy<Value = Option<Market>> {
    prop::option::of(prop::sample::select(&Market::ALL[..]))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn names(given in prop::option::of(text()), family in prop::option::of(text()), full in prop::option::of(text())) {
        let words = name::name_words(given.as_deref(), family.as_deref(), full.as_deref());
        prop_assert!(words.len() <= name::NAME_WORDS_MAX);
        for word in &words {
            prop_assert!(word.chars().count() <= name::WORD_CHARS_MAX && !word.is_empty());
            prop_assert!(nickname::groups(word).is_sorted());
        }
        let again = name::name_words(None, None, Some(&words.join(" ")));
        prop_assert_eq!(again, words);
    }

    #[test]
    fn emails(text in text()) {
        if let Some(found) = email::email(&text) {
            prop_assert!(found.address.len() <= email::ADDRESS_BYTES_MAX);
            prop_assert!(found.local_bytes > 0 && found.address.as_bytes()[found.local_bytes] == b'@');
            prop_assert_eq!(email::email(&found.address), Some(found));
        }
    }

    #[test]
    fn phones(text in text(), market in market()) {
        if let Some(found) = phone::phone(&text, market) {
            prop_assert!(found.len() <= phone::PHONE_BYTES_MAX);
            prop_assert!(found.starts_with(['+', '~']) && found[1..].bytes().all(|b| b.is_ascii_digit()));
            prop_assert_eq!(phone::phone(&found, market), Some(found));
        }
    }

    #[test]
    fn numbers_of_any_length(text in "[+~]?0{0,3}(60|62|65|66|1|44|84|800)?[0-9]{4,14}", market in market()) {
        if let Some(found) = phone::phone(&text, market) {
            prop_assert_eq!(phone::phone(&found, market), Some(found));
        }
    }

    #[test]
    fn places(text in text(), market in market()) {
        if let Some(found) = place::postcode_in(&text, market) {
            prop_assert!(found.chars().count() <= place::CODE_CHARS_MAX);
            prop_assert_eq!(place::postcode_in(&found, market), Some(found));
        }
        if let Some(found) = place::code(&text) {
            prop_assert_eq!(place::code(&found), Some(found));
        }
        if let Some(found) = place::city(&text) {
            prop_assert!(found.chars().count() <= place::CITY_CHARS_MAX);
            prop_assert_eq!(place::city(&found), Some(found));
        }
        if let Some(found) = place::street(&text) {
            prop_assert!(!found.is_empty() && found.len() <= place::STREET_WORDS_MAX);
            prop_assert!(found.iter().all(|w| w.chars().count() <= place::STREET_WORD_CHARS_MAX));
            prop_assert_eq!(place::street(&found.join(" ")), Some(found));
        }
    }

    #[test]
    fn devices(text in text()) {
        if let Some(found) = device::device(&text) {
            prop_assert!(found.len() <= device::DEVICE_BYTES_MAX);
            prop_assert_eq!(device::device(&found), Some(found));
        }
    }

    #[test]
    fn dates(text in text()) {
        if let Some(found) = date::written(&text) {
            prop_assert_eq!(date::written(&found.to_string()), Some(found));
        }
    }

    #[test]
    // Up to 2379: years of the Buddhist era begin at 2400.
    fn days_are_what_their_text_says(day in -700_000..149_000_i32) {
        if let Some(found) = date::from_day(Date(day)) {
            prop_assert_eq!(date::written(&Date(day).to_string()), Some(found));
            let next = date::from_day(Date(day + 1));
            prop_assert!(next.is_none_or(|next| date::agreement(found, next) >= DateAgreement::Near));
        }
    }

    #[test]
    fn agreement_of_dates_is_symmetric(
        a in (0..2100_u16, 0..40_u8, 0..99_u8), b in (0..2100_u16, 0..40_u8, 0..99_u8), same in 0..8_u8,
    ) {
        let a = Written { year: a.0, month: a.1, day: a.2 };
        let mut b = Written { year: b.0, month: b.1, day: b.2 };
        if same & 1 != 0 { b.year = a.year }
        if same & 2 != 0 { b.month = a.month }
        if same & 4 != 0 { b.day = a.day }
        prop_assert_eq!(date::agreement(a, b), date::agreement(b, a));
        let whole = a.year != 0 && a.month != 0 && a.day != 0;
        prop_assert_eq!(date::agreement(a, a) == DateAgreement::Same, whole);
    }

    #[test]
    fn non_values_are_none_in_any_case_and_space(
        text in prop::sample::select(&["n/a", "none", "null", "nil", "unknown", "-", "", "undefined", "nan", "tba"][..]),
        upper in any::<bool>(), before in "[ \t\u{A0}\u{3000}]{0,3}", after in "[ \t\r\n]{0,3}", market in market(),
    ) {
        let text = format!("{before}{}{after}", if upper { text.to_uppercase() } else { text.to_owned() });
        prop_assert!(name::name_words(None, None, Some(&text)).is_empty());
        prop_assert_eq!(email::email(&text), None);
        prop_assert_eq!(phone::phone(&text, market), None);
        prop_assert_eq!(place::postcode_in(&text, market), None);
        prop_assert_eq!(place::city(&text), None);
        prop_assert_eq!(place::street(&text), None);
        prop_assert_eq!(device::device(&text), None);
        prop_assert_eq!(date::written(&text), None);
    }
}

/// A field of 10 MB costs no more than one of a kilobyte.
#[test]
fn huge_texts_are_quick() {
    for piece in [
        "a", " ", "é", "\u{FDFA}", "e\u{301}", "\u{202E}", "ก", "陈", "9", "a@", "a.", "1-", "rt ", "😀", "İ", "'/",
        "<@>",
    ] {
        let huge = piece.repeat(10_000_000 / piece.len());
        let start = Instant::now();
        let words = name::name_words(Some(&huge), Some(&huge), Some(&huge));
        assert!(words.len() <= name::NAME_WORDS_MAX);
        assert_eq!(name::name_words(None, None, Some(&words.join(" "))), words, "{piece}");
        email::email(&huge);
        phone::phone(&huge, Some(Market::Singapore));
        place::postcode(&huge);
        if let Some(found) = place::city(&huge) {
            assert_eq!(place::city(&found), Some(found));
        }
        if let Some(found) = place::street(&huge) {
            assert_eq!(place::street(&found.join(" ")), Some(found));
        }
        device::device(&huge);
        date::written(&huge);
        let taken = start.elapsed();
        assert!(taken < Duration::from_millis(100), "{piece}: {taken:?}");
    }
}
