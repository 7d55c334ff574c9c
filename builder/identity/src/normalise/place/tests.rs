//! What becomes of postcodes, cities and streets.

use super::*;

#[track_caller]
fn check(found: Option<String>, again: impl Fn(&str) -> Option<String>, expected: Option<&str>, text: &str) {
    assert_eq!(found.as_deref(), expected, "{text}");
    if let Some(found) = found {
        assert_eq!(again(&found).as_deref(), expected, "{text} read again");
    }
}

#[test]
fn postcodes() {
    use Market::*;
    for (text, market, expected) in [
        (" 238 801 ", None, Some("238801")),
        ("S(238801)", None, Some("238801")),
        ("Singapore 238801", Some(Singapore), Some("238801")),
        ("18956", Some(Singapore), Some("018956")),
        ("018956", Some(Singapore), Some("018956")),
        ("1000", Some(Malaysia), Some("01000")),
        ("50450", Some(Malaysia), Some("50450")),
        ("๑๐๑๑๐", Some(Thailand), Some("10110")),
        ("1011", Some(Thailand), Some("1011")),
        ("sw1a-1aa", None, Some("SW1A1AA")),
        ("2119", None, Some("2119")),
        ("00000", None, None),
        ("000000", Some(Singapore), None),
        ("999999", None, None),
        ("12345", Some(Indonesia), None),
        ("n/a", None, None),
        ("", None, None),
        ("10", None, None),
    ] {
        check(postcode_in(text, market), |t| postcode_in(t, market), expected, text);
    }
}

#[test]
fn cities() {
    for (text, expected) in [
        ("KL", Some("kuala lumpur")),
        ("Kuala-Lumpur ", Some("kuala lumpur")),
        ("S'pore", Some("singapore")),
        ("SG", Some("singapore")),
        ("Johor Bahru", Some("johor baharu")),
        ("Johore Baru", Some("johor baharu")),
        ("Malacca", Some("melaka")),
        ("กรุงเทพมหานคร", Some("bangkok")),
        ("กรุงเทพฯ", Some("bangkok")),
        ("Krung Thep", Some("bangkok")),
        ("Kota Bandung", Some("bandung")),
        ("Jogja", Some("yogyakarta")),
        ("TP. Hồ Chí Minh", Some("ho chi minh")),
        ("Hà Nội", Some("hanoi")),
        ("Makati City", Some("makati")),
        ("St. Albans", Some("saint albans")),
        ("stoke-on-trent", Some("stoke on trent")),
        ("unknown", None),
        ("123", None),
        ("-", None),
    ] {
        check(city(text), city, expected, text);
    }
}

#[test]
fn streets() {
    for (text, expected) in [
        ("No. 12, Jln Ampang", Some("12 jalan ampang")),
        ("Blk 5 #03-12 Orchard Rd", Some("block 5 3-12 orchard road")),
        ("#3-12 Blk 5 Orchard Road", Some("3-12 block 5 orchard road")),
        ("Blk 5A, Toa Payoh Lor. 8", Some("block 5a toa payoh lorong 8")),
        ("12 C'wealth Cres", Some("12 commonwealth crescent")),
        ("Lot 7, Tmn Desa, Kg. Baru", Some("7 taman desa kampung baru")),
        ("Jl. Sudirman Kav. 5 RT 003/RW 05", Some("jalan sudirman kavling 5 rt3 rw5")),
        (
            "Jl Sudirman RT/RW 003/005 Kel. Senayan Kec. Kebayoran",
            Some("jalan sudirman rt3 rw5 kelurahan senayan kecamatan kebayoran"),
        ),
        ("Gg. Mawar RT03 RW.005", Some("gang mawar rt3 rw5")),
        ("99/1 ถ.สุขุมวิท ซ.11", Some("99 1 ถนน สุขุมวิท ซอย 11")),
        ("99/1 Soi 11 Thanon Sukhumvit", Some("99 1 soi 11 road sukhumvit")),
        ("12 Đường Lê Lợi", Some("12 street le loi")),
        ("Brgy. Sta. Cruz", Some("barangay santa cruz")),
        ("7 wallaby pl", Some("7 wallaby place")),
        ("38 Salkauskas Cres", Some("38 salkauskas crescent")),
        ("5/12-14 Anzac Pde", Some("5 12-14 anzac parade")),
        ("-", None),
        ("", None),
        ("the unit", None),
    ] {
        let joined = |text: &str| street(text).map(|words| words.join(" "));
        check(joined(text), joined, expected, text);
    }
    assert_eq!(street(&"a ".repeat(5000)).map(|w| w.len()), Some(STREET_WORDS_MAX));
}
