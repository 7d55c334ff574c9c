//! Why a bundle or a request is refused. A person who cannot be personalised is neither: that is an answer.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use kenal_bundle::{BundleError, Hash};

use crate::json::Writer;
use crate::limits::{ID_BYTES_MAX, K_MAX};

/// A request that cannot be answered: the caller's mistake, never a person's absence.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RequestError {
    /// Not JSON, or not of the contract's shape. Only the position and the parser's words are kept, not the text.
    #[error("the request is not valid at line {line}, column {column}: {what}")]
    Json { line: usize, column: usize, what: String },
    /// `k` is outside its range.
    #[error("k is {given}; ask for 1 to {K_MAX} items")]
    K { given: u32 },
    /// The bundle has no such market.
    #[error("unknown market {}; this bundle has {}", Quoted(given), known.join(", "))]
    Market { given: String, known: Vec<String> },
    /// The bundle has no such category.
    #[error("unknown category {}; this bundle has {}{}", Quoted(given), known.join(", "), more(*count, known.len()))]
    Category {
        given: String,
        /// The first [`CATEGORIES_NAMED_MAX`] of them.
        known: Vec<String>,
        /// How many there are.
        count: usize,
    },
    /// A list is longer than a request may carry.
    #[error("{field} has {given} entries; at most {max} are read")]
    TooMany { field: &'static str, given: usize, max: usize },
    /// `diversity` is outside its range, or no number.
    #[error("diversity is {}; it is from 0 to 1", Number(*given))]
    Diversity { given: f32 },
    /// A text is empty where leaving the field out was meant.
    #[error("{field} is empty; leave it out instead")]
    Empty { field: &'static str },
    /// A text is longer than any id of ours.
    #[error("{field} has {given} bytes; at most {ID_BYTES_MAX} are read")]
    TooLong { field: &'static str, given: usize },
}

/// Bytes that were fetched for a bundle and cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EdgeError {
    /// The trusted key is none, or the manifest is damaged, foreign or not signed with it.
    #[error("the manifest: {0}")]
    Manifest(BundleError),
    /// The list of keys that may sign is damaged, foreign, older than one accepted before, or has expired.
    #[error("the list of keys: {0}")]
    Keys(BundleError),
    /// A section is not the one that the manifest lists, or does not parse.
    #[error(transparent)]
    Section(BundleError),
    /// No section of this bundle has these bytes: another bundle's, or damaged on the way.
    #[error("the manifest lists no section with the hash {hash}; was a byte changed, or is it another bundle's?")]
    NotListed { hash: Hash },
    /// A revocation update cannot be used; whoever it names may still be personalised, so fetch it again.
    #[error("the revocation update: {0}")]
    Revocations(BundleError),
    /// A user shard is not the visitor's, or does not parse.
    #[error("the user shard: {0}")]
    Shard(BundleError),
    /// A file is not where it should be.
    #[error("the bundle lacks {name}")]
    Missing { name: String },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
}

/// Categories that a refusal names: a shop may have thousands, and anybody can ask for one that it has not.
pub const CATEGORIES_NAMED_MAX: usize = 8;

fn more(count: usize, named: usize) -> String {
    match count.saturating_sub(named) {
        0 => String::new(),
        more => format!(" and {more} more"),
    }
}

/// A text as JSON has it. `{:?}` brings tables of what of Unicode can be printed.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut quoted = Writer::default();
        quoted.text(self.0);
        f.write_str(&quoted.finish())
    }
}

/// A number as answers have it: the library's way of printing brings its own tables.
struct Number(f32);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_nan() {
            return f.write_str("NaN");
        }
        let mut number = Writer::default();
        number.float(self.0);
        f.write_str(&number.finish())
    }
}

impl RequestError {
    /// Where a text is not the JSON that was wanted, and why: in the parser's words, without the text's own.
    pub fn json(error: serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        let text = error.to_string();
        // serde_json ends its message with the position that we report apart.
        let what = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what);
        RequestError::Json { line, column, what: shortened(&without_value(what)) }
    }
}

/// `invalid type: string "…", expected a map` without what stands in the place of the dots: it may be somebody's id.
fn without_value(what: &str) -> String {
    let kinds = ["invalid type: ", "invalid value: "];
    let value = kinds.iter().find_map(|kind| what.starts_with(kind).then_some(kind.len()));
    let (Some(value), Some(expected)) = (value, what.rfind(", expected ")) else { return what.to_owned() };
    let given = what.get(value..expected).unwrap_or_default();
    let kind = given.split(['"', '`']).next().unwrap_or_default().trim_end();
    [what.get(..value).unwrap_or_default(), kind, what.get(expected..).unwrap_or_default()].concat()
}

/// The first characters of a message; the name of an unknown field can be as long as the request.
pub(crate) fn shortened(what: &str) -> String {
    const CHARS_MAX: usize = 200;
    match what.char_indices().nth(CHARS_MAX) {
        Some((at, _)) => [what.get(..at).unwrap_or_default(), "…"].concat(),
        None => what.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use alloc::borrow::ToOwned;
    use alloc::format;
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;

    use super::CATEGORIES_NAMED_MAX;
    use crate::{Request, RequestError};

    #[test]
    fn a_refusal_names_a_few_categories() {
        let names: Vec<String> = (0..1000).map(|n| format!("c{n}")).collect();
        let refused = |count: usize| {
            let known = names[..count.min(CATEGORIES_NAMED_MAX)].to_vec();
            RequestError::Category { given: "Sofas".to_owned(), known, count }.to_string()
        };
        assert_eq!(refused(2), "unknown category \"Sofas\"; this bundle has c0, c1");
        assert!(refused(1000).ends_with("c6, c7 and 992 more"), "{}", refused(1000));
    }

    #[test]
    fn a_refusal_has_the_parsers_words_and_not_the_callers() {
        let long = format!("{{\"{}\":1}}", "x".repeat(5_000));
        for (json, what) in [
            ("\"visitor-shirts\"", "invalid type: string, expected struct Request"),
            ("\"a\", expected visitor-shirts at line \"", "invalid type: string, expected struct Request"),
            ("4711", "invalid type: number, expected struct Request"),
            ("{\"market\":true}", "invalid type: boolean, expected a string"),
            ("{\"market\":\"SG\",\"now\":\"visitor-shirts\"}", "invalid type: string, expected i64"),
            ("{\"market\":\"SG\",\"now\":1,\"k\":-3}", "invalid value: number, expected u32"),
            ("{\"marked\":1}", "unknown field `marked`, expected one of"),
            (long.as_str(), "unknown field `xxx"),
            ("{\"market\"", "EOF while parsing an object"),
        ] {
            let refused = Request::from_json(json.as_bytes()).expect_err("no request").to_string();
            assert!(refused.contains(what), "{refused}");
            assert!(!refused.contains("shirts") && !refused.contains("4711") && refused.len() < 400, "{refused}");
        }
    }
}
