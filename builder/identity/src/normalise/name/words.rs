//! Words that stand in a name and are no name: titles, ranks, words of descent, and what people type into a mandatory
//! field; and the spellings of the region's most written words.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

/// What a word is in a name. The order is the one in which `name` looks at them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name, as far as anybody knows.
    Name,
    /// A title that is nobody's name: dropped anywhere as long as a name remains.
    Title,
    /// Baron, earl, duke: a rank beside a title, an ordinal or "of", and a given name or family name elsewhere.
    Rank,
    /// A title that also is a name ("Bu", "En"): dropped where a name begins.
    Leading,
    /// Descent and particles that also are names ("Bin", "Al", "Van"): dropped between two words.
    Inner,
    /// Guest, member, test: nobody when nothing else is there.
    Placeholder,
    /// Customer, unknown, caller: no part of any name.
    Never,
}

const TITLES: &[&str] = &[
    // English and European.
    "mr",
    "mrs",
    "ms",
    "mstr",
    "miss",
    "mdm",
    "mme",
    "mlle",
    "madam",
    "madame",
    "mister",
    "missus",
    "dr",
    "doctor",
    "prof",
    "professor",
    "assoc",
    "rev",
    "revd",
    "reverend",
    "fr",
    "sir",
    "dame",
    "lady",
    "lord",
    "hon",
    "rt",
    "honourable",
    "esq",
    "esquire",
    "baronet",
    "bart",
    "bt",
    "baroness",
    "countess",
    "viscount",
    "viscountess",
    "duchess",
    "marchioness",
    "marquess",
    "jr",
    "sr",
    "jnr",
    "snr",
    "junior",
    "senior",
    "ii",
    "iii",
    "iv",
    "phd",
    "mba",
    "bsc",
    "msc",
    "cpa",
    "kbe",
    "obe",
    "mbe",
    "cbe",
    "qc",
    "capt",
    "captain",
    "col",
    "colonel",
    "lt",
    "lieut",
    "lieutenant",
    "maj",
    "gen",
    "sgt",
    "sergeant",
    "cmdr",
    "archbishop",
    "herr",
    "frau",
    "monsieur",
    "senor",
    "senora",
    "signor",
    "atty",
    "engr",
    "sister",
    "bro",
    // Malay and Singaporean.
    "datuk",
    "dato",
    "datin",
    "datu",
    "tuan",
    "puan",
    "encik",
    "haji",
    "hajah",
    "hajjah",
    "hj",
    "hjh",
    "hjg",
    "ustaz",
    "ustazah",
    "ustad",
    "tengku",
    "tunku",
    "tg",
    "ybhg",
    "yb",
    "yab",
    "berhormat",
    "berbahagia",
    "prebet",
    // Indonesian.
    "bapak",
    "ibu",
    "sdr",
    "sdri",
    "saudara",
    "saudari",
    "drs",
    "dra",
    "drg",
    "tn",
    "ny",
    "nyonya",
    "nn",
    "shj",
    "spd",
    "skom",
    "sh",
    // Thai.
    "khun",
    "khunying",
    "mom",
    "นาย",
    "นาง",
    "นางสาว",
    "คุณ",
    "ดร",
    "ดช",
    "ดญ",
    "นส",
    "เด็กชาย",
    "เด็กหญิง",
    "หม่อมราชวงศ์",
    "หม่อมหลวง",
    // Chinese.
    "先生",
    "小姐",
    "女士",
    "太太",
    // Particles and descent that are nobody's name.
    "of",
    "the",
    "and",
    "von",
    "der",
    "del",
    "dela",
    "delos",
    "delas",
    "della",
    "dei",
    "degli",
    "dos",
    "zur",
    "af",
    "aka",
    "alias",
    "bte",
    "binte",
    "binti",
    "bint",
    "lelaki",
    "perempuan",
];
const RANKS: &[&str] = &[
    "baron",
    "earl",
    "duke",
    "marquis",
    "count",
    "knight",
    "king",
    "queen",
    "prince",
    "princess",
    "bishop",
    "canon",
    "major",
    "admiral",
    "commander",
    "elder",
    "younger",
];
const LEADING: &[&str] = &[
    "en", "nona", "cik", "tun", "pak", "bu", "nai", "nang", "ir", "tuk", "mbak", "kak", "cikgu", "master", "wak",
    "uncle", "aunty", "auntie",
];
const INNER: &[&str] =
    &["bin", "ibn", "b", "al", "ap", "anak", "ak", "van", "de", "den", "la", "las", "los", "ter", "nee"];
