//! Words in dates: months in the languages of the region, and what may stand beside a day.

/// The first three letters of months: English, Malay, Indonesian, Filipino and Spanish, German, French.
const MONTHS: [(&str, u8); 42] = [
    ("jan", 1),
    ("ene", 1),
    ("jän", 1),
    ("feb", 2),
    ("peb", 2),
    ("fév", 2),
    ("fev", 2),
    ("mar", 3),
    ("mac", 3),
    ("mär", 3),
    ("apr", 4),
    ("abr", 4),
    ("avr", 4),
    ("may", 5),
    ("mei", 5),
    ("mai", 5),
    ("jun", 6),
    ("hun", 6),
    ("jul", 7),
    ("hul", 7),
    ("aug", 8),
    ("ago", 8),
    ("agu", 8),
    ("ogo", 8),
    ("agt", 8),
    ("aoû", 8),
    ("aou", 8),
    ("sep", 9),
    ("set", 9),
    ("oct", 10),
    ("okt", 10),
    ("nov", 11),
    ("nob", 11),
    ("nop", 11),
    ("dec", 12),
    ("des", 12),
    ("dis", 12),
    ("dez", 12),
    ("dic", 12),
    ("diy", 12),
    ("déc", 12),
    ("dcm", 12),
];

/// Thai months: the whole word and the abbreviation.
const THAI_MONTHS: [(&str, &str); 12] = [
    ("มกราคม", "ม.ค."),
    ("กุมภาพันธ์", "ก.พ."),
    ("มีนาคม", "มี.ค."),
    ("เมษายน", "เม.ย."),
    ("พฤษภาคม", "พ.ค."),
    ("มิถุนายน", "มิ.ย."),
    ("กรกฎาคม", "ก.ค."),
    ("สิงหาคม", "ส.ค."),
    ("กันยายน", "ก.ย."),
    ("ตุลาคม", "ต.ค."),
    ("พฤศจิกายน", "พ.ย."),
    ("ธันวาคม", "ธ.ค."),
];

/// Ordinal endings, words before a date, eras, and the T of a time.
const OTHERS: [&str; 24] = [
    "st", "nd", "rd", "th", "of", "de", "born", "b", "c", "ca", "circa", "about", "abt", "est", "dob", "ad", "ce",
    "be", "tgl", "tanggal", "pada", "le", "am", "t",
];

/// The month that a word names. "May" and "Mei" are whole words; of others three letters are enough.
pub(super) fn month(word: &str) -> Option<u8> {
    let end = word.char_indices().nth(3).map_or(word.len(), |(at, _)| at);
    let head = word[..end].to_lowercase();
    if word.chars().count() > 10 {
        return None;
    }
    MONTHS.iter().find(|(start, _)| *start == head).map(|&(_, month)| month)
}

/// The month that a Thai text names anywhere.
pub(super) fn thai_month(text: &str) -> Option<u8> {
    if text.is_ascii() {
        return None;
    }
    THAI_MONTHS.iter().position(|(whole, short)| text.contains(whole) || text.contains(short)).map(|at| at as u8 + 1)
}

/// Whether a word that is no month may stand in a date. Any Thai word may: วันที่, เดือน, พ.ศ.
pub(super) fn is_of_a_date(word: &str) -> bool {
    OTHERS.iter().any(|other| word.eq_ignore_ascii_case(other)) || word.chars().all(is_thai)
}

/// A letter, or a mark within a Thai word.
pub(super) fn is_letter(c: char) -> bool {
    c.is_alphabetic() || (is_thai(c) && super::digit(c).is_none())
}

fn is_thai(c: char) -> bool {
    ('\u{0E01}'..='\u{0E5B}').contains(&c)
}
