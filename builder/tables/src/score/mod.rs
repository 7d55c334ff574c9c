//! How good clusters are, when the truth is known.
//!
//! Two lists of labels, the clusters found and the true ones, are joined by record id ([`Labels`]). [`score`] counts
//! pairs of records that are together in both, and measures:
//! - *pairwise* precision, recall and F1: of pairs together in the clusters, how many truly are, and the reverse;
//! - *B³* (Bagga and Baldwin 1998, "Algorithms for scoring coreference chains"): the same for each record, averaged, so
//!   that one huge cluster does not outweigh ten thousand small ones;
//! - by size of the true cluster, how many are found exactly, split (under-merged) or mixed with others (over-merged).
//!
//! Deliberately not here: knowing how a truth is written. A truth is a table with an id and a label.
//!
//! Read [`Labels`], [`score`], [`Score`], and its rendering in [`Score::to_text`].

mod interner;
mod labels;
mod measure;
mod sizes;
mod text;

pub use labels::{LabelColumns, Labels, LabelsError};
pub use measure::{Measure, Score, ScoreError, Unjoined, score};
pub use sizes::{SIZE_CLASSES, SizeClass, SizeRow};
