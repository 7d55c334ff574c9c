//! A fitted model as a file.

use std::path::Path;

use kenal_models::churn::ChurnModel;
use serde::{Deserialize, Serialize};

use crate::error::ChurnFileError;
use crate::log::Population;
use crate::table::Encoder;

/// What the model's features are made of.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    Transactions { population: Population },
    Table { encoder: Encoder },
}

/// First field of the file, so that other files are refused with a reason.
const FORMAT: &str = "kenal churn model 1";

/// A model with all that scoring needs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Saved {
    format: String,
    pub input: Input,
    pub model: ChurnModel,
}

impl Saved {
    pub(crate) fn new(input: Input, model: ChurnModel) -> Saved {
        Saved { format: FORMAT.to_owned(), input, model }
    }

    /// Writes the model as JSON.
    ///
    /// # Errors
    /// The file system.
    pub fn write(&self, path: &Path) -> Result<(), ChurnFileError> {
        let io = |source| ChurnFileError::Io { path: path.to_owned(), source };
        let text = serde_json::to_vec_pretty(self).map_err(|e| io(e.into()))?;
        std::fs::write(path, text).map_err(io)
    }

    /// Reads a model.
    ///
    /// # Errors
    /// The file system, or a file that is no such model.
    pub fn read(path: &Path) -> Result<Saved, ChurnFileError> {
        let text = std::fs::read(path).map_err(|source| ChurnFileError::Io { path: path.to_owned(), source })?;
        let wrong = |what: String| ChurnFileError::Model { path: path.to_owned(), what };
        let saved: Saved = serde_json::from_slice(&text)
            .map_err(|e| wrong(format!("is no churn model as `churn fit` writes it: {e}")))?;
        if saved.format != FORMAT {
            return Err(wrong(format!("is of format {:?}; this program reads {FORMAT:?}: fit it again", saved.format)));
        }
        Ok(saved)
    }
}
