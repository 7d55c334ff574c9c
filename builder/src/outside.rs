//! Files from outside as records of the identity engine: the join of `kenal-tables` and `kenal-identity`.
//!
//! Read [`Setup`], then [`take`].

mod raw;
mod setup;

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use kenal_identity::{Records, ResolveError};
use kenal_tables::mapping::{FileColumns, Positions};
use kenal_tables::read::{Batch, Reader, Rejected};

pub use setup::Setup;

use crate::ui::Progress;

/// What was read.
pub struct Taken {
    pub records: Records,
    pub rejected: Vec<Rejected>,
}

/// Reads the files into records, in their order.
pub fn take(setup: &Setup, inputs: &[PathBuf], progress: &Progress) -> Result<Taken> {
    let mut readers = open(inputs)?;
    let positions = positions(setup, &readers)?;
    let mut records = Records::new(setup.schema(&names(&readers)))?;
    let mut rejected = Vec::new();
    let mut batch = Batch::new();
    for (source, (reader, positions)) in readers.iter_mut().zip(&positions).enumerate() {
        reader.select(&positions.used());
        while reader.next_batch(&mut batch).with_context(|| format!("reading {}", reader.path().display()))? {
            rejected.extend(raw::push(&mut records, source as u8, &batch, positions, reader).map_err(|error| {
                let column = &reader.columns()[positions.id];
                let path = reader.path().display().to_string();
                match error {
                    ResolveError::DuplicateRecord { key } => anyhow::anyhow!(
                        "{path}: the id {key} occurs twice in the column `{column}`, which must tell records apart; \
                         name another column under `id` in --config, or remove the copies"
                    ),
                    other => anyhow::Error::new(other).context(path),
                }
            })?);
            rejected.append(&mut batch.take_rejected());
            progress.set("records", records.len() as u64, 0);
        }
        rejected.append(&mut batch.take_rejected());
    }
    Ok(Taken { records, rejected })
}

pub(crate) fn open(inputs: &[PathBuf]) -> Result<Vec<Reader>> {
    let readers: std::result::Result<Vec<Reader>, _> = inputs.iter().map(|path| Reader::open(path)).collect();
    Ok(readers?)
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

pub(crate) fn positions(setup: &Setup, readers: &[Reader]) -> Result<Vec<Positions>> {
    let names: Vec<String> = readers.iter().map(Reader::name).collect();
    let files: Vec<FileColumns<'_>> =
        readers.iter().zip(&names).map(|(reader, file)| FileColumns { file, columns: reader.columns() }).collect();
    Ok(setup.mapping.check(&files)?)
}
