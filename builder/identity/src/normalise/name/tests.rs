//! What is left of a name.

use super::*;

fn check(given: Option<&str>, family: Option<&str>, full: Option<&str>, expected: &str) {
    let words = name_words(given, family, full);
    assert_eq!(words.join(" "), expected, "{given:?} {family:?} {full:?}");
    let again = name_words(None, None, Some(&words.join(" ")));
    assert_eq!(again, words, "{given:?} {family:?} {full:?} read again");
}

#[test]
fn names_of_the_region() {
    for (full, expected) in [
        ("Tan Mei Ling", "ling mei tan"),
        ("MEI LING, Tan", "ling mei tan"),
        ("Mdm. Tan Mei Ling", "ling mei tan"),
        ("Tan M.L.", "l m tan"),
        ("Tan Chee Bin", "bin chee tan"),
        ("Lim Bin", "bin lim"),
        ("Toh Ah Kow", "ah kow toh"),
        ("Ong Beng Seng", "beng ong seng"),
        ("Yang Mi", "mi yang"),
        ("Tan Bu Kok", "kok tan bu"),
        ("Ibu Siti", "siti"),
        ("Bu Siti Rahayu", "rahayu siti"),
        ("Lim Ah Kow @ Lim Kow", "ah kow kow lim lim"),
        ("Ahmad bin Abdullah", "abdullah ahmad"),
        ("Ahmad b. Abdullah", "abdullah ahmad"),
        ("Ahmad B Abdullah", "abdullah ahmad"),
        ("Siti binti Abu Bakar", "abu bakar siti"),
        ("Siti bte Ali", "ali siti"),
        ("Raju a/l Muthu", "muthu raju"),
        ("Raju A/L Muthu", "muthu raju"),
        ("Priya D/O Raman", "priya raman"),
        ("Raman s/o Muthu", "muthu raman"),
        ("Mohd. Razak", "muhammad razak"),
        ("Muhammad Al-Amin Yusof", "amin muhammad yusof"),
        ("Tan Sri Ahmad Rahman", "ahmad rahman"),
        ("Dato' Seri Ahmad Rahman", "ahmad rahman"),
        ("Datuk Dr. Haji Ahmad Rahman", "ahmad rahman"),
        ("Toh Puan Norlela", "norlela"),
        ("Puan Sri Aminah", "aminah"),
        ("Tan Sri", "sri tan"),
        ("Sri Mulyani", "mulyani sri"),
        ("Encik Razak", "razak"),
        ("Cik Puan Aminah", "aminah"),
        ("Bapak Joko Widodo", "joko widodo"),
        ("Ir. H. Soekarno", "h soekarno"),
        ("Suharto", "suharto"),
        ("นางสาว สมหญิง ใจดี", "สมหญิง ใจดี"),
        ("นายสมชาย ใจดี", "สมชาย ใจดี"),
        ("น.ส. สมหญิง ใจดี", "สมหญิง ใจดี"),
        ("ดร.สมชาย ใจดี", "สมชาย ใจดี"),
        ("Khun Somchai", "somchai"),
        ("Nai Somchai Jaidee", "jaidee somchai"),
        ("Nguyễn Thị Hoa", "hoa nguyen thi"),
        ("Lê Văn Đức", "duc le"),
        ("Juan Dela Cruz", "cruz juan"),
        ("Juan de la Cruz", "cruz juan"),
        ("Juan Delacruz Jr.", "cruz juan"),
        ("陈美玲", "美玲 陈"),
        ("欧阳娜娜", "娜娜 欧阳"),
        ("Tan Mei Ling 陈美玲", "ling mei tan 美玲 陈"),
        ("陈 美玲", "美玲 陈"),
        ("陈先生", "陈"),
        ("美玲", "美玲"),
    ] {
        check(None, None, Some(full), expected);
    }
}

#[test]
fn names_of_europe() {
    for (full, expected) in [
        ("O'Brien", "obrien"),
        ("Sean O’Brien", "obrien sean"),
        ("J. Tan", "j tan"),
        ("J.R.R. Tolkien", "j r r tolkien"),
        ("George B. Shaw", "b george shaw"),
        ("Dr.Martin Luther King Jr.", "luther martin"),
        ("Martin King", "king martin"),
        ("sir charles baronet", "charles"),
        ("hugh clifford, 1st baron clifford of chudleigh", "chudleigh clifford clifford hugh"),
        ("william 3rd earl of devonshire", "devonshire william"),
        ("elizabeth killigrew, viscountess shannon", "elizabeth killigrew shannon"),
        ("sir timothy o'brien, 3rd bt.", "obrien timothy"),
        ("the rt. hon. john bright", "bright john"),
        ("ruadrí, earl mar", "mar ruadri"),
        ("Earl Warren", "earl warren"),
        ("Duke Ellington", "duke ellington"),
        ("John Bishop", "bishop john"),
        ("Ludwig van Beethoven", "beethoven ludwig"),
        ("Vincent van Gogh", "gogh vincent"),
        ("Otto von Bismarck", "bismarck otto"),
        ("Charles de Gaulle", "charles gaulle"),
        ("Al Gore", "al gore"),
        ("Gore, Al", "al gore"),
        ("robbie armstrong-jones", "armstrong jones robbie"),
        ("Günter Graß", "grass gunter"),
        ("ANNA MÜLLER-Łukasz", "anna lukasz muller"),
        ("John Smith III", "john smith"),
        ("meiling88", "meiling"),
        ("Dr", "dr"),
        ("sir", "sir"),
    ] {
        check(None, None, Some(full), expected);
    }
}

#[test]
fn nobodies() {
    for full in [
        "",
        " - ",
        "n/a",
        "N/A.",
        "Caller: +65 9123 4567",
        "test test",
        "TEST",
        "Test123",
        "Mr Test",
        "Guest",
        "guest user",
        "Customer",
        "Walk-in Customer",
        "No Name",
        "unknown",
        "UNKNOWN UNKNOWN",
        "xxx",
        "aaaa",
        "asdf",
        "123 456",
        "😀",
        "...",
        "mei.tan@gmail.com",
        "ลูกค้า",
        "客户",
        "\u{202E}\u{200F}",
        "\u{301}\u{301}",
    ] {
        check(None, None, Some(full), "");
    }
}

#[test]
fn a_placeholder_beside_a_name_is_a_name() {
    check(Some("Jane"), Some("Guest"), None, "guest jane");
    check(Some("Test"), Some("Test"), None, "");
    check(Some("First Name"), Some("Last Name"), None, "");
}

#[test]
fn parts_win_over_the_whole_only_when_both_are_there() {
    check(Some("Mei"), Some("Tan"), Some("x"), "mei tan");
    check(Some("Mei"), None, Some("Mei Tan"), "mei tan");
    check(Some("Mei"), None, None, "mei");
    check(Some(" "), Some("Tan"), None, "tan");
    check(Some("Suharto"), Some("SUHARTO"), None, "suharto");
    check(Some("Vincent"), Some("van Gogh"), None, "gogh vincent");
    check(Some("Suharto"), Some("-"), None, "suharto");
}

#[test]
fn a_very_long_name_is_bounded() {
    let words = name_words(None, None, Some(&"x".repeat(10_000_000)));
    assert!(words.iter().all(|w| w.chars().count() <= WORD_CHARS_MAX));
    assert!(name_words(None, None, Some(&"ab ".repeat(1_000_000))).len() <= NAME_WORDS_MAX);
}
