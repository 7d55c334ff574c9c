//! Which column of a table means what: a small TOML that a person can read, keep and edit.
//!
//! Every line names columns. Files that are resolved together share one mapping: a name that only some of them have is
//! used where it is, so `email = ["email", "e_mail"]` serves two files that spell it differently.
//!
//! Deliberately not here: finding out what a column means (`guess`), and how values are compared.
//!
//! Read [`Mapping`], [`Role`], [`Attribute`], then [`Mapping::check`] with [`Positions`]; `text` writes the TOML.

mod attribute;
mod check;
mod columns;
mod error;
mod role;
mod text;

pub use attribute::{Attribute, AttributeKind};
pub use check::{FileColumns, Positions};
pub use error::MappingError;
pub use role::Role;
pub use text::Reasons;

use serde::{Deserialize, Serialize};

/// Which column means what. A list that is empty says that no column holds it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// The column that tells records apart; of each file the first of these that it has.
    #[serde(with = "columns")]
    pub id: Vec<String>,
    /// Given names, joined in this order.
    #[serde(with = "columns", default)]
    pub given_name: Vec<String>,
    /// Family names, joined in this order.
    #[serde(with = "columns", default)]
    pub family_name: Vec<String>,
    /// Names as a whole, each by itself.
    #[serde(with = "columns", default)]
    pub full_name: Vec<String>,
    /// One column of whole dates, or three: year, month, day.
    #[serde(with = "columns", default)]
    pub birth_date: Vec<String>,
    /// Email addresses, each by itself.
    #[serde(with = "columns", default)]
    pub email: Vec<String>,
    /// Phone numbers, each by itself.
    #[serde(with = "columns", default)]
    pub phone: Vec<String>,
    /// The address below the city, joined in this order.
    #[serde(with = "columns", default)]
    pub street: Vec<String>,
    /// Cities, suburbs or villages, each by itself.
    #[serde(with = "columns", default)]
    pub city: Vec<String>,
    /// Postcodes, each by itself.
    #[serde(with = "columns", default)]
    pub postcode: Vec<String>,
    /// Countries, each by itself.
    #[serde(with = "columns", default)]
    pub country: Vec<String>,
    /// Devices, cookies or browsers, each by itself.
    #[serde(with = "columns", default)]
    pub device: Vec<String>,
    /// Membership, security or tax numbers, each by itself.
    #[serde(with = "columns", default)]
    pub number: Vec<String>,
    /// What else is compared, at most [`crate::ATTRIBUTES_MAX`].
    #[serde(default)]
    pub attributes: Vec<Attribute>,
    /// Columns that are not used, so that nobody wonders.
    #[serde(with = "columns", default)]
    pub ignore: Vec<String>,
}

impl Mapping {
    /// Reads a mapping from TOML text.
    ///
    /// # Errors
    /// The text is no TOML, or has a key that means nothing here; the error shows the line.
    pub fn from_toml(text: &str) -> Result<Self, MappingError> {
        Ok(toml::from_str(text)?)
    }

    /// Names of the columns that hold a role.
    pub fn role(&self, role: Role) -> &[String] {
        match role {
            Role::GivenName => &self.given_name,
            Role::FamilyName => &self.family_name,
            Role::FullName => &self.full_name,
            Role::BirthDate => &self.birth_date,
            Role::Email => &self.email,
            Role::Phone => &self.phone,
            Role::Street => &self.street,
            Role::City => &self.city,
            Role::Postcode => &self.postcode,
            Role::Country => &self.country,
            Role::Device => &self.device,
            Role::Number => &self.number,
        }
    }

    /// Names of the columns that hold a role, to be changed.
    pub fn role_mut(&mut self, role: Role) -> &mut Vec<String> {
        match role {
            Role::GivenName => &mut self.given_name,
            Role::FamilyName => &mut self.family_name,
            Role::FullName => &mut self.full_name,
            Role::BirthDate => &mut self.birth_date,
            Role::Email => &mut self.email,
            Role::Phone => &mut self.phone,
            Role::Street => &mut self.street,
            Role::City => &mut self.city,
            Role::Postcode => &mut self.postcode,
            Role::Country => &mut self.country,
            Role::Device => &mut self.device,
            Role::Number => &mut self.number,
        }
    }
}
