//! What a host asks: who is in front of the page, where, and what they have just done.
//!
//! The JSON form of [`Request`] is the one contract between every host and the core. It is strict: an unknown field is
//! an error that names it, since a misspelt `consent` that is silently ignored would be worse than a refusal.
//! Nothing here decides anything.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::error::RequestError;
use crate::json::read_request;
use crate::limits::{EVENTS_MAX, EXCLUDE_MAX, ID_BYTES_MAX, K_DEFAULT, K_MAX, NOT_CATEGORIES_MAX, PINS_MAX};
use crate::response::FallbackReason;

/// One question to the core. The clock is part of it: the core has none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Who is in front of the page, as the bundle's builder was told; `None` for nobody in particular.
    #[serde(default, deserialize_with = "visitor_id")]
    pub visitor: Option<String>,
    /// ISO 3166 code of the shop's market.
    pub market: String,
    /// Items wanted, 1 to [`K_MAX`].
    #[serde(default = "k_default")]
    pub k: u32,
    #[serde(default)]
    pub slot: Slot,
    /// The item a product page is about.
    #[serde(default)]
    pub item: Option<String>,
    /// Only items of this category.
    #[serde(default)]
    pub category: Option<String>,
    /// No items of these categories.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_categories: Vec<String>,
    /// Only items of these price bands, from the first to the second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_bands: Option<(u8, u8)>,
    /// Items to put first, in this order, if they may be shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pins: Vec<String>,
    /// How much the list is mixed by category: 0, not at all, to 1, before everything else.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub diversity: f32,
    #[serde(default)]
    pub consent: Consent,
    /// Global Privacy Control, as `Sec-GPC: 1` or `navigator.globalPrivacyControl`.
    #[serde(default)]
    pub gpc: bool,
    /// Unix time, seconds.
    pub now: i64,
    /// What the visitor did in this session, in any order.
    #[serde(default)]
    pub events: Vec<LiveEvent>,
    /// Items not to show, for whatever reason the page has.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// A reason the host already has for not personalising, such as a shard it could not read.
    /// The core then ranks trending items and answers with this reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<FallbackReason>,
}

/// Reads a visitor id, or null.
///
/// Of a value of the wrong type serde says which value it was: of an account number sent as a number it would say the
/// number, and messages are logged.
///
/// # Errors
/// When it is neither a text nor null; the words do not repeat it.
pub fn visitor_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    struct Id;
    impl Id {
        fn no_text<E: de::Error>() -> E {
            E::custom("visitor is not a text")
        }
    }
    impl de::Visitor<'_> for Id {
        type Value = Option<String>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text")
        }
        fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
        fn visit_str<E: de::Error>(self, id: &str) -> Result<Self::Value, E> {
            Ok(Some(id.to_owned()))
        }
        fn visit_string<E: de::Error>(self, id: String) -> Result<Self::Value, E> {
            Ok(Some(id))
        }
        fn visit_bool<E: de::Error>(self, _: bool) -> Result<Self::Value, E> {
            Err(Id::no_text())
        }
        fn visit_i64<E: de::Error>(self, _: i64) -> Result<Self::Value, E> {
            Err(Id::no_text())
        }
        fn visit_u64<E: de::Error>(self, _: u64) -> Result<Self::Value, E> {
            Err(Id::no_text())
        }
        fn visit_f64<E: de::Error>(self, _: f64) -> Result<Self::Value, E> {
            Err(Id::no_text())
        }
    }
    deserializer.deserialize_any(Id)
}

fn is_zero(diversity: &f32) -> bool {
    *diversity == 0.0
}

const fn k_default() -> u32 {
    K_DEFAULT
}

impl Request {
    /// The least a request says; the other fields at their defaults, which personalise nobody.
    pub fn new(market: impl Into<String>, now: i64) -> Self {
        Request {
            visitor: None,
            market: market.into(),
            k: K_DEFAULT,
            slot: Slot::default(),
            item: None,
            category: None,
            not_categories: Vec::new(),
            price_bands: None,
            pins: Vec::new(),
            diversity: 0.0,
            consent: Consent::default(),
            gpc: false,
            now,
            events: Vec::new(),
            exclude: Vec::new(),
            fallback: None,
        }
    }

    /// Reads the JSON form and checks what can be checked without a bundle.
    ///
    /// # Errors
    /// [`RequestError::Json`] with line and column, or the first limit that is passed.
    pub fn from_json(json: &[u8]) -> Result<Self, RequestError> {
        let request = read_request(json)?;
        request.check()?;
        Ok(request)
    }

