//! What becomes of an address.

use super::*;

#[track_caller]
fn check(text: &str, expected: Option<&str>) {
    let found = email(text);
    assert_eq!(found.as_ref().map(|e| e.address.as_str()), expected, "{text}");
    if let Some(found) = found {
        assert!(found.address.len() <= ADDRESS_BYTES_MAX);
        assert_eq!(email(&found.address), Some(found), "{text} read again");
    }
}

#[test]
fn addresses() {
    for (text, expected) in [
        (" Mei.Tan@X.SG ", "mei.tan@x.sg"),
        ("Mei.Tan+shop@Gmail.com", "meitan@gmail.com"),
        ("mei.tan@googlemail.com", "meitan@gmail.com"),
        ("mei.tan+a@hotmail.com", "mei.tan@hotmail.com"),
        ("mei.tan+a@hotmail.co.th", "mei.tan@hotmail.co.th"),
        ("mei.tan+a@outlook.sg", "mei.tan@outlook.sg"),
        ("mei_tan-shop@yahoo.com.sg", "mei_tan@yahoo.com.sg"),
        ("mei.tan-shop@yahoo.com.my", "mei.tan@yahoo.com.my"),
        ("mei.tan@me.com", "mei.tan@icloud.com"),
        ("Mei.Tan-1+x@protonmail.com", "meitan1@proton.me"),
        ("-'mei@proton.me", "mei@proton.me"),
        ("mei.tan+a@fastmail.com", "mei.tan@fastmail.com"),
        ("mei.tan+a@x.sg", "mei.tan+a@x.sg"),
        ("mei-tan@x.sg", "mei-tan@x.sg"),
        ("mailto:<a.lim@gmial.com>", "alim@gmail.com"),
        ("MAILTO:mailto:a.lim@x.sg", "a.lim@x.sg"),
        ("Mei Tan <Mei@x.sg>", "mei@x.sg"),
        ("\"Tan, Mei\" <mei@x.sg>", "mei@x.sg"),
        ("mei@x.sg; other@x.sg", "mei@x.sg"),
        ("mei @ x.sg", "mei@x.sg"),
        ("Ａ.lim@ｇmail.com", "alim@gmail.com"),
        ("testa@x.sg", "testa@x.sg"),
        ("+x@gmail.com.", "+x@gmail.com"),
        ("mei@gmaily.co", "mei@gmaily.co"),
        ("mei@gmailcom", "mei@gmail.com"),
        ("สมชาย@ตัวอย่าง.ไทย", "สมชาย@ตัวอย่าง.ไทย"),
        ("mei\u{200B}@x.sg", "mei@x.sg"),
    ] {
        check(text, Some(expected));
    }
}

#[test]
fn nobodies_never_match() {
    for text in [
        "",
        "n/a",
        "@",
        "a@",
        "@x.sg",
        "a@x",
        "test@x.sg",
        "TEST@X.SG ",
        "Test123@gmail.com",
        "t.e.s.t@gmail.com",
        "test+1@gmail.com",
        "none@none.com",
        "someone@example.com",
        "noreply@shop.sg",
        "n/a@x.sg",
        "N/A@N.A",
        "no@email.com",
        "a b@x.sg",
        "a@b@",
        "a@x..sg",
        "...@gmail.com",
        "no-email@shop.sg",
        "a@b.invalid",
        "mei@[127.0.0.1]",
        "+65 9123 4567",
    ] {
        check(text, None);
    }
}

#[test]
fn offices_are_told_from_people() {
    for (text, role) in [("info@x.sg", true), ("hr@x.sg", true), ("customer.service@x.sg", true), ("mei@x.sg", false)] {
        assert_eq!(email(text).map(|e| e.role), Some(role), "{text}");
    }
}

#[test]
fn a_very_long_address_is_none() {
    check(&format!("{}@x.sg", "a".repeat(10_000_000)), None);
    check(&format!("a@{}.sg", "x".repeat(10_000_000)), None);
}
