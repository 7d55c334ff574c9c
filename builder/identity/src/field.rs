//! What is compared: ten roles that every customer record can fill, and up to six attributes of the data's own.
//!
//! A [`Field`] is a position, a [`Kind`] how values at that position are compared: its levels of agreement, and what is
//! believed of them before anything is seen. The roles are fixed because the engine knows what they mean for each other
//! (a household shares a street and a phone, a local part is made of the name); attributes are taken for independent
//! unless the data say otherwise.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::comparison::name;

/// Position of a field, below [`Field::COUNT`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[repr(transparent)]
pub struct Field(u8);

impl Field {
    pub const NAME: Field = Field(0);
    pub const BIRTH_DATE: Field = Field(1);
    pub const EMAIL: Field = Field(2);
    pub const PHONE: Field = Field(3);
    pub const STREET: Field = Field(4);
    /// Postcode and city.
    pub const LOCALITY: Field = Field(5);
    pub const DEVICE: Field = Field(6);
    pub const PURCHASES: Field = Field(7);
    /// A membership, loyalty or security number.
    pub const NUMBER: Field = Field(8);
    /// Two accounts of a system in which a person has one.
    pub const ACCOUNTS: Field = Field(9);

    /// Roles.
    pub const ROLES: usize = 10;
    /// Most attributes.
    pub const ATTRIBUTES_MAX: usize = 6;
    /// Roles and attributes together: four bits of a pattern each.
    pub const COUNT: usize = Field::ROLES + Field::ATTRIBUTES_MAX;

    /// The `n`-th attribute; `n` below [`Field::ATTRIBUTES_MAX`].
    pub(crate) const fn attribute(n: usize) -> Field {
        Field((Field::ROLES + n) as u8)
    }

    /// Position in arrays by field.
    pub const fn at(self) -> usize {
        self.0 as usize
    }

    /// All positions, used or not.
    pub fn all() -> impl Iterator<Item = Field> {
        (0..Field::COUNT as u8).map(Field)
    }

    /// The position of the attribute, when it is not a role.
    pub(crate) fn attribute_number(self) -> Option<usize> {
        self.at().checked_sub(Field::ROLES)
    }

    /// The role, when it is not an attribute.
    pub const fn role(self) -> Option<(&'static str, Kind)> {
        Some(match self {
            Field::NAME => ("name", Kind::Name),
            Field::BIRTH_DATE => ("birth date", Kind::Date),
            Field::EMAIL => ("email", Kind::Email),
            Field::PHONE => ("phone", Kind::Phone),
            Field::STREET => ("street", Kind::Text),
            Field::LOCALITY => ("locality", Kind::Locality),
            Field::DEVICE => ("device", Kind::Device),
            Field::PURCHASES => ("purchases", Kind::Purchases),
            Field::NUMBER => ("number", Kind::Number),
            Field::ACCOUNTS => ("accounts", Kind::Accounts),
            _ => return None,
        })
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.role() {
            Some((name, _)) => f.write_str(name),
            None => write!(f, "attribute {}", self.at() - Field::ROLES),
        }
    }
}

const _: () = assert!(Field::COUNT * 4 <= 64, "a pattern has 64 bits");

/// How values of a field are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Name,
    Date,
    Email,
    Phone,
    /// Words: a street, a company, a title.
    Text,
    Locality,
    Device,
    Purchases,
    /// Letters and digits that tell one from another.
    Number,
    Accounts,
    /// One of few values: gender, occupation, state.
    Category,
    /// Latitude and longitude in degrees.
    Place,
}

/// Most levels of a field, with level 0.
pub(crate) const LEVELS_MAX: usize = 9;

/// Level 0 of every field.
pub(crate) const MISSING: u8 = 0;
pub(crate) const DIFFERENT: u8 = 1;

pub(crate) const DATE_PARTIAL: u8 = 2;
/// Below this level, two known dates contradict each other.
pub(crate) const DATE_NEAR: u8 = 3;
pub(crate) const DATE_SAME: u8 = 4;

pub(crate) const EMAIL_LOCAL_ALIKE: u8 = 2;
pub(crate) const EMAIL_LOCAL_SAME: u8 = 3;
pub(crate) const EMAIL_SLIP: u8 = 4;
pub(crate) const EMAIL_SAME: u8 = 5;

pub(crate) const PHONE_SLIP: u8 = 2;
pub(crate) const PHONE_TAIL_SAME: u8 = 3;
pub(crate) const PHONE_SAME: u8 = 4;

pub(crate) const TEXT_SOME: u8 = 2;
pub(crate) const TEXT_MOST: u8 = 3;
pub(crate) const TEXT_SAME: u8 = 4;

pub(crate) const LOCALITY_CLOSE: u8 = 2;
pub(crate) const LOCALITY_AREA: u8 = 3;
pub(crate) const LOCALITY_CITY: u8 = 4;
pub(crate) const LOCALITY_POSTCODE: u8 = 5;
pub(crate) const LOCALITY_BOTH: u8 = 6;

pub(crate) const DEVICE_SHARED: u8 = 2;

pub(crate) const ITEMS_SOME: u8 = 2;
pub(crate) const ITEMS_MANY: u8 = 3;
pub(crate) const BASKET_SAME: u8 = 4;
pub(crate) const ORDER_SAME: u8 = 5;

