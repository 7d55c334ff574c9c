//! The case list that every host answers alike: `tests/cases/recommend.json`.

use std::fs;
use std::path::PathBuf;

use kenal_edge::{FallbackReason, Request, Response};
use serde::{Deserialize, Serialize};

/// The file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cases {
    pub note: Vec<String>,
    pub cases: Vec<Case>,
}

/// One request and what every host must answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub name: String,
    /// Whether the host hands the visitor's stored row to the core.
    pub row: bool,
    pub request: Request,
    #[serde(default)]
    pub expected: Expected,
}

/// What must agree, to the bit: a score is the shortest text of an f32, so equal texts are equal bits.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    pub fallback_reason: Option<FallbackReason>,
    /// `<id> <score> <kind of reason> <item that the reason names, or ->`.
    pub items: Vec<String>,
}

impl Expected {
    /// What a response says of this.
    pub fn of(response: &Response) -> Self {
        let items = response.items.iter().map(|item| {
            let because = item.reason.item.as_deref().unwrap_or("-");
            format!("{} {} {} {because}", item.id, json(&item.score), json(&item.reason.kind))
        });
        Expected { fallback_reason: response.fallback_reason, items: items.collect() }
    }
}

/// The JSON text of a number or a word, without quotes.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain values").trim_matches('"').to_owned()
}

/// Where the list is.
pub fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases/recommend.json")
}

pub fn load() -> Cases {
    let path = path();
    let text = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
