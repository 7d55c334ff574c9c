//! Email addresses: case, what providers ignore, slips in the domain, and addresses that are nobody's.
//!
//! Read [`email`]; `provider` says what each provider ignores and which slips are corrected, `nobody` which addresses are
//! no person's.

mod nobody;
mod provider;

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
pub const ADDRESS_BYTES_MAX: usize = 254;
const LOCAL_BYTES_MAX: usize = 64;

/// Normalises one address; `None` when it is not an address or nobody's.
///
/// At most [`ADDRESS_BYTES_MAX`] bytes. O(length); allocates the address and one copy of the text.
pub fn email(text: &str) -> Option<Email> {
    let mut folded = String::new();
    super::fold(super::bounded(text), &mut folded);
    let address = bare(&folded);
    let (local, domain) = address.rsplit_once('@')?;
    let (local, domain) = (local.trim_end(), domain.trim_start());
    if local.is_empty() || local.len() > LOCAL_BYTES_MAX || address.len() > ADDRESS_BYTES_MAX || !is_local(local) {
        return None;
    }
    let (domain, ignores) = provider::of(domain)?;
    let mut kept = String::with_capacity(local.len() + 1 + domain.len());
    kept.push_str(ignores.without_tag(local));
    super::remove(&mut kept, |c| ignores.ignored(c));
    // What is ignored may have stood before a quotation mark: -'mei@proton.me.
    let quoted = kept.len() - kept.trim_start_matches(['\'', '.']).len();
    kept.drain(..quoted);
    let local_bytes = kept.len();
    if local_bytes == 0 || nobody::is_nobody(&kept, domain) {
        return None;
    }
    let role = nobody::is_office(&kept);
    kept.push('@');
    kept.push_str(domain);
    Some(Email { address: kept, local_bytes, role })
}

/// The address without a display name, brackets, quotes, `mailto:` and further addresses.
fn bare(folded: &str) -> &str {
    // An address alone, as nearly always.
    if is_plain(folded.as_bytes().iter().filter(|b| **b != b'@')) && !folded.starts_with('.') && !folded.ends_with('.')
    {
        return folded;
    }
    let mut text = folded;
    if let Some((_, after)) = text.rsplit_once('<')
        && after.contains('@')
    {
        text = after.split('>').next().unwrap_or_default();
    }
    text = text.split([';', ',']).find(|part| part.contains('@')).unwrap_or(text);
    loop {
        let trimmed = text.trim_matches(|c: char| matches!(c, '<' | '>' | '"' | '\'' | '.' | ':') || c.is_whitespace());
        let trimmed = trimmed.strip_prefix("mailto:").or_else(|| trimmed.strip_prefix("email:")).unwrap_or(trimmed);
        if trimmed.len() == text.len() {
            return text;
        }
        text = trimmed;
    }
}

/// Letters, digits and marks that stand within an address and never around it, but for the point.
fn is_plain<'a>(mut bytes: impl Iterator<Item = &'a u8>) -> bool {
    bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'+'))
}

fn is_local(local: &str) -> bool {
    let refused = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '@' | '<' | '>' | '(' | ')' | ',' | ';' | ':' | '"' | '\\' | '[' | ']')
    };
    is_plain(local.as_bytes().iter()) || !local.contains(refused)
}

#[cfg(test)]
mod tests;
