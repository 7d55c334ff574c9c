//! The audit: how complete, fresh and consistent each field of each of the five systems is.
//!
//! It reads the lake's silver tables (in the versions that count), its record of files and its dead letters, through
//! queries alone, and gives one [`AuditReport`]: as JSON for machines, as a table for the terminal, and as one
//! self-contained HTML page for people ([`text::render`], [`html::render`]).
//!
//! - *Completeness*: of each field, how often it is filled, against what the shop expects.
//! - *Validity*: values that cannot be what the field says: an email without `@`, a birthday in the future.
//! - *Freshness*: how old each source's watermark is, against its limit.
//! - *Consistency*: what systems say about the same order, item, customer or consent, and how often two systems that
//!   know the same email agree on a field.
//!
//! The report may be mailed around, so it holds no person's data: samples are record keys with [`mask`]ed values.
//!
//! Deliberately not here: mending anything, and deciding which system is right. The clock is an argument, and the same
//! lake gives the same report.
//!
//! Read in this order: [`source`], [`fields`], [`kind`], [`checks`], [`agreement`], [`report`], then the renderings.

pub mod agreement;
pub mod checks;
mod config;
pub mod fields;
mod format;
pub mod html;
pub mod intake;
pub mod kind;
pub mod mask;
pub mod report;
pub mod source;
pub mod text;

pub use config::AuditConfig;
pub use report::{AuditReport, Severity};
pub use source::{AuditError, AuditSource};

use kenal_types::Timestamp;

/// Audits a lake.
///
/// `now` is what ages and "in the future" are measured against. Cost: one pass over each silver table for its fields,
/// one for each of its lists, and one join for each check.
///
/// # Errors
/// A query fails, or a table lacks a column.
pub fn run(source: &dyn AuditSource, config: &AuditConfig, now: Timestamp) -> Result<AuditReport, AuditError> {
    let intake = intake::read(source, config, now)?;
    let tables = fields::read(source, config, now)?;
    let checks = checks::read(source)?;
    let agreements = agreement::read(source)?;
    Ok(AuditReport { now: now.to_string(), intake, tables, checks, agreements })
}
