//! What mailbox providers ignore in an address, their other names, and slips of a finger in their domains.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

/// What of a local part does not tell mailboxes of a domain apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ignores {
    /// The character after which a tag begins, `\0` for none.
    tag: char,
    /// Characters that may be anywhere.
    dots: bool,
    dashes: bool,
}

const NOTHING: Ignores = Ignores { tag: '\0', dots: false, dashes: false };
const PLUS: Ignores = Ignores { tag: '+', ..NOTHING };
const DOTS_AND_PLUS: Ignores = Ignores { dots: true, ..PLUS };
/// Proton ignores dots, hyphens and underscores.
const ALL_AND_PLUS: Ignores = Ignores { dashes: true, ..DOTS_AND_PLUS };
/// A name at Yahoo has no hyphen; what follows one is the keyword of a disposable address.
const HYPHEN: Ignores = Ignores { tag: '-', ..NOTHING };

impl Ignores {
    /// `a` of `a+shop`.
    pub(super) fn without_tag(self, local: &str) -> &str {
        match local.split_once(self.tag) {
            Some((before, _)) if self.tag != '\0' && !before.is_empty() => before,
            _ => local,
        }
    }

    pub(super) fn ignored(self, c: char) -> bool {
        (self.dots && c == '.') || (self.dashes && matches!(c, '-' | '_'))
    }
}

/// Domains of big providers: what they ignore, and the domain that they are another name of.
const PROVIDERS: &[(&str, Ignores, &str)] = &[
    ("gmail.com", DOTS_AND_PLUS, ""),
    ("googlemail.com", DOTS_AND_PLUS, "gmail.com"),
    ("outlook.com", PLUS, ""),
    ("hotmail.com", PLUS, ""),
    ("live.com", PLUS, ""),
    ("msn.com", PLUS, ""),
    ("passport.com", PLUS, ""),
    ("windowslive.com", PLUS, ""),
    ("icloud.com", PLUS, ""),
    ("me.com", PLUS, "icloud.com"),
    ("mac.com", PLUS, "icloud.com"),
    ("yahoo.com", HYPHEN, ""),
    ("ymail.com", HYPHEN, ""),
    ("rocketmail.com", HYPHEN, ""),
    ("myyahoo.com", HYPHEN, ""),
    ("proton.me", ALL_AND_PLUS, ""),
    ("protonmail.com", ALL_AND_PLUS, "proton.me"),
    ("pm.me", ALL_AND_PLUS, "proton.me"),
    ("protonmail.ch", ALL_AND_PLUS, "proton.me"),
    ("fastmail.com", PLUS, ""),
    ("fastmail.fm", PLUS, ""),
    ("hey.com", PLUS, ""),
    ("zoho.com", PLUS, ""),
    ("zohomail.com", PLUS, ""),
    ("yandex.com", PLUS, ""),
    ("yandex.ru", PLUS, "yandex.com"),
    ("ya.ru", PLUS, "yandex.com"),
    ("mailbox.org", PLUS, ""),
    ("posteo.de", PLUS, ""),
    ("tuta.com", NOTHING, ""),
    ("tutanota.com", NOTHING, ""),
    ("aol.com", NOTHING, ""),
    ("mail.com", NOTHING, ""),
    ("email.com", NOTHING, ""),
    ("gmx.com", NOTHING, ""),
    ("gmx.net", NOTHING, ""),
    ("gmx.de", NOTHING, ""),
    ("web.de", NOTHING, ""),
    ("qq.com", NOTHING, ""),
    ("163.com", NOTHING, ""),
    ("126.com", NOTHING, ""),
    ("naver.com", NOTHING, ""),
    ("singnet.com.sg", NOTHING, ""),
    ("starhub.net.sg", NOTHING, ""),
    ("pacific.net.sg", NOTHING, ""),
    ("streamyx.com", NOTHING, ""),
    ("tm.net.my", NOTHING, ""),
    ("jaring.my", NOTHING, ""),
    ("telkom.net", NOTHING, ""),
    ("bigpond.com", NOTHING, ""),
    ("bigpond.net.au", NOTHING, ""),
    ("optusnet.com.au", NOTHING, ""),
    ("btinternet.com", NOTHING, ""),
    ("comcast.net", NOTHING, ""),
    ("verizon.net", NOTHING, ""),
];

