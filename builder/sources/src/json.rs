//! JSON rows into typed structs that borrow from the line, and errors that name the field and never its value.

use std::borrow::Cow;
use std::fmt;

use kenal_types::{Money, Reason, Timestamp};
use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, Visitor};

/// Why a row cannot be used. `detail` speaks of what was expected, never of what was there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) field: Cow<'static, str>,
    pub(crate) reason: Reason,
    pub(crate) detail: Cow<'static, str>,
}

impl Fault {
    pub(crate) fn new(
        reason: Reason,
        field: impl Into<Cow<'static, str>>,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Fault { field: field.into(), reason, detail: detail.into() }
    }

    pub(crate) fn missing(field: impl Into<Cow<'static, str>>) -> Self {
        Fault::new(Reason::MissingField, field, "absent or empty, and the row cannot do without it")
    }

    pub(crate) fn bad(field: impl Into<Cow<'static, str>>, why: impl fmt::Display) -> Self {
        Fault::new(Reason::BadValue, field, why.to_string())
    }

    pub(crate) fn syntax(detail: impl Into<Cow<'static, str>>) -> Self {
        Fault::new(Reason::Syntax, "", detail)
    }
}

/// A string that borrows from the line unless it holds escapes. (serde borrows a bare `Cow`, not one in an `Option`.)
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

impl Text<'_> {
    /// Trimmed.
    pub(crate) fn trimmed(&self) -> &str {
        self.0.trim()
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

/// A value that systems write both as a string and as a number: ids, prices, quantities.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Scalar<'a> {
    Text(Cow<'a, str>),
    Whole(i64),
    Large(u64),
    Real(f64),
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or a number")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_i64<E>(self, n: i64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Whole(n))
    }

    fn visit_u64<E>(self, n: u64) -> Result<Scalar<'de>, E> {
        Ok(i64::try_from(n).map_or(Scalar::Large(n), Scalar::Whole))
    }

    fn visit_f64<E: serde::de::Error>(self, n: f64) -> Result<Scalar<'de>, E> {
        if n.is_finite() { Ok(Scalar::Real(n)) } else { Err(E::custom("not a finite number")) }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

impl Scalar<'_> {
    /// As an id: trimmed text, `None` when empty. A fraction is not an id.
    pub(crate) fn id(&self) -> Option<String> {
        match self {
            Scalar::Text(text) => Some(text.trim()).filter(|t| !t.is_empty()).map(str::to_owned),
            Scalar::Whole(n) => Some(n.to_string()),
            Scalar::Large(n) => Some(n.to_string()),
            Scalar::Real(_) => None,
        }
    }

    /// As a whole number.
    pub(crate) fn whole(&self) -> Option<i64> {
        match self {
            Scalar::Text(text) => text.trim().parse().ok(),
            Scalar::Whole(n) => Some(*n),
            Scalar::Large(_) => None,
            // Exact below 2^53; beyond, a float is no count of anything.
            Scalar::Real(n) => (n.fract() == 0.0 && n.abs() < 9e15).then_some(*n as i64),
        }
    }

    /// As money. A JSON number is rounded to hundredths: `0.1 + 0.2` is what phones send.
    pub(crate) fn money(&self, field: &'static str) -> Result<Money, Fault> {
        match self {
            Scalar::Text(text) => text.trim().parse().map_err(|e| Fault::bad(field, e)),
            Scalar::Whole(n) => {
                n.checked_mul(100).map(Money).ok_or_else(|| Fault::bad(field, kenal_types::MoneyError::TooLarge))
            }
            Scalar::Real(n) if n.abs() < 9e13 => Ok(Money((n * 100.0).round() as i64)),
            Scalar::Large(_) | Scalar::Real(_) => Err(Fault::bad(field, kenal_types::MoneyError::TooLarge)),
        }
    }
}

/// Trimmed text, `None` when absent or empty.
pub(crate) fn filled<'t>(text: &'t Option<Text<'_>>) -> Option<&'t str> {
    text.as_ref().map(Text::trimmed).filter(|t| !t.is_empty())
}

/// The same, owned.
pub(crate) fn owned(text: &Option<Text<'_>>) -> Option<String> {
    filled(text).map(str::to_owned)
}

/// A time that may be absent.
pub(crate) fn time(field: &'static str, text: &Option<Text<'_>>) -> Result<Option<Timestamp>, Fault> {
    filled(text).map(|t| t.parse().map_err(|e| Fault::bad(field, e))).transpose()
}

/// A time that the row cannot do without.
pub(crate) fn time_required(field: &'static str, text: &Option<Text<'_>>) -> Result<Timestamp, Fault> {
    time(field, text)?.ok_or_else(|| Fault::missing(field))
}

/// Decodes one row. On failure the row is read again, slowly, to name the field.
pub(crate) fn decode<'a, T: Deserialize<'a>>(raw: &'a [u8]) -> Result<T, Fault> {
    serde_json::from_slice(raw).map_err(|_| explain::<T>(raw))
}