pub(crate) const NUMBER_SLIP: u8 = 2;
pub(crate) const NUMBER_SAME: u8 = 3;

pub(crate) const CATEGORY_CLOSE: u8 = 2;
pub(crate) const CATEGORY_ALIAS: u8 = 3;
pub(crate) const CATEGORY_SAME: u8 = 4;

pub(crate) const ACCOUNTS_CONFLICT: u8 = 1;
pub(crate) const ACCOUNTS_NO_CONFLICT: u8 = 2;

/// How the frequency of the agreed value enters a weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rarity {
    /// The value has no frequency of its own.
    None,
    /// The frequency stands for `u`.
    IsU,
    /// The level's weight moves by how much rarer the agreed part is than that of random pairs on the same level.
    Shifts,
}

impl Kind {
    /// What each level means, from level 0.
    pub const fn levels(self) -> &'static [&'static str] {
        match self {
            Kind::Name => &[
                "missing",
                "different",
                "one word close",
                "the only word close",
                "one word same",
                "the only word same",
                "all words close",
                "words same or close",
                "same",
            ],
            Kind::Date => &["missing", "different", "two parts same", "one slip apart", "same"],
            Kind::Email => &["missing", "different", "local part alike", "local part same", "one slip apart", "same"],
            Kind::Phone => &["missing", "different", "one slip apart", "same last eight digits", "same"],
            Kind::Text => &["missing", "different", "some words same", "most words same", "same"],
            Kind::Locality => &[
                "missing",
                "different",
                "postcode or city close",
                "postcode area same",
                "city same",
                "postcode same",
                "city and postcode same",
            ],
            Kind::Device => &["missing", "none shared", "shared"],
            Kind::Purchases => &[
                "missing",
                "none shared",
                "some items shared",
                "many items shared",
                "same basket, same day",
                "same order",
            ],
            Kind::Number => &["missing", "different", "one slip apart", "same"],
            Kind::Accounts => &["missing", "two accounts of one system", "no conflict"],
            Kind::Category => &["missing", "different", "close", "stands for the other", "same"],
            Kind::Place => &["missing", "beyond 100 km", "within 100 km", "within 10 km", "within 1 km"],
        }
    }

    /// The level of full agreement.
    pub(crate) const fn top(self) -> usize {
        self.levels().len() - 1
    }

    pub(crate) const fn rarity(self, level: u8) -> Rarity {
        match (self, level) {
            (Kind::Name, name::ONLY_SAME | name::SAME)
            | (Kind::Date, DATE_SAME)
            | (Kind::Email, EMAIL_LOCAL_SAME | EMAIL_SAME)
            | (Kind::Phone, PHONE_SAME)
            | (Kind::Text, TEXT_SAME)
            | (Kind::Locality, LOCALITY_CITY..=LOCALITY_BOTH)
            | (Kind::Device, DEVICE_SHARED)
            | (Kind::Purchases, ORDER_SAME)
            | (Kind::Number, NUMBER_SAME)
            | (Kind::Category, CATEGORY_SAME) => Rarity::IsU,
            (Kind::Name, name::ONE_SAME | name::SAME_OR_CLOSE) | (Kind::Locality, LOCALITY_AREA) => Rarity::Shifts,
            _ => Rarity::None,
        }
    }

    /// `m` before anything is seen, from level 1; sums to 1. Learnt `m` replaces it as evidence grows.
    pub(crate) const fn default_m(self) -> &'static [f64] {
        match self {
            Kind::Name => &[0.01, 0.005, 0.005, 0.04, 0.05, 0.03, 0.11, 0.75],
            Kind::Date => &[0.03, 0.03, 0.07, 0.87],
            Kind::Email => &[0.45, 0.05, 0.1, 0.02, 0.38],
            Kind::Phone => &[0.4, 0.03, 0.02, 0.55],
            Kind::Text => &[0.2, 0.05, 0.15, 0.6],
            Kind::Locality => &[0.1, 0.05, 0.05, 0.15, 0.05, 0.6],
            Kind::Device => &[0.5, 0.5],
            Kind::Purchases => &[0.5, 0.15, 0.1, 0.05, 0.2],
            Kind::Number => &[0.05, 0.05, 0.9],
            Kind::Accounts => &[0.02, 0.98],
            Kind::Category => &[0.1, 0.05, 0.05, 0.8],
            Kind::Place => &[0.1, 0.1, 0.2, 0.6],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [Kind; 12] = [
        Kind::Name,
        Kind::Date,
        Kind::Email,
        Kind::Phone,
        Kind::Text,
        Kind::Locality,
        Kind::Device,
        Kind::Purchases,
        Kind::Number,
        Kind::Accounts,
        Kind::Category,
        Kind::Place,
    ];

    #[test]
    fn defaults_are_probabilities_of_the_levels() {
        for kind in KINDS {
            assert_eq!(kind.default_m().len(), kind.top(), "{kind:?}");
            assert!((kind.default_m().iter().sum::<f64>() - 1.0).abs() < 1e-9, "{kind:?}");
            assert!(kind.levels().len() <= LEVELS_MAX, "{kind:?}");
        }
    }

    #[test]
    fn roles_come_first() {
        assert!(Field::all().take(Field::ROLES).all(|f| f.role().is_some()));
        assert!(Field::all().skip(Field::ROLES).all(|f| f.role().is_none()));
        assert_eq!(Field::attribute(0).attribute_number(), Some(0));
    }
}
