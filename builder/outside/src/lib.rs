//! Files of people from outside, resolved: the join of `kenal-tables` and `kenal-identity`, which do not know each other.
//!
//! Deliberately not here: how the resolution is done, and what a command line prints. `kenal identity resolve` and the
//! benchmarks do the same work with it, file to file.
//!
//! Read [`Setup`], then [`take`], `raw` (rows as records), and [`write_clusters`] and [`write_links`].

mod error;
mod out;
mod raw;
mod setup;

use std::path::PathBuf;

use kenal_identity::{Records, ResolveError};
use kenal_tables::mapping::{FileColumns, Positions};
use kenal_tables::read::{Batch, ReadError, Reader, Rejected};

pub use error::OutsideError;
pub use out::{write_clusters, write_links};
pub use setup::Setup;

/// What was read.
#[derive(Debug)]
pub struct Taken {
    /// One for each row that has an id, in the files' order.
    pub records: Records,
    /// The rows that are none, with their bytes.
    pub rejected: Vec<Rejected>,
}

/// Reads the files into records, in their order. `progress` is told after every batch how many records there are.
///
/// # Errors
/// A file cannot be read, lacks a column of the setup, or has an id twice; or there are too many records.
pub fn take(setup: &Setup, inputs: &[PathBuf], progress: impl Fn(u64)) -> Result<Taken, OutsideError> {
    let mut readers = open(inputs)?;
    let positions = positions(setup, &readers)?;
    let mut records = Records::new(setup.schema(&names(&readers)))?;
    let mut rejected = Vec::new();
    let mut batch = Batch::new();
    for (source, (reader, positions)) in readers.iter_mut().zip(&positions).enumerate() {
        reader.select(&positions.used());
        let path = reader.path().to_owned();
        let broken = |source| OutsideError::Reading { path: path.clone(), source: Box::new(source) };
        while reader.next_batch(&mut batch).map_err(broken)? {
            rejected.extend(raw::push(&mut records, source as u8, &batch, positions, reader).map_err(|error| {
                let path = path.clone();
                match error {
                    ResolveError::DuplicateRecord { key } => {
                        OutsideError::IdTwice { path, key, column: reader.columns()[positions.id].clone() }
                    }
                    source => OutsideError::Taking { path, source },
                }
            })?);
            rejected.append(&mut batch.take_rejected());
            progress(records.len() as u64);
        }
        rejected.append(&mut batch.take_rejected());
    }
    Ok(Taken { records, rejected })
}

fn open(inputs: &[PathBuf]) -> Result<Vec<Reader>, ReadError> {
    inputs.iter().map(|path| Reader::open(path)).collect()
}

/// Names that tell the files apart: their own, with a number where two have the same.
fn names(readers: &[Reader]) -> Vec<String> {
    let name = |(at, reader): (usize, &Reader)| {
        let own = reader.name();
        let twice = readers.iter().enumerate().any(|(other, r)| other != at && r.name() == own);
        if twice { format!("{own}#{}", at + 1) } else { own }
    };
    readers.iter().enumerate().map(name).collect()
}

fn positions(setup: &Setup, readers: &[Reader]) -> Result<Vec<Positions>, OutsideError> {
    let names: Vec<String> = readers.iter().map(Reader::name).collect();
    let files: Vec<FileColumns<'_>> =
        readers.iter().zip(&names).map(|(reader, file)| FileColumns { file, columns: reader.columns() }).collect();
    Ok(setup.mapping.check(&files)?)
}
