//! Which words can be forms of one given name or surname: Bill and William, Mohd and Muhammad, 陈, Tan and Chan.
//!
//! A word has the numbers of all groups it is a form of, and two words can be one name when their numbers intersect.
//! That is a possibility and no likeness: half the region's Ng are 黄 and the others 吴. Groups do not chain: Ted is a
//! form of Edward and of Theodore, which are not forms of each other. Men's and women's names stay apart, because
//! George and Georgina are two people of one family more often than one person; Georgie is a form of both.
//!
//! The tables are general knowledge, written for this crate. Read [`groups`]; `english` (with the other
//! languages of Europe, since the same people move between them), `chinese` and `region` are the tables.

mod chinese;
mod english;
mod region;

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::fold;

/// All tables; the number of a group is its place in their concatenation, so that numbers are the same on every run.
const TABLES: [&[&str]; 11] = [
    english::MEN,
    english::WOMEN,
    english::SURNAMES,
    chinese::SURNAMES,
    chinese::GIVEN,
    region::MALAY,
    region::INDONESIAN,
    region::INDIAN,
    region::THAI,
    region::VIETNAMESE,
    region::FILIPINO,
];
/// Tables whose names are spelt by ear in the Latin alphabet, so that a spelling nobody listed is found by its sound.
const BY_SOUND: std::ops::Range<usize> = 5..9;
/// Shorter words sound like too many others.
const SOUND_BYTES_MIN: usize = 5;
/// Longer words are no given names.
const SOUND_BYTES_MAX: usize = 24;

/// Groups of `word`, a folded word of a name; empty for a word that is in none. Sorted.
///
/// O(length), no allocation. The first call builds the tables.
pub fn groups(word: &str) -> &'static [u16] {
    static INDEX: LazyLock<Index> = LazyLock::new(Index::build);
    let index = &*INDEX;
    let span = index.words.get(word).or_else(|| {
        let (bytes, len) = sound(word)?;
        index.sounds.get(&bytes[..len])
    });
    span.map_or(&[], |&(start, end)| &index.pool[start as usize..end as usize])
}

/// Numbers of the Chinese surnames. Their groups are wide: half the region's Ng are one family and half another, and a
/// person keeps to one romanisation.
const CHINESE_SURNAMES: std::ops::Range<usize> = {
    let start = english::MEN.len() + english::WOMEN.len() + english::SURNAMES.len();
    start..start + chinese::SURNAMES.len()
};

/// Whether two folded words, given with their [`groups`], stand for one name. Two romanisations of a Chinese surname do
/// not: only the character and a romanisation do.
pub fn stand_for_one((a, a_groups): (&str, &[u16]), (b, b_groups): (&str, &[u16])) -> bool {
    let both_latin = || a.is_ascii() && b.is_ascii();
    let counts = |g: &u16| !CHINESE_SURNAMES.contains(&usize::from(*g)) || !both_latin();
    a_groups.iter().any(|g| b_groups.binary_search(g).is_ok() && counts(g))
}

/// Whether the text begins with a Chinese surname, and how many bytes it has.
pub(super) fn chinese_surname(text: &str) -> Option<usize> {
    if let Some(compound) = chinese::COMPOUND.iter().find(|c| text.starts_with(**c)) {
        return Some(compound.len());
    }
    let first = text.chars().next()?.len_utf8();
    (!groups(&text[..first]).is_empty()).then_some(first)
}

#[derive(Debug)]
struct Index {
    /// By word: the ends of its groups in the pool.
    words: FxHashMap<Box<str>, (u32, u32)>,
    sounds: FxHashMap<Vec<u8>, (u32, u32)>,
    pool: Vec<u16>,
}

impl Index {
    fn build() -> Index {
        let mut of_word: Vec<(Box<str>, u16)> = Vec::new();
        let mut folded = String::new();
        let mut of_sound: Vec<(Vec<u8>, u16)> = Vec::new();
        let mut group = 0;
        for (at, table) in TABLES.iter().enumerate() {
            for line in *table {
                for word in line.split(' ') {
                    fold(word, &mut folded);
                    of_word.push((folded.as_str().into(), group));
                    if let Some((bytes, len)) = sound(&folded).filter(|_| BY_SOUND.contains(&at)) {
                        of_sound.push((bytes[..len].to_vec(), group));
                    }
                }
                group += 1;
            }
        }
        let mut pool = Vec::new();
        let words = spans(of_word, &mut pool);
        let sounds = spans(of_sound, &mut pool);
        Index { words, sounds, pool }
    }
}

fn spans<K: Ord + std::hash::Hash>(mut of: Vec<(K, u16)>, pool: &mut Vec<u16>) -> FxHashMap<K, (u32, u32)> {
    of.sort_unstable();
    of.dedup();
    let mut found: FxHashMap<K, (u32, u32)> = FxHashMap::default();
    for (key, group) in of {
        let end = pool.len() as u32;
        pool.push(group);
        found.entry(key).or_insert((end, end)).1 = end + 1;
    }
    found
}

