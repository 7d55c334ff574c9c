//! What each column of unknown tables most likely means, with a reason in one line.
//!
//! Two kinds of evidence: the column's name, in the languages of the region and some others, and what its values look
//! like. Values can overrule a name (a column `email` without addresses is none) and stand without one (`c1` … `c9`).
//! A column that looks like the answer, a cluster or an entity number, is never mapped.
//!
//! Deliberately not here: anything learnt from a truth, and values themselves: reasons say what they look like, and
//! never quote one.
//!
//! Read [`Sample`], [`guess`], [`Guess`]; then `header` (names), `pattern` and `words` (values one by one), `profile`
//! (a column as a whole), `verdict` (both together), `context` (columns beside one
//! another), `identifier` (which column is the id), `assemble` (all columns).

mod assemble;
mod context;
mod header;
mod identifier;
mod name_words;
mod pattern;
mod profile;
mod sample;
mod verdict;
mod words;

pub use assemble::{Guess, GuessError, guess};
pub use sample::Sample;
