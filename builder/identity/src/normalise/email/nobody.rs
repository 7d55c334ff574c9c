//! Addresses that are no person's: typed into a mandatory field, reserved, or an office's.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

/// What a local part says by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    /// Nobody: typed into a mandatory field.
    Nobody,
    /// Nobody, also with digits behind it.
    NobodyNumbered,
    Office,
}

const NOBODIES: &[&str] = &[
    "na",
    "n.a",
    "n/a",
    "n-a",
    "none",
    "null",
    "nil",
    "no",
    "non",
    "nan",
    "noemail",
    "no-email",
    "no.email",
    "no_email",
    "nomail",
    "no-mail",
    "no.mail",
    "noreply",
    "no-reply",
    "no.reply",
    "no_reply",
    "donotreply",
    "do-not-reply",
    "do.not.reply",
    "unknown",
    "undefined",
    "nobody",
    "anonymous",
    "anon",
    "notavailable",
    "not.available",
    "notapplicable",
    "notprovided",
    "invalid",
    "asd",
    "asdf",
    "asdfgh",
    "qwe",
    "qwerty",
    "abc",
    "abcd",
    "xyz",
    "xxx",
    "xxxx",
    "aaa",
    "aaaa",
    "email",
    "mail",
    "youremail",
    "your.email",
    "yourname",
    "your.name",
    "myemail",
    "name",
    "someone",
    "somebody",
    "user",
    "username",
    "example",
    "sample",
    "dummy",
    "fake",
    "blank",
    "empty",
    "mailer-daemon",
    "tiada",
    "tidakada",
    "takda",
    "khongco",
    "bounce",
    "bounces",
    "unsubscribe",
    "abuse",
    "123",
    "1234",
    "12345",
    "123456",
    "1234567",
    "12345678",
    "123456789",
    "0",
    "00",
    "000",
];
const NUMBERED: &[&str] = &["test", "tester", "testing", "guest", "noemail", "customer", "testuser", "dummy", "walkin"];

const OFFICES: &[&str] = &[
    "info",
    "sales",
    "support",
    "admin",
    "administrator",
    "contact",
    "contactus",
    "help",
    "helpdesk",
    "hello",
    "hi",
    "office",
    "service",
    "services",
    "enquiry",
    "enquiries",
    "inquiry",
    "inquiries",
    "billing",
    "accounts",
    "account",
    "accounting",
    "finance",
    "orders",
    "order",
    "purchasing",
    "procurement",
    "shop",
    "store",
    "till",
    "cashier",
    "pos",
    "webmaster",
    "postmaster",
    "hostmaster",
    "hr",
    "recruitment",
    "careers",
    "jobs",
    "marketing",
    "media",
    "press",
    "news",
    "newsletter",
    "reception",
    "frontdesk",
    "booking",
    "bookings",
    "reservation",
    "reservations",
    "customerservice",
    "customer.service",
    "customercare",
    "cs",
    "care",
    "feedback",
    "general",
    "mailbox",
    "team",
    "staff",
    "it",
    "itsupport",
    "security",
    "legal",
    "privacy",
    "dpo",
    "pdpa",
    "logistics",
    "warehouse",
    "delivery",
    "returns",
    "tanya",
    "layanan",
    "halo",
    "khidmat",
    "aduan",
    "pertanyaan",
    "lienhe",
];

/// Reserved by RFC 2606 and RFC 6761, and what people type. Domains below `.example` count: nobody types them into a
/// form, and companies that are made up for a test live there.
const NON_DOMAINS: &[&str] = &[
    "example.com",
    "example.org",
    "example.net",
    "test.com",
    "test.test",
    "none.com",
    "na.com",
    "n.a",
    "na.na",
    "none.none",
    "noemail.com",
    "nomail.com",
    "no.com",
    "noreply.com",
    "nobody.com",
    "unknown.com",
    "notprovided.com",
    "donotreply.com",
    "email.invalid",
    "localhost",
    "domain.com",
    "yourdomain.com",
    "mydomain.com",
    "asdf.com",
    "aaa.com",
    "abc.abc",
    "a.a",
    "a.com",
    "xxx.xxx",
    "123.com",
];
const NON_ENDINGS: [&str; 3] = [".invalid", ".test", ".localhost"];

/// No word of the tables is longer.
const WORD_BYTES_MAX: usize = 20;

pub(super) fn is_nobody(local: &str, domain: &str) -> bool {
    static DOMAINS: LazyLock<FxHashMap<&'static str, ()>> =
        LazyLock::new(|| NON_DOMAINS.iter().map(|&domain| (domain, ())).collect());
    let stem = local.trim_end_matches(|c: char| c.is_ascii_digit());
    matches!(says(local), Some(Says::Nobody | Says::NobodyNumbered))
        || (stem.len() < local.len() && says(stem) == Some(Says::NobodyNumbered))
        || (domain.len() <= WORD_BYTES_MAX && DOMAINS.contains_key(domain))
        || NON_ENDINGS.iter().any(|end| domain.ends_with(end))
        || local.bytes().all(|b| matches!(b, b'.' | b'-' | b'_'))
}

pub(super) fn is_office(local: &str) -> bool {
    says(local) == Some(Says::Office)
}

fn says(local: &str) -> Option<Says> {
    static SAYS: LazyLock<FxHashMap<&'static str, Says>> = LazyLock::new(|| {
        let tables = [(OFFICES, Says::Office), (NOBODIES, Says::Nobody), (NUMBERED, Says::NobodyNumbered)];
        tables.into_iter().flat_map(|(words, says)| words.iter().map(move |&word| (word, says))).collect()
    });
    if local.len() > WORD_BYTES_MAX {
        return None;
    }
    SAYS.get(local).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_short_lower_case_words() {
        for word in [NOBODIES, NUMBERED, OFFICES, NON_DOMAINS].into_iter().flatten() {
            assert!(word.len() <= WORD_BYTES_MAX && !word.bytes().any(|b| b.is_ascii_uppercase()), "{word}");
        }
    }
}
