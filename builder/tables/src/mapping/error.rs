//! What can be wrong with a mapping, by itself or for the files it is used on.

use crate::limits::ATTRIBUTES_MAX;
use crate::names::hint;

/// A mapping cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MappingError {
    /// No TOML, or a key that means nothing here.
    #[error(transparent)]
    Toml(#[from] toml::de::Error),
    /// Records cannot be told apart.
    #[error("`id` names no column: say which one tells records apart")]
    NoId,
    /// Only an id: nothing says who is the same person.
    #[error("nothing to compare: map at least one column beside `id`")]
    NothingToCompare,
    /// A name is in no file: a slip, or the wrong file.
    #[error("{file}: no column `{column}` for {line}{}", hint(near.as_deref(), columns))]
    NoColumn {
        /// The file, or all of them.
        file: String,
        /// The name as the mapping has it.
        column: String,
        /// The mapping's line.
        line: String,
        /// The name most like it, when one is.
        near: Option<String>,
        /// Names of the first file's columns.
        columns: Vec<String>,
    },
    /// A column would count twice.
    #[error("{file}: column `{column}` is used twice, for {first} and for {second}")]
    UsedTwice { file: String, column: String, first: String, second: String },
    /// One column of dates or three of their parts; of other counts nobody knows what is the year.
    #[error("{file}: `birth_date` has {found} columns; one with dates, or year, month and day are expected")]
    BirthDate { file: String, found: usize },
    /// The engine compares no more.
    #[error("{found} attributes; {ATTRIBUTES_MAX} at most")]
    TooManyAttributes { found: usize },
    /// Evidence could not be told apart.
    #[error("attribute `{name}`: each needs a name of its own")]
    AttributeName { name: String },
    /// A place is two columns, every other kind one at least.
    #[error("attribute `{name}`: {what}")]
    AttributeColumns { name: String, what: &'static str },
}