const PLACEHOLDERS: &[&str] = &[
    "test",
    "tester",
    "testing",
    "guest",
    "member",
    "name",
    "nama",
    "first",
    "last",
    "given",
    "family",
    "surname",
    "firstname",
    "lastname",
    "fullname",
    "full",
    "fnu",
    "lnu",
    "na",
    "nil",
    "no",
    "none",
    "not",
    "known",
    "applicable",
    "available",
    "provided",
    "given",
    "new",
    "old",
    "dummy",
    "sample",
    "demo",
    "example",
    "fake",
    "xyz",
    "abc",
    "abcd",
    "asd",
    "asdf",
    "asdfgh",
    "qwe",
    "qwer",
    "qwerty",
    "zxc",
    "foo",
    "bar",
    "me",
    "you",
    "someone",
    "somebody",
    "nobody",
    "anyone",
    "person",
    "people",
    "staff",
    "online",
    "walk",
    "walkin",
    "cash",
    "retail",
    "buyer",
    "client",
    "shopper",
    "blank",
    "empty",
    "private",
    "tba",
    "tbc",
    "tbd",
    "x",
    "xx",
    "n",
    "a",
    "in",
    "tidak",
    "ada",
    "tiada",
    "kosong",
    "ไม่ระบุ",
    "ไม่มี",
    "ไม่ทราบ",
    "ทดสอบ",
    "ลูกค้า",
    "客人",
    "客户",
    "客戶",
    "测试",
    "測試",
    "匿名",
    "无",
    "無",
    "未知",
    "khong",
    "khach",
    "hang",
    "wala",
    "your",
    "here",
];
const NEVER: &[&str] = &[
    "caller",
    "anonymous",
    "anonymised",
    "anonymized",
    "unknown",
    "unnamed",
    "admin",
    "administrator",
    "noname",
    "null",
    "nan",
    "undefined",
    "visitor",
    "pelanggan",
    "tamu",
    "redacted",
    "deleted",
    "removed",
    "whatsapp",
    "phone",
    "tel",
    "mobile",
    "email",
    "http",
    "https",
    "www",
    "customer",
    "user",
    "account",
];

/// Spellings and abbreviations of the region's most written words, which likeness of letters does not bring together;
/// and surnames with a particle written as one word.
const SPELLINGS: &[(&str, &str)] = &[
    ("mohd", "muhammad"),
    ("muhd", "muhammad"),
    ("mhd", "muhammad"),
    ("mohammed", "muhammad"),
    ("mohamed", "muhammad"),
    ("mohamad", "muhammad"),
    ("mohammad", "muhammad"),
    ("muhamad", "muhammad"),
    ("muhammed", "muhammad"),
    ("muhamed", "muhammad"),
    ("abd", "abdul"),
    ("abdull", "abdul"),
    ("noor", "nur"),
    ("nor", "nur"),
    ("wm", "william"),
    ("jno", "john"),
    ("chas", "charles"),
    ("thos", "thomas"),
    ("robt", "robert"),
    ("richd", "richard"),
    ("saml", "samuel"),
    ("benj", "benjamin"),
    ("delacruz", "cruz"),
    ("delosreyes", "reyes"),
    ("delossantos", "santos"),
    ("delosantos", "santos"),
    ("delrosario", "rosario"),
    ("delapena", "pena"),
    ("delatorre", "torre"),
    ("deguzman", "guzman"),
    ("deleon", "leon"),
    ("decastro", "castro"),
    ("dejesus", "jesus"),
    ("delmundo", "mundo"),
    ("devera", "vera"),
];

/// Thai titles that are written without a space before the name, the longest first.
const THAI_PREFIXES: [&str; 6] = ["นางสาว", "เด็กชาย", "เด็กหญิง", "นาย", "นาง", "คุณ"];
/// Characters of a name after such a title.
const THAI_NAME_CHARS_MIN: usize = 3;