/// How a word of the region sounds, whatever the century's or the country's spelling: Soekarno and Sukarno, Djoko and
/// Joko, Tjahjono and Cahyono, Syarif and Sharif, Natthaphong and Nattapong.
fn sound(word: &str) -> Option<([u8; SOUND_BYTES_MAX], usize)> {
    let word = word.as_bytes();
    if !(SOUND_BYTES_MIN..=SOUND_BYTES_MAX).contains(&word.len()) || !word.is_ascii() {
        return None;
    }
    let mut out = [0; SOUND_BYTES_MAX];
    let mut len = 0;
    let mut at = 0;
    while at < word.len() {
        let next = word.get(at + 1).copied().unwrap_or(0);
        let (sound, read) = match (word[at], next) {
            (b'o', b'e' | b'o') | (b'o', b'u') => (b'u', 2),
            (b'e', b'e') => (b'i', 2),
            (b'd', b'j') => (b'j', 2),
            (b't', b'j') | (b'c', b'h') => (b'c', 2),
            (b's', b'h' | b'y' | b'j') => (b's', 2),
            (b'k' | b't' | b'p' | b'd' | b'g' | b'b', b'h') => (word[at], 2),
            (b'p' | b'f', _) => (b'p', 1),
            (b'v' | b'w', _) => (b'w', 1),
            (b'q', _) => (b'k', 1),
            (b'z', _) => (b's', 1),
            (b'y', _) => (b'i', 1),
            (b'h', _) if at > 0 => (0, 1),
            (c, _) => (c, 1),
        };
        if sound != 0 && (len == 0 || out[len - 1] != sound) {
            out[len] = sound;
            len += 1;
        }
        at += read;
    }
    (len >= SOUND_BYTES_MIN - 1).then_some((out, len))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the groups of two words intersect.
    fn one(a: &str, b: &str) -> bool {
        groups(a).iter().any(|g| groups(b).contains(g))
    }

    #[test]
    fn romanisations_of_a_chinese_surname_stand_for_the_character_only() {
        let stand = |a, b| stand_for_one((a, groups(a)), (b, groups(b)));
        assert!(one("tan", "chen") && !stand("tan", "chen"));
        assert!(stand("陈", "tan") && stand("tan", "陳"));
        assert!(stand("bill", "william") && !stand("bill", "mary"));
    }

    fn check(a: &str, b: &str, expected: bool) {
        assert_eq!(one(a, b), expected, "{a} {b}: {:?} {:?}", groups(a), groups(b));
        assert_eq!(one(b, a), expected, "{b} {a}");
    }

    #[test]
    fn forms_of_one_name() {
        for row in [
            "william bill billy willie liam wilhelm gwilym",
            "margaret peggy maggie meg greta",
            "john jack johnny jon ian",
            "mary maria marie molly polly",
            "anna ann anne nancy hannah",
            "henry harry heinrich henri",
            "charles karl carl carlos",
            "muhammad mohamed mohd mohamad md",
            "yusof yusuf yusoff joseph",
            "siti sity",
            "nur noor nor",
            "abdul abd",
            "tan chen chan 陈 陳",
            "lim lin lam 林",
            "黄 ng huang wong 黃",
            "张 teo zhang chang cheung",
            "吴 goh wu ng",
            "lee li 李",
            "王 ong wang heng",
            "许 koh xu khoo",
            "chua cai tsai 蔡",
            "郑 tay zheng cheng",
            "sukarno soekarno",
            "suharto soeharto",
            "joko djoko",
            "cahyono tjahjono",
            "sharif syarif syarief",
            "nattapong natthaphong nathapong",
            "somchai สมชาย",
            "juan johnny jun",
        ] {
            let mut words = row.split(' ');
            let first = words.next().expect("a word");
            words.for_each(|word| check(first, word, true));
        }
    }

    #[test]
    fn names_that_are_not_one() {
        for (a, b) in [
            ("george", "georgina"),
            ("edward", "theodore"),
            ("tan", "lim"),
            ("黄", "吴"),
            ("mary", "margaret"),
            ("muhammad", "mahmud"),
            ("", ""),
            ("qqq", "qqq"),
            ("bill", ""),
        ] {
            check(a, b, false);
        }
    }

    #[test]
    fn tables_are_words_and_each_line_has_company() {
        for (at, table) in TABLES.iter().enumerate() {
            for line in *table {
                for word in line.split(' ') {
                    let letter = |c: char| c.is_lowercase() || !c.is_ascii();
                    assert!(!word.is_empty() && word.chars().all(letter), "{line}: {word}");
                }
                // A name alone on its line is there for how it sounds.
                assert!(BY_SOUND.contains(&at) || line.contains(' '), "{line}");
            }
        }
    }

    #[test]
    fn groups_are_sorted_and_few() {
        let mut folded = String::new();
        for word in TABLES.iter().flat_map(|t| t.iter()).flat_map(|line| line.split(' ')) {
            fold(word, &mut folded);
            let found = groups(&folded);
            assert!(!found.is_empty() && found.is_sorted() && found.len() <= 16, "{word}: {found:?}");
        }
    }
}
