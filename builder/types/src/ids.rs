//! The five systems, the key of a record in one of them, and the id of a person.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One of the five systems that records come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum System {
    Shopify,
    Zendesk,
    Salesforce,
    Warehouse,
    App,
}

impl System {
    /// All systems, in canonical order.
    pub const ALL: [System; 5] = [System::Shopify, System::Zendesk, System::Salesforce, System::Warehouse, System::App];

    /// The name used in folders, tables, keys and messages.
    pub const fn name(self) -> &'static str {
        match self {
            System::Shopify => "shopify",
            System::Zendesk => "zendesk",
            System::Salesforce => "salesforce",
            System::Warehouse => "warehouse",
            System::App => "app",
        }
    }
}

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for System {
    type Err = IdError;
    fn from_str(s: &str) -> Result<Self, IdError> {
        System::ALL.into_iter().find(|x| x.name() == s).ok_or(IdError::UnknownSystem)
    }
}

/// Key of a customer record: the system and its own id, written `shopify:56501169`.
///
/// Ids are those of the system with its wrapping removed: the number of a Shopify gid, the 18-character form of a
/// Salesforce id, Zendesk's number, the warehouse's synthetic id; in the app `user/<userId>` for an account and
/// `device/<anonymousId>` for a device nobody has signed in on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct RecordKey {
    pub system: System,
    pub id: String,
}

impl RecordKey {
    pub fn new(system: System, id: impl Into<String>) -> Self {
        RecordKey { system, id: id.into() }
    }

    pub fn as_ref(&self) -> KeyRef<'_> {
        KeyRef { system: self.system, id: &self.id }
    }
}

impl fmt::Display for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_ref().fmt(f)
    }
}

impl FromStr for RecordKey {
    type Err = IdError;
    fn from_str(s: &str) -> Result<Self, IdError> {
        KeyRef::try_from(s).map(|key| RecordKey::new(key.system, key.id))
    }
}

/// A [`RecordKey`] whose id is part of another text, such as a column of many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyRef<'a> {
    pub system: System,
    pub id: &'a str,
}

impl fmt::Display for KeyRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.system, self.id)
    }
}

impl<'a> TryFrom<&'a str> for KeyRef<'a> {
    type Error = IdError;
    fn try_from(s: &'a str) -> Result<Self, IdError> {
        let (system, id) = s.split_once(':').ok_or(IdError::NoSystem)?;
        if id.is_empty() {
            return Err(IdError::EmptyId);
        }
        Ok(KeyRef { system: system.parse()?, id })
    }
}

impl Serialize for KeyRef<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for KeyRef<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&str>::deserialize(deserializer)?.try_into().map_err(D::Error::custom)
    }
}

impl From<RecordKey> for String {
    fn from(key: RecordKey) -> String {
        key.to_string()
    }
}

impl<'de> Deserialize<'de> for RecordKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Written(PhantomData))
    }
}

/// Stable id of one human, given by identity resolution; written `p` and 16 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct PersonId(pub u64);

impl fmt::Display for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p{:016x}", self.0)
    }
}

impl FromStr for PersonId {
    type Err = IdError;
    fn from_str(s: &str) -> Result<Self, IdError> {
        let digits = s.strip_prefix('p').filter(|d| d.len() == 16).ok_or(IdError::NotAPersonId)?;
        u64::from_str_radix(digits, 16).map(PersonId).map_err(|_| IdError::NotAPersonId)
    }
}

impl From<PersonId> for String {
    fn from(id: PersonId) -> String {
        id.to_string()
    }
}

impl<'de> Deserialize<'de> for PersonId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Written(PhantomData))
    }
}

/// Reads what is written as a text, without a copy of the text: there is one in every row of most tables.
struct Written<T>(PhantomData<T>);

impl<T: FromStr<Err = IdError>> Visitor<'_> for Written<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

/// Why a text is not a key or an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text before the colon names none of the five systems.
    #[error("unknown system; expected one of shopify, zendesk, salesforce, warehouse, app")]
    UnknownSystem,
    /// There is no colon; write `system:id`.
    #[error("a record key is written system:id")]
    NoSystem,
    /// Nothing follows the colon.
    #[error("a record key needs an id after the colon")]
    EmptyId,
    /// A person id is `p` and 16 hexadecimal digits.
    #[error("a person id is written p and 16 hexadecimal digits")]
    NotAPersonId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_same_text_whether_it_is_borrowed_or_not() {
        for (text, system, id) in [
            ("shopify:56501169", System::Shopify, "56501169"),
            ("app:device/a:b", System::App, "device/a:b"),
            ("zendesk: ", System::Zendesk, " "),
        ] {
            let key: RecordKey = text.parse().expect("a key");
            assert_eq!(key, RecordKey::new(system, id));
            assert_eq!(KeyRef::try_from(text), Ok(key.as_ref()));
            assert_eq!((key.to_string(), key.as_ref().to_string()), (text.to_owned(), text.to_owned()));
        }
        for (text, why) in [
            ("56501169", IdError::NoSystem),
            ("shopify:", IdError::EmptyId),
            ("Shopify:1", IdError::UnknownSystem),
            (":1", IdError::UnknownSystem),
        ] {
            assert_eq!(KeyRef::try_from(text), Err(why), "{text}");
            assert_eq!(text.parse::<RecordKey>(), Err(why), "{text}");
        }
    }
}
