//! Email addresses: case, what providers ignore, and addresses that are nobody's.

/// A normalised address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    /// `local@domain`, lower case, with what the provider ignores removed.
    pub address: String,
    /// Length of the local part in bytes.
    pub local_bytes: usize,
    /// `info@`, `sales@`…: an office's, not a person's.
    pub role: bool,
}

impl Email {
    pub fn local(&self) -> &str {
        &self.address[..self.local_bytes]
    }
}

/// Longest address and local part of RFC 5321, 4.5.3.1.
const ADDRESS_BYTES_MAX: usize = 254;
const LOCAL_BYTES_MAX: usize = 64;

/// Providers that deliver `a.b@` and `ab@` to the same mailbox.
const DOTS_IGNORED: [&str; 1] = ["gmail.com"];
/// Providers that deliver `a+x@` to `a@`.
const PLUS_IGNORED: [&str; 14] = [
    "gmail.com",
    "outlook.com",
    "hotmail.com",
    "live.com",
    "msn.com",
    "icloud.com",
    "me.com",
    "mac.com",
    "fastmail.com",
    "proton.me",
    "protonmail.com",
    "pm.me",
    "zoho.com",
    "yandex.com",
];
/// Domains that are another name of a provider's domain.
const SAME_DOMAIN: [(&str, &str); 1] = [("googlemail.com", "gmail.com")];
/// Slips of a finger that no provider answers to.
const TYPOS: [(&str, &str); 14] = [
    ("gmial.com", "gmail.com"),
    ("gmai.com", "gmail.com"),
    ("gamil.com", "gmail.com"),
    ("gnail.com", "gmail.com"),
    ("gmail.con", "gmail.com"),
    ("gmail.cm", "gmail.com"),
    ("gmaill.com", "gmail.com"),
    ("hotmial.com", "hotmail.com"),
    ("hotmai.com", "hotmail.com"),
    ("hotmail.con", "hotmail.com"),
    ("yaho.com", "yahoo.com"),
    ("yahoo.con", "yahoo.com"),
    ("yahooo.com", "yahoo.com"),
    ("outlook.con", "outlook.com"),
];
/// Local parts that people type into a mandatory field.
const NON_LOCALS: [&str; 24] = [
    "test",
    "tester",
    "testing",
    "na",
    "n.a",
    "none",
    "null",
    "nil",
    "no",
    "noemail",
    "no-email",
    "no.email",
    "nomail",
    "noreply",
    "no-reply",
    "donotreply",
    "unknown",
    "undefined",
    "nobody",
    "anonymous",
    "guest",
    "asdf",
    "xxx",
    "abc",
];
/// Reserved by RFC 2606 and RFC 6761, and what people type. Domains below `.example` count: nobody types them into a
/// form, and companies that are made up for a test live there.
const NON_DOMAINS: [&str; 10] = [
    "example.com",
    "example.org",
    "example.net",
    "test.com",
    "none.com",
    "na.com",
    "noemail.com",
    "nomail.com",
    "email.invalid",
    "localhost",
];
const ROLES: [&str; 20] = [
    "info",
    "sales",
    "support",
    "admin",
    "contact",
    "help",
    "helpdesk",
    "hello",
    "office",
    "service",
    "enquiry",
    "enquiries",
    "billing",
    "accounts",
    "orders",
    "shop",
    "store",
    "till",
    "webmaster",
    "postmaster",
];

/// Normalises one address; `None` when it is not an address or nobody's.
pub fn email(text: &str) -> Option<Email> {
    let text = super::bounded(text);
    let text = text.strip_prefix("mailto:").or_else(|| text.strip_prefix("MAILTO:")).unwrap_or(text);
    let text = text.trim_matches(|c: char| matches!(c, '<' | '>' | '"' | '\'' | ',' | ';' | '.') || c.is_whitespace());
    let mut folded = String::with_capacity(text.len());
    super::fold(text, &mut folded);
    let (local, domain) = folded.rsplit_once('@')?;
    let domain = domain.trim_end_matches('.');
    if !is_domain(domain) || local.is_empty() || local.len() > LOCAL_BYTES_MAX || folded.len() > ADDRESS_BYTES_MAX {
        return None;
    }
    if local
        .chars()
        .any(|c| c.is_whitespace() || c.is_control() || matches!(c, '@' | '<' | '>' | '(' | ')' | ',' | ';'))
    {
        return None;
    }
    let renamed = |table: &[(&str, &'static str)]| table.iter().find(|(from, _)| *from == domain).map(|&(_, to)| to);
    let domain = renamed(&TYPOS).or_else(|| renamed(&SAME_DOMAIN)).unwrap_or(domain);
    let untagged = match local.split_once('+') {
        Some((before, _)) if PLUS_IGNORED.contains(&domain) && !before.is_empty() => before,
        _ => local,
    };
    let mut address = String::with_capacity(folded.len());
    if DOTS_IGNORED.contains(&domain) {
        address.extend(untagged.chars().filter(|&c| c != '.'));
    } else {
        address.push_str(untagged);
    }
    let local_bytes = address.len();
    if local_bytes == 0 || is_nobody(&address, domain) {
        return None;
    }
    let role = ROLES.contains(&address.as_str());
    address.push('@');
    address.push_str(domain);
    Some(Email { address, local_bytes, role })
}

fn is_domain(domain: &str) -> bool {
    domain.contains('.')
        && !domain.starts_with('.')
        && !domain.contains("..")
        && !domain
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || (c.is_ascii_punctuation() && !matches!(c, '-' | '.')))
}

fn is_nobody(local: &str, domain: &str) -> bool {
    let stem = local.trim_end_matches(|c: char| c.is_ascii_digit());
    NON_LOCALS.contains(&local)
        || NON_LOCALS[..3].contains(&stem)
        || NON_DOMAINS.contains(&domain)
        || [".invalid", ".test", ".localhost"].iter().any(|end| domain.ends_with(end))
        || local.chars().all(|c| matches!(c, '.' | '-' | '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(email(text).map(|e| e.address).as_deref(), expected, "{text}");
    }

    #[test]
    fn addresses() {
        for (text, expected) in [
            (" Mei.Tan@X.SG ", Some("mei.tan@x.sg")),
            ("Mei.Tan+shop@Gmail.com", Some("meitan@gmail.com")),
            ("mei.tan@googlemail.com", Some("meitan@gmail.com")),
            ("mei.tan+a@hotmail.com", Some("mei.tan@hotmail.com")),
            ("mei.tan+a@x.sg", Some("mei.tan+a@x.sg")),
            ("mailto:<a.lim@gmial.com>", Some("alim@gmail.com")),
            ("Ａ.lim@ｇmail.com", Some("alim@gmail.com")),
            ("testa@x.sg", Some("testa@x.sg")),
            ("+x@gmail.com.", Some("+x@gmail.com")),
            ("สมชาย@ตัวอย่าง.ไทย", Some("สมชาย@ตัวอย่าง.ไทย")),
        ] {
            check(text, expected);
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
            "Test123@gmail.com",
            "none@none.com",
            "someone@example.com",
            "noreply@shop.sg",
            "a b@x.sg",
            "a@b@",
            "a@x..sg",
            "...@gmail.com",
            "no-email@shop.sg",
            "a@b.invalid",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn offices_are_told_from_people() {
        assert!(email("info@x.sg").expect("an address").role);
        assert!(!email("mei@x.sg").expect("an address").role);
    }
}
