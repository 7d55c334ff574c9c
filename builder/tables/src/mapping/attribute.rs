//! What else is compared: columns the engine has no role for.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::columns;

/// How an attribute's values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttributeKind {
    /// The same or not, such as a gender or a state.
    Category,
    /// Words that may be written differently, such as a company.
    Text,
    /// A quantity.
    Number,
    /// A day.
    Date,
    /// A point on the earth: two columns, latitude and longitude in degrees.
    Place,
}

impl AttributeKind {
    /// Its word in a mapping.
    pub const fn name(self) -> &'static str {
        match self {
            AttributeKind::Category => "category",
            AttributeKind::Text => "text",
            AttributeKind::Number => "number",
            AttributeKind::Date => "date",
            AttributeKind::Place => "place",
        }
    }
}

impl fmt::Display for AttributeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A column, or two for a place, that is compared beside the roles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attribute {
    /// What evidence calls it. Unique in a mapping.
    pub name: String,
    /// How it is compared.
    pub kind: AttributeKind,
    /// Where it is: the first that a file has; for a place, latitude and longitude.
    #[serde(with = "columns")]
    pub columns: Vec<String>,
}
