//! Why files from outside could not be resolved.

use std::path::PathBuf;

use kenal_identity::ResolveError;
use kenal_tables::guess::GuessError;
use kenal_tables::mapping::MappingError;
use kenal_tables::read::ReadError;

/// What went wrong with which file or setting. Messages name files, columns and ids, and no other value of a person.
#[derive(Debug, thiserror::Error)]
pub enum OutsideError {
    /// A file is missing, empty, of another kind or broken from its beginning.
    #[error(transparent)]
    Open(#[from] ReadError),
    /// No column looks like what is needed; say it in a configuration.
    #[error(transparent)]
    Guess(#[from] GuessError),
    /// A column that the configuration names is not there, or is named twice.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// The configuration is no TOML, or has a key that there is not.
    #[error(transparent)]
    Config(#[from] toml::de::Error),
    /// A setting or a schema is out of range.
    #[error(transparent)]
    Setting(#[from] ResolveError),
    /// The settings could not be written as text.
    #[error("writing the settings")]
    Settings(#[from] toml::ser::Error),
    /// A file broke off while it was read.
    #[error("reading {}", path.display())]
    Reading { path: PathBuf, source: Box<ReadError> },
    /// A file's records do not fit: too many, as a rule.
    #[error("{}", path.display())]
    Taking { path: PathBuf, source: ResolveError },
    /// The id tells no records apart.
    #[error(
        "{}: the id {key} occurs twice in the column `{column}`, which must tell records apart; name another column \
         under `id` in --config, or remove the copies",
        path.display()
    )]
    IdTwice { path: PathBuf, key: String, column: String },
}
