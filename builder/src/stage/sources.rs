//! sources: five systems' exports into bronze and silver, exactly once.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use kenal_lake::{FileOutcome, FileStatus, Ingest};
use kenal_sources::{FileKind, FileReport, FileState, RowSink, SinkError, SourceReport, Take, read, survey};
use kenal_types::{Entity, FileStamp, Origin, Rejection, System};

use super::Company;
use crate::ui::{Align, Bytes, Table, count};

pub fn run(company: &Company) -> Result<()> {
    let from = company.from.as_deref().context("the exports' folder is not known; add --from DIR")?;
    refuse_stranger(from)?;
    let mut table = Table::new(&[
        ("system", Align::Left),
        ("files", Align::Right),
        ("rows read", Align::Right),
        ("accepted", Align::Right),
        ("rejected", Align::Right),
        ("why", Align::Left),
    ]);
    let mut notes = Vec::new();
    for system in System::ALL {
        let report = one(company, system, &from.join(system.name()))?;
        let why: Vec<String> = report.rejected().iter().map(|(why, n)| format!("{why} {}", count(*n))).collect();
        let rejected: u64 = report.rejected().values().sum();
        let files = report.files.len() as u64;
        let cells = [count(files), count(report.read()), count(report.accepted()), count(rejected)];
        table.row([system.name().to_owned()].into_iter().chain(cells).chain([why.join(", ")]));
        for file in &report.files {
            let strange = !matches!(file.state, FileState::Whole | FileState::Declined) || file.note.is_some();
            notes.extend(strange.then(|| format!("{}/{file}", system.name())));
        }
        let absent: Vec<&str> = report.absent().map(FileKind::name).collect();
        if !absent.is_empty() {
            let at = from.join(system.name());
            notes.push(format!(
                "{system}: there is no file of {} in {}; was one forgotten? what the lake knows of them stays",
                absent.join(", "),
                at.display()
            ));
        }
        let known = report.files.iter().filter(|f| f.state == FileState::Declined).count();
        if known > 0 {
            notes.push(format!("{system}: {known} of {files} files were in the lake already"));
        }
    }
    println!("{table}");
    for note in notes {
        println!("{note}");
    }
    println!("rejected rows, with their bytes: kenal show dead-letters --lake {}", company.lake.root().display());
    Ok(())
}

/// A folder that holds none of the five is the wrong one; say so once instead of five times.
pub fn refuse_stranger(from: &Path) -> Result<()> {
    if !from.is_dir() {
        bail!(
            "no folder {}; --from takes the folder that holds shopify, zendesk, salesforce, warehouse and app",
            from.display()
        );
    }
    if System::ALL.iter().any(|s| from.join(s.name()).is_dir()) {
        return Ok(());
    }
    let mut found: Vec<String> = std::fs::read_dir(from)
        .with_context(|| format!("reading {}", from.display()))?
        .filter_map(|e| Some(e.ok()?.file_name().to_string_lossy().into_owned()))
        .collect();
    found.sort_unstable();
    found.truncate(8);
    let found = if found.is_empty() { "nothing".to_owned() } else { found.join(", ") };
    bail!("{} holds none of shopify, zendesk, salesforce, warehouse, app; it holds {found}", from.display())
}

fn one(company: &Company, system: System, dir: &Path) -> Result<SourceReport> {
    let progress = Bytes::start(system.name());
    let survey = survey(system, dir, &progress)?;
    let stamps: Vec<FileStamp> = survey.stamps().cloned().collect();
    let mut sink = LakeSink { ingest: company.lake.begin_ingest(system, &stamps, company.now)? };
    let report = read(&survey, &mut sink, &progress)?;
    if let Some(ingest) = sink.ingest {
        ingest.commit()?;
    }
    progress.finish(&format!("{} rows", count(report.read())));
    Ok(report)
}

/// Hands rows to the lake; declines files that are in it.
struct LakeSink<'a> {
    ingest: Option<Ingest<'a>>,
}

fn fail(error: kenal_lake::LakeError) -> SinkError {
    SinkError(Box::new(error))
}

impl RowSink for LakeSink<'_> {
    fn file(&mut self, stamp: &FileStamp) -> Result<Take, SinkError> {
        let wanted = self.ingest.as_ref().is_some_and(|ingest| ingest.wants(stamp));
        Ok(if wanted { Take::Rows } else { Take::Nothing })
    }

    fn accepted(&mut self, origin: &Origin, raw: &[u8], entities: Vec<Entity>) -> Result<(), SinkError> {
        self.ingest.as_mut().map_or(Ok(()), |ingest| ingest.accept(origin, raw, entities).map_err(fail))
    }

    fn rejected(&mut self, rejection: Rejection) -> Result<(), SinkError> {
        self.ingest.as_mut().map_or(Ok(()), |ingest| ingest.reject(rejection).map_err(fail))
    }

    fn file_done(&mut self, report: &FileReport) -> Result<(), SinkError> {
        let Some((ingest, status)) = self.ingest.as_mut().zip(status(report)) else { return Ok(()) };
        let reason = match &report.state {
            FileState::Quarantined(why) => Some(why.to_string()),
            _ => report.note.clone(),
        };
        let outcome = FileOutcome {
            file: report.name.clone(),
            kind: report.kind.name().to_owned(),
            status,
            reason,
            read: report.read,
            accepted: report.accepted,
            rejected: report.rejected_count(),
            watermark: report.watermark,
        };
        ingest.file_done(outcome).map_err(fail)
    }
}

/// `None` for a file that the lake has: nothing new became of it.
fn status(report: &FileReport) -> Option<FileStatus> {
    match report.state {
        FileState::Whole => Some(FileStatus::Accepted),
        FileState::Partial => Some(FileStatus::Partial),
        FileState::Quarantined(_) => Some(FileStatus::Quarantined),
        FileState::Declined => None,
    }
}
