//! What becomes of a number.

use super::*;

#[track_caller]
fn check(text: &str, market: Option<Market>, expected: Option<&str>) {
    let found = phone(text, market);
    assert_eq!(found.as_deref(), expected, "{text} {market:?}");
    if let Some(found) = found {
        assert!(found.len() <= PHONE_BYTES_MAX);
        assert_eq!(phone(&found, market).as_deref(), expected, "{text} {market:?} read again");
    }
}

#[test]
fn numbers() {
    use Market::*;
    for (text, market, expected) in [
        ("+65 9123 4567", None, "+6591234567"),
        ("(+65) 9123 4567", Some(Malaysia), "+6591234567"),
        ("9123-4567", Some(Singapore), "+6591234567"),
        ("Mobile: 9123 4567 / 6123 4567", Some(Singapore), "+6591234567"),
        ("WhatsApp 9123 4567", Some(Singapore), "+6591234567"),
        ("6123 4567 ext 12", Some(Singapore), "+6561234567"),
        ("6123 4567#12", Some(Singapore), "+6561234567"),
        ("006591234567", Some(Malaysia), "+6591234567"),
        ("6591234567", Some(Singapore), "+6591234567"),
        ("(65) 9123.4567", None, "+6591234567"),
        ("012-345 6789", Some(Malaysia), "+60123456789"),
        ("+60 (0)12-345 6789", Some(Malaysia), "+60123456789"),
        ("60123456789", Some(Malaysia), "+60123456789"),
        ("011-2345 6781", Some(Malaysia), "+601123456781"),
        ("03-2345 6781", Some(Malaysia), "+60323456781"),
        ("081-234-5678", Some(Thailand), "+66812345678"),
        ("๐๘๑-๒๓๔-๕๖๗๘", Some(Thailand), "+66812345678"),
        ("081-234-5678 ต่อ 12", Some(Thailand), "+66812345678"),
        ("02-234-5678", Some(Thailand), "+6622345678"),
        ("0812 3456 7890", Some(Indonesia), "+6281234567890"),
        ("+62 812 3456 7890 ext 3", Some(Indonesia), "+6281234567890"),
        ("(021) 5234 5678 samb. 3", Some(Indonesia), "+622152345678"),
        ("０８１２３４５６７８９０", Some(Indonesia), "+6281234567890"),
        ("+84 912 345 678", Some(Singapore), "+84912345678"),
        ("+63 0917 123 4567", None, "+639171234567"),
        ("+61 (0)412 345 678", None, "+61412345678"),
        ("+1 (513) 555-7611", Some(Singapore), "+15135557611"),
        ("+44 020 7946 0958", None, "+442079460958"),
        ("91234567", None, "~91234567"),
        ("513.555.7612", Some(Singapore), "~5135557612"),
    ] {
        check(text, market, Some(expected));
    }
}

#[test]
fn non_values_never_match() {
    for text in [
        "",
        "n/a",
        "000",
        "999",
        "995",
        "00000000",
        "0000000",
        "+65 0000 0000",
        "+65 1234 5678",
        "+65 9999 9999",
        "1234567",
        "12345678",
        "1234567890",
        "87654321",
        "99999999",
        "1800 123 4567",
        "1900 123 4567",
        "800 123 4567",
        "+65 1800 123 4567",
        "+1 800 234 5678",
        "+44 800 123 4567",
        "9123xxxx",
        "xxxx4567",
        "+",
        "☎",
        &"9".repeat(10_000),
    ] {
        check(text, Some(Market::Singapore), None);
    }
    for (text, market) in [
        ("1-300-88-2525", Market::Malaysia),
        ("1800 88 2525", Market::Malaysia),
        ("60 1800 88 2525", Market::Malaysia),
        ("0800 123 4567", Market::Indonesia),
        ("0809 123 4567", Market::Indonesia),
        ("1500 123", Market::Indonesia),
        ("1900 222 333", Market::Thailand),
    ] {
        check(text, Some(market), None);
    }
}