/// Providers with a domain in many countries, each with its own mailboxes: yahoo.com.sg, hotmail.co.th.
const OF_COUNTRIES: [(&str, Ignores); 6] =
    [("yahoo", HYPHEN), ("ymail", HYPHEN), ("hotmail", PLUS), ("live", PLUS), ("outlook", PLUS), ("msn", PLUS)];

const COUNTRIES: &[&str] = &[
    "com.sg", "com.my", "co.id", "co.th", "com.vn", "com.ph", "sg", "my", "id", "th", "vn", "ph", "com.au", "com.hk",
    "com.tw", "com.cn", "co.jp", "co.kr", "co.in", "co.nz", "co.uk", "co.za", "com.br", "com.mx", "com.ar", "com.tr",
    "au", "hk", "tw", "cn", "jp", "kr", "in", "nz", "uk", "ca", "fr", "de", "it", "es", "nl", "be", "ch", "at", "dk",
    "se", "no", "fi", "ie", "pt", "gr", "pl", "ru", "cl", "net", "org",
];

/// Domains whose slips are corrected: long enough that a slip is not another company.
const CORRECTED: [&str; 17] = [
    "gmail.com",
    "googlemail.com",
    "hotmail.com",
    "outlook.com",
    "yahoo.com",
    "icloud.com",
    "ymail.com",
    "rocketmail.com",
    "protonmail.com",
    "yahoo.com.sg",
    "yahoo.com.my",
    "yahoo.com.ph",
    "yahoo.com.vn",
    "yahoo.co.id",
    "yahoo.co.th",
    "hotmail.co.th",
    "singnet.com.sg",
];

/// The domain as its provider writes it, and what it ignores; `None` for a text that is no domain.
pub(super) fn of(domain: &str) -> Option<(&str, Ignores)> {
    if let Some(found) = known(domain) {
        return Some(found);
    }
    if let Some(meant) = CORRECTED.iter().find(|meant| is_slip(domain, meant)) {
        return known(meant);
    }
    is_domain(domain).then_some((domain, NOTHING))
}

