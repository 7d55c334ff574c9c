//! Everything that writes sections, and why a section cannot be written.
//!
//! Each writer reads its own output with the reader before it returns, so the two cannot drift apart unseen.

use core::fmt;

use super::Kind;
use crate::error::SectionError;

pub use super::blend_write::{BlendInput, write_blend};
pub use super::catalogue_write::{CatalogueInput, CatalogueItem, write_catalogue};
pub use super::churn_write::{ChurnFeature, ChurnInput, write_churn};
pub use super::items_write::{ItemInput, ItemsInput, ItemsSection, write_items};
pub use super::revocations_write::write_revocations;
pub use super::row_write::{HistoryInput, UserRowInput, write_row};
pub use super::tiers::{Grid, Tiers};
pub use super::trending_write::{TrendingInput, TrendingList, write_trending};
pub use super::users_write::{ShardInput, write_shard, write_users};

/// Why a section cannot be written. Positions count from 0, in the order of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteError {
    /// The section would be larger than a section may be.
    TooLarge {
        /// Which section.
        section: Kind,
    },
    /// More of something than the format allows.
    Limit {
        /// Which section.
        section: Kind,
        /// Of what.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there may be.
        max: usize,
    },
    /// An entry is not finite, outside its range, or of the wrong length.
    Value {
        /// Which section.
        section: Kind,
        /// Its position.
        entry: usize,
    },
    /// An entry occurs twice.
    Duplicate {
        /// Which section.
        section: Kind,
        /// Position of the second occurrence.
        entry: usize,
    },
    /// A parameter of the model is negative, not finite, or beyond its limit.
    Model,
    /// The revocation filter could not be built; this needs about a thousand unlucky seeds in a row.
    Filter,
    /// The reader refuses what was written: a bug in the writer, or an input it should have refused.
    ReadBack(SectionError),
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WriteError::TooLarge { section } => write!(f, "the {} section would be too large", section.name()),
            WriteError::Limit { section, what, found, max } => {
                write!(f, "{} section: {found} {what}, at most {max} fit", section.name())
            }
            WriteError::Value { section, entry } => {
                write!(f, "{} section: entry {entry} is not finite or outside its range", section.name())
            }
            WriteError::Duplicate { section, entry } => {
                write!(f, "{} section: entry {entry} is there twice", section.name())
            }
            WriteError::Model => f.write_str("a parameter of the model is negative, not finite, or too large"),
            WriteError::Filter => f.write_str("the revocation filter could not be built"),
            WriteError::ReadBack(e) => write!(f, "the writer made a section that the reader refuses: {e}"),
        }
    }
}

impl core::error::Error for WriteError {}

/// The pair assertion of every writer.
pub(crate) fn check<T>(read: Result<T, SectionError>) -> Result<T, WriteError> {
    read.map_err(WriteError::ReadBack)
}