    /// Checks the limits of [`crate::limits`]; the market is checked against the bundle later.
    ///
    /// # Errors
    /// The first limit that is passed, by field.
    pub fn check(&self) -> Result<(), RequestError> {
        if self.k == 0 || self.k > K_MAX {
            return Err(RequestError::K { given: self.k });
        }
        if !(0.0..=1.0).contains(&self.diversity) {
            return Err(RequestError::Diversity { given: self.diversity });
        }
        let lists = [
            ("events", self.events.len(), EVENTS_MAX),
            ("exclude", self.exclude.len(), EXCLUDE_MAX),
            ("not_categories", self.not_categories.len(), NOT_CATEGORIES_MAX),
            ("pins", self.pins.len(), PINS_MAX),
        ];
        if let Some((field, given, max)) = lists.into_iter().find(|(_, given, max)| given > max) {
            return Err(RequestError::TooMany { field, given, max });
        }
        let fits = |field, text: &str| match text.len() {
            0 => Err(RequestError::Empty { field }),
            given if given > ID_BYTES_MAX => Err(RequestError::TooLong { field, given }),
            _ => Ok(()),
        };
        let texts = [
            ("visitor", self.visitor.as_deref()),
            ("market", Some(self.market.as_str())),
            ("item", self.item.as_deref()),
            ("category", self.category.as_deref()),
        ];
        for (field, text) in texts {
            text.map_or(Ok(()), |text| fits(field, text))?;
        }
        for event in &self.events {
            fits("events.item", &event.item)?;
        }
        let lists = [("exclude", &self.exclude), ("not_categories", &self.not_categories), ("pins", &self.pins)];
        for (field, list) in lists {
            for text in list {
                fits(field, text)?;
            }
        }
        Ok(())
    }
}

/// The core counts time from 1970 on.
pub(crate) fn seconds(time: i64) -> u64 {
    u64::try_from(time).unwrap_or(0)
}

/// The place on a page that asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Slot {
    #[default]
    Home,
    Product,
    Cart,
    /// What the visitor may buy again, and what else they may want.
    Again,
}

impl Slot {
    /// All of them.
    pub const ALL: [Slot; 4] = [Slot::Home, Slot::Product, Slot::Cart, Slot::Again];

    /// The word in the JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Slot::Home => "home",
            Slot::Product => "product",
            Slot::Cart => "cart",
            Slot::Again => "again",
        }
    }
}

/// What the visitor said about personalisation on this page. Saying nothing is not agreeing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    Granted,
    Denied,
    #[default]
    Unset,
}

impl Consent {
    /// All of them.
    pub const ALL: [Consent; 3] = [Consent::Granted, Consent::Denied, Consent::Unset];

    /// The word in the JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Consent::Granted => "granted",
            Consent::Denied => "denied",
            Consent::Unset => "unset",
        }
    }
}

/// Something the visitor did with an item in this session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiveEvent {
    pub item: String,
    pub kind: LiveKind,
    /// Unix time, seconds.
    pub time: i64,
}

/// What was done. `Remove` takes an item out of the cart again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LiveKind {
    View,
    Cart,
    Purchase,
    Remove,
}

impl LiveKind {
    /// All of them.
    pub const ALL: [LiveKind; 4] = [LiveKind::View, LiveKind::Cart, LiveKind::Purchase, LiveKind::Remove];

    /// The word in the JSON.
    pub const fn name(self) -> &'static str {
        match self {
            LiveKind::View => "view",
            LiveKind::Cart => "cart",
            LiveKind::Purchase => "purchase",
            LiveKind::Remove => "remove",
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString;

    use super::*;

    fn check(visitor: &str, expected: Result<Option<&str>, &str>) {
        let json = format!("{{\"market\":\"SG\",\"now\":5,\"visitor\":{visitor}}}");
        let read = Request::from_json(json.as_bytes()).map(|request| request.visitor);
        match (read, expected) {
            (Ok(read), Ok(expected)) => assert_eq!(read.as_deref(), expected, "{json}"),
            (Err(error), Err(what)) => {
                let message = error.to_string();
                assert!(message.contains("line 1, column ") && message.ends_with(what), "{message}");
            }
            (read, _) => panic!("{json}: {read:?}"),
        }
    }

    #[test]
    fn a_visitor_that_is_no_text_is_refused_without_naming_it() {
        check("null", Ok(None));
        check("\"v1\"", Ok(Some("v1")));
        check("\"\\u0076\"", Ok(Some("v")));
        for number in ["4711471147114711", "-4711", "4711.5", "4711e9", "true"] {
            check(number, Err(": visitor is not a text"));
        }
        check("[4711]", Err(": invalid type: sequence, expected a text"));
        check("{\"id\":4711}", Err(": invalid type: map, expected a text"));
    }
}