fn explain<'a, T: Deserialize<'a>>(raw: &'a [u8]) -> Fault {
    if let Err(e) = serde_json::from_slice::<IgnoredAny>(raw) {
        return Fault::syntax(format!("not JSON at byte {} of the row", e.column()));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(raw);
    let Err(error) = serde_path_to_error::deserialize::<_, T>(&mut deserializer) else {
        return Fault::syntax("there is more after the row's end");
    };
    let path = match error.path().to_string() {
        root if root == "." => String::new(),
        path => path,
    };
    let message = error.inner().to_string();
    if let Some(name) = message.strip_prefix("missing field `").and_then(|m| m.split('`').next()) {
        let dot = if path.is_empty() { "" } else { "." };
        return Fault::missing(format!("{path}{dot}{name}"));
    }
    // serde's messages quote the value, which may be somebody's; only what comes after "expected" is ours.
    match message.rsplit_once("expected ") {
        Some((_, ours)) => {
            let ours = match ours.split(" at line ").next().unwrap_or(ours) {
                "i64" | "u64" | "u32" => "a whole number",
                "a boolean" => "true or false",
                ours => ours,
            };
            Fault::new(Reason::BadValue, path, format!("expected {ours}"))
        }
        None => Fault::new(Reason::BadValue, path, "not a value of its type"),
    }
}

/// A list whose elements may be null; null elements are left out.
pub(crate) fn nulls_dropped<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::<Vec<Option<T>>>::deserialize(deserializer)?.unwrap_or_default().into_iter().flatten().collect())
}

/// A list of strings, or one string with commas, as REST and GraphQL write tags.
pub(crate) fn tags<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    struct Tags;
    impl<'de> Visitor<'de> for Tags {
        type Value = Vec<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of strings, or one string with commas")
        }

        fn visit_str<E>(self, text: &str) -> Result<Vec<String>, E> {
            Ok(text.split(',').map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned).collect())
        }

        fn visit_unit<E>(self) -> Result<Vec<String>, E> {
            Ok(Vec::new())
        }

        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<Vec<String>, A::Error> {
            let mut tags = Vec::new();
            while let Some(tag) = list.next_element::<Text<'de>>()? {
                match tag.trimmed() {
                    "" => return Err(A::Error::custom("an empty tag; expected a tag of some length")),
                    tag => tags.push(tag.to_owned()),
                }
            }
            Ok(tags)
        }
    }
    deserializer.deserialize_any(Tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct Row<'a> {
        #[serde(borrow)]
        name: Option<Text<'a>>,
        #[serde(borrow)]
        price: Option<Scalar<'a>>,
        #[serde(rename = "inner")]
        _inner: Option<Inner>,
    }

    #[derive(Debug, serde::Deserialize)]
    struct Inner {
        #[serde(rename = "count")]
        _count: u32,
    }

    #[test]
    fn faults_name_the_field_and_never_the_value() {
        for (json, reason, field) in [
            (r#"{"name":"#, Reason::Syntax, ""),
            ("\u{0}", Reason::Syntax, ""),
            (r#"{} {}"#, Reason::Syntax, ""),
            (r#"{"name":7331}"#, Reason::BadValue, "name"),
            (r#"{"name":{"secret":1}}"#, Reason::BadValue, "name"),
            (r#"{"price":["secret"]}"#, Reason::BadValue, "price"),
            (r#"{"inner":{"count":"secret"}}"#, Reason::BadValue, "inner.count"),
            (r#"{"inner":{"count":7331.5}}"#, Reason::BadValue, "inner.count"),
            (r#"{"inner":{}}"#, Reason::MissingField, "inner.count"),
            (r#"{"inner":"secret"}"#, Reason::BadValue, "inner"),
            (r#""secret""#, Reason::BadValue, ""),
        ] {
            let fault = decode::<Row<'_>>(json.as_bytes()).expect_err(json);
            assert_eq!((fault.reason, fault.field.as_ref()), (reason, field), "{json}: {fault:?}");
            assert!(!fault.detail.contains("secret") && !fault.detail.contains("7331"), "{fault:?}");
        }
    }

    #[test]
    fn strings_borrow_unless_escaped() {
        let borrows = |json: &str| {
            let row: Row<'_> = decode(json.as_bytes()).expect("JSON");
            matches!(row.name.expect("a name").0, Cow::Borrowed(_))
        };
        assert!(borrows(r#"{"name":"plain"}"#));
        assert!(!borrows(r#"{"name":"a\"b"}"#));
    }

    #[test]
    fn money_as_phones_and_shops_write_it() {
        for (json, expected) in [
            (r#"{"price":"19.90"}"#, Some(1990)),
            (r#"{"price":19.9}"#, Some(1990)),
            (r#"{"price":19}"#, Some(1900)),
            (r#"{"price":0.30000000000000004}"#, Some(30)),
            (r#"{"price":1e300}"#, None),
            (r#"{"price":18446744073709551615}"#, None),
            (r#"{"price":"1,5"}"#, None),
        ] {
            let row: Row<'_> = decode(json.as_bytes()).expect("JSON");
            let money = row.price.expect("a price").money("price").map(|m| m.0).ok();
            assert_eq!(money, expected, "{json}");
        }
    }
}
