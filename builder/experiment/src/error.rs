//! Why an experiment cannot be analysed.

use std::path::PathBuf;

use kenal_tables::read::ReadError;

/// What went wrong with which file, column or setting.
#[derive(Debug, thiserror::Error)]
pub enum ExperimentFileError {
    /// A file is missing, of another kind or broken, or lacks a column.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The file system, with the file.
    #[error("{}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    /// Every row was refused, or there are none.
    #[error("{}: no row can be used ({refused} refused){first}", path.display())]
    Nothing { path: PathBuf, refused: u64, first: String },
    /// The plan says what cannot be.
    #[error("{what}")]
    Plan { what: String },
    /// The exposures are of several experiments.
    #[error("the exposures are of {count} experiments: {names}; say which with --experiment NAME")]
    Several { count: usize, names: String },
    /// There is nothing to compare.
    #[error("{what}")]
    Arms { what: String },
}