fn known(domain: &str) -> Option<(&'static str, Ignores)> {
    static KNOWN: LazyLock<FxHashMap<Box<str>, (&'static str, Ignores)>> = LazyLock::new(build);
    KNOWN.get(domain).copied()
}

fn build() -> FxHashMap<Box<str>, (&'static str, Ignores)> {
    let mut all: FxHashMap<Box<str>, (&'static str, Ignores)> = FxHashMap::default();
    for (provider, ignores) in OF_COUNTRIES {
        for country in COUNTRIES {
            // A few hundred names for the life of the program.
            let domain: &'static str = Box::leak(format!("{provider}.{country}").into_boxed_str());
            all.insert(domain.into(), (domain, ignores));
        }
    }
    for &(domain, ignores, of) in PROVIDERS {
        all.insert(domain.into(), (if of.is_empty() { domain } else { of }, ignores));
    }
    all
}

fn is_domain(domain: &str) -> bool {
    domain.contains('.')
        && !domain.starts_with('.')
        && !domain.ends_with('.')
        && !domain.contains("..")
        && (domain.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
            || !domain.contains(|c: char| {
                c.is_whitespace() || c.is_control() || (c.is_ascii_punctuation() && !matches!(c, '-' | '.'))
            }))
}

/// Whether `typed` is `meant` with one slip of a finger: a letter left out, doubled or hit beside, another vowel, or two
/// neighbours swapped.
///
/// Not every edit is a slip. A first letter that is another, and a letter that is nowhere near (gmaily.com), make the
/// name of another company.
fn is_slip(typed: &str, meant: &str) -> bool {
    let (t, m) = (typed.as_bytes(), meant.as_bytes());
    if t.len().abs_diff(m.len()) > 1 || t.is_empty() {
        return false;
    }
    let same = t.iter().zip(m).take_while(|(x, y)| x == y).count();
    if same == 0 {
        // "mgail.com" is still a slip.
        return t.len() == m.len() && t[0] == m[1] && t[1] == m[0] && t[2..] == m[2..];
    }
    let (typed_rest, meant_rest) = (&t[same..], &m[same..]);
    match t.len().cmp(&m.len()) {
        std::cmp::Ordering::Less => *typed_rest == meant_rest[1..],
        std::cmp::Ordering::Greater => {
            let extra = typed_rest[0];
            // The key before or after it was hit too.
            let beside = [Some(&m[same - 1]), meant_rest.first()];
            typed_rest[1..] == *meant_rest
                && beside.into_iter().flatten().any(|&key| key == extra || are_beside(key, extra))
        }
        std::cmp::Ordering::Equal => match (typed_rest, meant_rest) {
            ([x, rest_x @ ..], [y, rest_y @ ..]) if rest_x == rest_y => {
                are_beside(*x, *y) || (is_vowel(*x) && is_vowel(*y))
            }
            ([x0, x1, rest_x @ ..], [y0, y1, rest_y @ ..]) => x0 == y1 && x1 == y0 && rest_x == rest_y,
            _ => false,
        },
    }
}

fn is_vowel(key: u8) -> bool {
    matches!(key, b'a' | b'e' | b'i' | b'o' | b'u')
}

/// Whether two keys touch on a QWERTY keyboard.
fn are_beside(a: u8, b: u8) -> bool {
    const ROWS: [&[u8]; 4] = [b"1234567890-", b"qwertyuiop[", b"asdfghjkl;'", b"zxcvbnm,./"];
    let place = |key: u8| {
        ROWS.iter().enumerate().find_map(|(row, keys)| keys.iter().position(|&k| k == key).map(|at| (row, at)))
    };
    let (Some((row_a, at_a)), Some((row_b, at_b))) = (place(a), place(b)) else { return false };
    match row_a.cmp(&row_b) {
        std::cmp::Ordering::Equal => at_a.abs_diff(at_b) == 1,
        // A row is half a key to the right of the one above.
        std::cmp::Ordering::Less => row_b == row_a + 1 && (at_b == at_a || at_b + 1 == at_a),
        std::cmp::Ordering::Greater => row_a == row_b + 1 && (at_a == at_b || at_a + 1 == at_b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_and_other_companies() {
        for (typed, expected) in [
            ("gmial.com", "gmail.com"),
            ("gmai.com", "gmail.com"),
            ("gamil.com", "gmail.com"),
            ("mgail.com", "gmail.com"),
            ("gnail.com", "gmail.com"),
            ("gmeil.com", "gmail.com"),
            ("gmail.con", "gmail.com"),
            ("gmail.cm", "gmail.com"),
            ("gmail.co", "gmail.com"),
            ("gmail.comm", "gmail.com"),
            ("gmaill.com", "gmail.com"),
            ("gmailcom", "gmail.com"),
            ("gmail,com", "gmail.com"),
            ("gmail..com", "gmail.com"),
            ("hotmial.com", "hotmail.com"),
            ("hotmai.com", "hotmail.com"),
            ("hotmail.con", "hotmail.com"),
            ("yaho.com", "yahoo.com"),
            ("yahooo.com", "yahoo.com"),
            ("yahoo.con.sg", "yahoo.com.sg"),
            ("outlok.com", "outlook.com"),
            ("iclud.com", "icloud.com"),
            // Other companies.
            ("email.com", "email.com"),
            ("ymail.com", "ymail.com"),
            ("mail.com", "mail.com"),
            ("hmail.com", "hmail.com"),
            ("gmaily.co", "gmaily.co"),
            ("gmaily.com", "gmaily.com"),
            ("gmails.com", "gmails.com"),
            ("cloud.com", "cloud.com"),
            ("love.com", "love.com"),
            ("gmail.sg", "gmail.sg"),
            ("x.sg", "x.sg"),
        ] {
            let found = of(typed).map(|(domain, _)| domain);
            assert_eq!(found, Some(expected), "{typed}");
            assert_eq!(of(expected).map(|(domain, _)| domain), Some(expected), "{expected}");
        }
    }

    #[test]
    fn domains_that_are_corrected_are_known_and_apart() {
        for meant in CORRECTED {
            assert!(known(meant).is_some(), "{meant}");
        }
        for (domain, (to, _)) in [("me.com", known("me.com")), ("pm.me", known("pm.me"))].map(|(d, k)| (d, k.expect(d)))
        {
            assert_eq!(known(to).map(|(again, _)| again), Some(to), "{domain}");
        }
    }
}
