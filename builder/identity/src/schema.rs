//! What the records of one resolution have: the sources they come from, and attributes beside the ten roles.

use kenal_types::System;
use serde::{Deserialize, Serialize};

use crate::error::ResolveError;
use crate::field::{Field, Kind};

/// Sources and attributes. The roles need no mention: a role that no record fills says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    /// In the order of [`crate::RawRecord::source`].
    pub sources: Vec<Source>,
    /// In the order of [`crate::RawRecord::attributes`].
    pub attributes: Vec<Attribute>,
}

/// A system or file that records come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    pub name: String,
    /// One person normally has one record here: two records of it are evidence of two people.
    pub one_record: bool,
}

/// A property of the data's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    pub name: String,
    pub kind: AttributeKind,
}

/// Kinds that an attribute may be of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttributeKind {
    Category,
    Text,
    Number,
    Date,
    /// `latitude longitude` in degrees, separated by a space or a comma.
    Place,
}

impl AttributeKind {
    pub const fn kind(self) -> Kind {
        match self {
            AttributeKind::Category => Kind::Category,
            AttributeKind::Text => Kind::Text,
            AttributeKind::Number => Kind::Number,
            AttributeKind::Date => Kind::Date,
            AttributeKind::Place => Kind::Place,
        }
    }
}

/// Most sources; a record names its source in a byte.
pub const SOURCES_MAX: usize = 255;

impl Schema {
    /// The five systems; one account a person in Shopify and Salesforce.
    pub fn company() -> Schema {
        let source = |s: System| Source {
            name: s.name().to_owned(),
            one_record: matches!(s, System::Shopify | System::Salesforce),
        };
        Schema { sources: System::ALL.map(source).to_vec(), attributes: Vec::new() }
    }

    /// # Errors
    /// [`ResolveError::BadSetting`] for too many sources or attributes, or none of the former.
    pub fn check(&self) -> Result<(), ResolveError> {
        let bad = |setting, value: usize, expected| {
            Err(ResolveError::BadSetting { setting, value: value.to_string(), expected })
        };
        if self.sources.is_empty() || self.sources.len() > SOURCES_MAX {
            return bad("sources", self.sources.len(), "1 to 255 sources");
        }
        if self.attributes.len() > Field::ATTRIBUTES_MAX {
            return bad("attributes", self.attributes.len(), "at most 6 attributes");
        }
        Ok(())
    }

    /// `None` for a position that the schema does not use.
    pub fn kind(&self, field: Field) -> Option<Kind> {
        match field.attribute_number() {
            None => field.role().map(|(_, kind)| kind),
            Some(n) => self.attributes.get(n).map(|a| a.kind.kind()),
        }
    }

    /// Empty for a position that the schema does not use.
    pub fn field_name(&self, field: Field) -> &str {
        match (field.role(), field.attribute_number()) {
            (Some((name, _)), _) => name,
            (None, Some(n)) => self.attributes.get(n).map_or("", |a| &a.name),
            (None, None) => "",
        }
    }

    /// Fields in use, with their kinds, in fixed order.
    pub fn fields(&self) -> impl Iterator<Item = (Field, Kind)> + '_ {
        Field::all().filter_map(|field| Some((field, self.kind(field)?)))
    }
}
