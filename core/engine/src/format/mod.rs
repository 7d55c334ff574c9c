//! The sections of a bundle: what `core/FORMAT.md` specifies, read in place.
//!
//! Every view here is made by a `parse` that has checked all of its bytes, or by a `reopen` of bytes that a `parse` has
//! checked before; having the view proves that they are right, so nothing checks again. Reading never copies and never
//! fails by panicking, whatever the bytes. Each `x_write.rs` (feature `write`)
//! is the sibling of `x.rs` and reads its own output back before returning it.
//!
//! Deliberately not here: hashes, signatures and the manifest (`kenal-bundle`), and scoring.

pub mod blend;
pub mod catalogue;
pub mod churn;
pub mod container;
pub mod items;
pub mod revocations;
pub mod row;
pub mod texts;
pub mod trending;
pub mod users;

pub(crate) mod le;

#[cfg(feature = "write")]
pub mod write;

#[cfg(feature = "write")]
mod blend_write;
#[cfg(feature = "write")]
mod catalogue_write;
#[cfg(feature = "write")]
mod churn_write;
#[cfg(feature = "write")]
mod container_write;
#[cfg(feature = "write")]
mod items_write;
#[cfg(feature = "write")]
mod revocations_write;
#[cfg(feature = "write")]
mod row_write;
#[cfg(feature = "write")]
mod tiers;
#[cfg(feature = "write")]
mod trending_write;
#[cfg(feature = "write")]
mod users_write;

/// The kinds of section. The numbers are on disk and never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
pub enum Kind {
    /// Factors and attributes of the items.
    Items = 1,
    /// What everybody else sees, per market and category.
    Trending = 2,
    /// The churn model.
    Churn = 3,
    /// Who has withdrawn since the build.
    Revocations = 4,
    /// The hashes of the user shards.
    Users = 5,
    /// One part of the users.
    UserShard = 6,
    /// What a card needs to draw itself.
    Catalogue = 7,
    /// What goes with what, and how the parts of a score are weighed.
    Blend = 8,
}

impl Kind {
    /// All kinds, in the order of their numbers.
    pub const ALL: [Kind; 8] = [
        Kind::Items,
        Kind::Trending,
        Kind::Churn,
        Kind::Revocations,
        Kind::Users,
        Kind::UserShard,
        Kind::Catalogue,
        Kind::Blend,
    ];

    /// The number in the section's header.
    pub const fn code(self) -> u16 {
        self as u16
    }

    /// The kind with this number.
    pub fn from_code(code: u16) -> Option<Kind> {
        Kind::ALL.into_iter().find(|k| k.code() == code)
    }

    /// The name used in manifests and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Items => "items",
            Kind::Trending => "trending",
            Kind::Churn => "churn",
            Kind::Revocations => "revocations",
            Kind::Users => "users",
            Kind::UserShard => "user-shard",
            Kind::Catalogue => "catalogue",
            Kind::Blend => "blend",
        }
    }

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|k| k.name() == name)
    }

    /// The newest version of this kind of section that this reader knows, which the writer writes.
    pub const fn version(self) -> u16 {
        match self {
            Kind::Items => 4,
            Kind::UserShard => 2,
            _ => 1,
        }
    }
}