/// What the library takes for a number of a market is one here too, with the same result.
#[test]
fn short_paths_agree_with_the_library() {
    let regions = [country::Id::SG, country::Id::MY, country::Id::TH, country::Id::ID];
    let mut compared = 0;
    for (market, region) in Market::ALL.into_iter().zip(regions) {
        for seed in 0..20_000_u64 {
            let x = crate::vocabulary::mix(seed << 8 | market as u64);
            let text = (x % 10_u64.pow(8 + (x >> 60) as u32 % 4)).to_string();
            let Ok(number) = phonenumber::parse(Some(region), &text) else { continue };
            use phonenumber::Type::*;
            let kind = number.number_type(&phonenumber::metadata::DATABASE);
            if !number.is_valid() || !matches!(kind, Mobile | FixedLine | FixedLineOrMobile | Voip) {
                continue;
            }
            let expected = format!("+{}{}", number.code().value(), number.national());
            // Seven digits are more often a line of a city, written without its code.
            if !is_filler(text.as_bytes()) && text.len() > 7 {
                compared += 1;
                assert_eq!(phone(&text, Some(market)).as_deref(), Some(expected.as_str()), "{text} {market}: {kind:?}");
            }
        }
    }
    assert!(compared > 1000, "{compared}");
}

#[test]
fn mobiles_of_neighbours_are_numbers_of_the_library() {
    for text in [
        "+84912345678",
        "+639171234567",
        "+61412345678",
        "+15135557611",
        "+447911123456",
        "+8613812345678",
        "+85291234567",
        "+886912345678",
        "+919812345678",
        "+819012345678",
        "+821012345678",
        "+6737123456",
        "+33612345678",
        "+971501234567",
    ] {
        check(text, None, Some(text));
        let digits = text.trim_start_matches('+').as_bytes();
        assert!(plan::is_mobile_of_a_neighbour(digits), "{text}");
        assert_eq!(by_the_library(digits).as_deref(), Some(text));
    }
}

/// Slips of a finger make numbers of a market that fit no plan: the library keeps them as written too.
#[test]
fn numbers_of_a_market_that_fit_no_plan_are_as_the_library_has_them() {
    let mut compared = 0;
    for seed in 0..60_000_u64 {
        let x = crate::vocabulary::mix(seed);
        let market = Market::ALL[(x & 3) as usize];
        let digits = format!("{}{}", market.calling_code(), x / 8 % 10_u64.pow(6 + (x >> 60) as u32 % 6)).into_bytes();
        let Some((market, rest)) = plan::of_a_market(&digits) else { continue };
        if plan::after_code(rest, market).is_none() && digits.len() >= DIGITS_MIN && !is_filler(&digits) {
            compared += 1;
            let text = format!("+{}", String::from_utf8_lossy(&digits));
            let expected =
                if plan::is_service(rest, market) || is_filler(rest) { None } else { by_the_library(&digits) };
            assert_eq!(phone(&text, None), expected, "{text}");
        }
    }
    assert!(compared > 30_000, "{compared}");
}

#[test]
fn lines_of_neighbours_are_as_the_library_has_them() {
    let mut compared = 0;
    for seed in 0..80_000_u64 {
        let x = crate::vocabulary::mix(seed);
        let codes = ["44", "61", "33", "34", "41", "43", "45", "46", "47", "48", "49"];
        let code = codes[(x % 11) as usize];
        let digits = format!("{code}{}", x / 16 % 10_u64.pow(7 + (x >> 60) as u32 % 4)).into_bytes();
        if plan::is_line_of_a_neighbour(&digits) && (DIGITS_MIN..=DIGITS_MAX).contains(&digits.len()) {
            compared += 1;
            let text = String::from_utf8_lossy(&digits);
            assert_eq!(by_the_library(&digits), Some(signed('+', &digits)), "{text}");
        }
    }
    assert!(compared > 30_000, "{compared}");
}
