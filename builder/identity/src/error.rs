//! Why a resolution could not be made.

/// Refusals of [`crate::resolve`]. Messages name keys and positions, never names or addresses.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ResolveError {
    /// More records than a packed pair can name. Split the input by market.
    #[error("{records} records are more than the {max} that one resolution can hold; split the input by market")]
    TooManyRecords { records: usize, max: usize },
    /// Records were pushed to those that a resolution has measured. Changes go to [`crate::Live`].
    #[error("the records were resolved already; changes to them go to Live")]
    AlreadyResolved,
    /// A record that is changed, or a person who is to be split again, is not known.
    #[error("{what} {key} is not known")]
    Unknown { what: &'static str, key: String },
    /// Two records with one key: the caller has not reduced versions to the latest.
    #[error("the record {key} occurs twice; pass only the latest version of each record")]
    DuplicateRecord { key: String },
    /// The earlier run is inconsistent: one record belonged to two people.
    #[error("the earlier assignments give the record {key} to two people")]
    PriorConflict { key: String },
    /// A record names a source that the schema does not have.
    #[error("a record is of source {source_number}, but the schema has {sources}")]
    UnknownSource { source_number: u8, sources: usize },
    /// A basket, an earlier assignment or a decision names a record that is not there.
    #[error("record {record} is named by {what}, but there are {records} records")]
    NoSuchRecord { record: u32, what: &'static str, records: usize },
    /// A setting outside its range.
    #[error("setting {setting} is {value}, but must be {expected}")]
    BadSetting { setting: &'static str, value: String, expected: &'static str },
}
