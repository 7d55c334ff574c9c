//! What is read as a date, and how dates agree.

use super::*;

fn day(text: &str) -> Date {
    text.parse().expect("a day")
}

fn at(year: u16, month: u8, day: u8) -> Written {
    Written { year, month, day }
}

fn check(text: &str, expected: Option<(u16, u8, u8)>) {
    let found = written(text);
    assert_eq!(found, expected.map(|(y, m, d)| at(y, m, d)), "{text}");
    if let Some(date) = found {
        assert_eq!(written(&date.to_string()), found, "{text}: {date}");
    }
}

#[test]
fn defaults_are_missing() {
    for text in ["1970-01-01", "1900-01-01", "1899-12-30", "0001-01-01", "9999-12-31"] {
        assert_eq!(from_day(day(text)), None, "{text}");
        assert_eq!(from_day(day(text)), None, "{text}");
        check(text, None);
    }
    assert_eq!(from_day(day("1970-01-02")).map(|w| w.to_string()).as_deref(), Some("1970-01-02"));
    assert_eq!(from_day(day("1970-01-02")), Some(at(1970, 1, 2)));
    assert_eq!(from_day(Date(i32::MAX)), None);
    assert_eq!(from_day(Date(i32::MIN)), None);
}

#[test]
fn civil_agrees_with_the_calendar_library() {
    for text in ["0001-01-01", "1600-02-29", "1900-02-28", "1969-12-31", "1970-01-01", "2000-02-29", "2024-12-31"] {
        let (y, m, d) = civil(day(text));
        assert_eq!(format!("{y:04}-{m:02}-{d:02}"), text);
    }
}

#[test]
fn dates_as_people_write_them() {
    for (text, expected) in [
        ("1980-06-05", (1980, 6, 5)),
        (" 1980-06-05T00:00:00.000+0800 ", (1980, 6, 5)),
        ("1980-06-05 00:00:00", (1980, 6, 5)),
        ("1980/6/5", (1980, 6, 5)),
        ("1980.06.05", (1980, 6, 5)),
        ("19800605", (1980, 6, 5)),
        ("05061980", (1980, 6, 5)),
        ("06251980", (1980, 6, 25)),
        ("05/06/1980", (1980, 6, 5)),
        ("5.6.1980", (1980, 6, 5)),
        ("25/06/1980", (1980, 6, 25)),
        ("06/25/1980", (1980, 6, 25)),
        ("05/06/1980 12:30", (1980, 6, 5)),
        ("05-Jun-1980", (1980, 6, 5)),
        ("5 June 1980", (1980, 6, 5)),
        ("5th of June, 1980", (1980, 6, 5)),
        ("June 5, 1980", (1980, 6, 5)),
        ("5 Mei 1980", (1980, 5, 5)),
        ("17 Ogos 1957", (1957, 8, 17)),
        ("17 Agustus 1945", (1945, 8, 17)),
        ("12 Hunyo 1998", (1998, 6, 12)),
        ("5 มิถุนายน 2523", (1980, 6, 5)),
        ("๕ มิ.ย. ๒๕๒๓", (1980, 6, 5)),
        ("วันที่ 5 มิถุนายน พ.ศ. 2523", (1980, 6, 5)),
        ("05/06/2523", (1980, 6, 5)),
        ("2523-06-05", (1980, 6, 5)),
        ("1980", (1980, 0, 0)),
        ("circa 1850", (1850, 0, 0)),
        ("2523", (1980, 0, 0)),
        ("1980-06", (1980, 6, 0)),
        ("06/1980", (1980, 6, 0)),
        ("198006", (1980, 6, 0)),
        ("June 1980", (1980, 6, 0)),
        ("1980-06-00", (1980, 6, 0)),
        ("1980-00-05", (1980, 0, 5)),
        ("1858-05-77", (1858, 5, 77)),
        ("1958-17-05", (1958, 17, 5)),
        ("45/17/1980", (1980, 17, 45)),
        ("19561709", (1956, 17, 9)),
        ("89560409", (8956, 4, 9)),
    ] {
        check(text, Some(expected));
    }
}

#[test]
fn texts_that_are_no_date() {
    for text in [
        "",
        " ",
        "-",
        "n/a",
        "unknown",
        "05/06/80",
        "80-06-05",
        "5 June",
        "5 June 80",
        "Tuesday",
        "12:30",
        "0000-00-00",
        "9999-99-99",
        "1111-11-11",
        "00000000",
        "123",
        "123456789",
        "1980-06-051",
        "+65 9123 4567",
        "Mei Ling 1980",
        "1/1/1970",
        "1 Jan 1970 00:00:00",
    ] {
        check(text, None);
    }
    check(&"1".repeat(10_000_000), None);
}

#[test]
fn agreements() {
    use DateAgreement::*;
    for (a, b, expected) in [
        ("1990-01-02", "1990-01-02", Same),
        ("1990-01-02", "1990-02-01", Near),
        ("1990-01-02", "1990-01-03", Near),
        ("1990-01-31", "1990-02-01", Near),
        ("1990-12-31", "1991-01-01", Near),
        ("2024-02-28", "2024-02-29", Near),
        ("2024-02-29", "2024-03-01", Near),
        ("2023-02-28", "2023-03-01", Near),
        ("1990-01-02", "1980-01-02", Near),
        ("1990-01-02", "1909-01-02", Near),
        ("1990-01-12", "1990-01-21", Near),
        ("1990-01-12", "1990-01-29", Partial),
        ("1990-01-12", "1954-01-12", Partial),
        ("1990-01-12", "1954-11-12", Different),
        // Dates that do not exist.
        ("1990-17-02", "1990-17-02", Same),
        ("1990-17-02", "1990-11-02", Near),
        ("1990-71-02", "1990-17-02", Near),
        ("1990-13-05", "1990-05-13", Near),
        ("1990-01-99", "1990-01-12", Partial),
        ("1858-05-77", "1858-05-17", Near),
        ("1990-12-99", "1991-01-01", Different),
        // Unknown parts.
        ("1990", "1990-05-06", Partial),
        ("1990", "1990", Partial),
        ("1990", "1991-05-06", Different),
        ("1990-05", "1990-05-06", Partial),
        ("1990-05", "1990-06-06", Different),
        ("1990-05-00", "1990-05-06", Partial),
    ] {
        let (x, y) = (written(a).expect(a), written(b).expect(b));
        assert_eq!(agreement(x, y), expected, "{a} {b}");
        assert_eq!(agreement(y, x), expected, "{b} {a}");
    }
    let month_and_day = Written { year: 0, month: 5, day: 6 };
    assert_eq!(agreement(month_and_day, at(1990, 5, 6)), Partial);
    assert_eq!(agreement(month_and_day, Written { year: 0, month: 5, day: 7 }), Different);
}