/// Given names after which "b." is "bin": it is an initial in other names.
const OF_MUSLIMS: &[&str] = &[
    "muhammad", "ahmad", "abdul", "abdullah", "ali", "hassan", "hasan", "hussein", "hussin", "ismail", "ibrahim",
    "yusof", "yusuf", "osman", "othman", "omar", "umar", "rahman", "rahim", "razak", "aziz", "hamid", "siti", "nur",
    "mahmud", "salleh", "zainal", "azman", "rosli", "kamal", "faizal", "rashid", "khalid", "mustafa", "musa", "daud",
    "idris", "latif", "karim", "hamzah", "nordin", "mansor", "sulaiman", "yaacob", "zakaria", "zulkifli", "iskandar",
    "syed", "sharif", "shah", "johari", "jamal", "samad", "ghani", "wahab", "halim", "hashim", "kassim", "bakar",
    "awang", "jaafar", "fatimah", "aminah", "hafiz", "firdaus",
];

#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    pub kind: Kind,
    /// How the word is spelt.
    pub spelling: Option<&'static str>,
    pub of_muslims: bool,
}

const UNKNOWN: Known = Known { kind: Kind::Name, spelling: None, of_muslims: false };

/// What is known of a folded word.
pub(super) fn known(word: &str) -> Known {
    static KNOWN: LazyLock<FxHashMap<&'static str, Known>> = LazyLock::new(build);
    if word.len() > KNOWN_BYTES_MAX {
        return UNKNOWN;
    }
    KNOWN.get(word).copied().unwrap_or(UNKNOWN)
}

/// No word of the tables is longer.
const KNOWN_BYTES_MAX: usize = 36;

fn build() -> FxHashMap<&'static str, Known> {
    let mut all: FxHashMap<&'static str, Known> = FxHashMap::default();
    let tables = [
        (TITLES, Kind::Title),
        (RANKS, Kind::Rank),
        (LEADING, Kind::Leading),
        (INNER, Kind::Inner),
        (PLACEHOLDERS, Kind::Placeholder),
        // Last: what is nobody's wins.
        (NEVER, Kind::Never),
    ];
    for (words, kind) in tables {
        all.extend(words.iter().map(|&word| (word, Known { kind, ..UNKNOWN })));
    }
    for &word in OF_MUSLIMS {
        all.insert(word, Known { of_muslims: true, ..UNKNOWN });
    }
    for &(from, to) in SPELLINGS {
        all.insert(from, Known { spelling: Some(to), of_muslims: OF_MUSLIMS.contains(&to), ..UNKNOWN });
    }
    all
}

/// The word without Thai titles that are written together with it.
pub(super) fn without_thai_title(word: &str) -> &str {
    let mut word = word;
    if !word.starts_with('\u{0E04}') && !word.starts_with('\u{0E19}') && !word.starts_with('\u{0E40}') {
        return word;
    }
    while let Some(rest) = THAI_PREFIXES.iter().find_map(|title| word.strip_prefix(title)) {
        // A name begins with a consonant or a vowel that is written before it.
        let begins = rest.starts_with(|c| matches!(c, '\u{0E01}'..='\u{0E2E}' | '\u{0E40}'..='\u{0E44}'));
        if !begins || rest.chars().take(THAI_NAME_CHARS_MIN).count() < THAI_NAME_CHARS_MIN {
            break;
        }
        word = rest;
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_do_not_contradict_each_other() {
        for &(from, to) in SPELLINGS {
            let target = known(to);
            assert!(target.kind == Kind::Name && target.spelling.is_none(), "{from} {to}");
        }
        let tables = [TITLES, RANKS, LEADING, INNER, PLACEHOLDERS, NEVER, OF_MUSLIMS];
        for word in tables.into_iter().flatten() {
            let mut folded = String::new();
            crate::normalise::fold(word, &mut folded);
            assert!(folded == **word && word.len() <= KNOWN_BYTES_MAX, "{word}");
        }
    }

    #[test]
    fn thai_titles() {
        for (word, expected) in [
            ("นายสมชาย", "สมชาย"),
            ("นางสาวสมหญิง", "สมหญิง"),
            ("คุณนายสมชาย", "สมชาย"),
            ("นาย", "นาย"),
            ("คุณากร", "คุณากร"),
            ("สมชาย", "สมชาย"),
        ] {
            assert_eq!(without_thai_title(word), expected);
        }
    }
}
