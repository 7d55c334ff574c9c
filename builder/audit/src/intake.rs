//! What came in: files, rejected rows, and how old each source's watermark is.

use kenal_types::{System, Timestamp};

use crate::config::AuditConfig;
use crate::report::{DeadLetters, FileTrouble, Freshness, Intake, Severity, SystemIntake, share};
use crate::source::{Answer, AuditError, AuditSource, Row};

/// Share of a system's rows that may be rejected for one reason before it is a warning: every export has a few.
const REJECTED_WARNING: f64 = 0.001;
/// And before it is a problem.
const REJECTED_PROBLEM: f64 = 0.05;

/// Reads `bronze_files` and `bronze_dead_letters`.
///
/// # Errors
/// A query fails.
pub fn read(source: &dyn AuditSource, config: &AuditConfig, now: Timestamp) -> Result<Intake, AuditError> {
    let systems = systems(source)?;
    Ok(Intake {
        freshness: freshness(source, config, now)?,
        files: files(source)?,
        dead_letters: dead_letters(source, &systems)?,
        systems,
    })
}

/// Every system is listed: one that sent nothing is the worst of all.
fn systems(source: &dyn AuditSource) -> Result<Vec<SystemIntake>, AuditError> {
    let query = "SELECT system, COUNT(*) AS files, SUM(read) AS read, SUM(accepted) AS accepted, \
                 SUM(rejected) AS rejected FROM bronze_files WHERE status <> 'quarantined' GROUP BY system";
    let answer = Answer::ask(source, "the files of each system", query)?;
    let mut all = Vec::new();
    for system in System::ALL {
        let mut found = SystemIntake { system, files: 0, read: 0, accepted: 0, rejected: 0 };
        for row in answer.rows().filter(|r| r.text("system").is_ok_and(|s| s == Some(system.name()))) {
            found.files = row.count("files")?;
            found.read = row.count("read")?;
            found.accepted = row.count("accepted")?;
            found.rejected = row.count("rejected")?;
        }
        all.push(found);
    }
    Ok(all)
}

fn freshness(source: &dyn AuditSource, config: &AuditConfig, now: Timestamp) -> Result<Vec<Freshness>, AuditError> {
    let query = "SELECT system, kind, CAST(MAX(CASE WHEN status = 'accepted' THEN watermark END) AS VARCHAR) AS watermark \
                 FROM bronze_files WHERE kind <> 'unknown' GROUP BY system, kind";
    let answer = Answer::ask(source, "the watermark of each system", query)?;
    let mut all = Vec::new();
    for row in answer.rows() {
        let system = row.parse("system")?;
        // DataFusion writes a time with its zone, which is what `Timestamp` reads.
        let watermark = row.text("watermark")?.and_then(|t| t.parse::<Timestamp>().ok());
        let age_hours = watermark.map(|w| now.days_since(w) * 24.0);
        let age_hours_max = config.age_hours_max.get(&system).copied();
        let severity = match (age_hours, age_hours_max) {
            (None, _) => Severity::Note,
            (Some(_), None) => Severity::Fine,
            (Some(age), Some(max)) if age > 2.0 * f64::from(max) => Severity::Problem,
            (Some(age), Some(max)) if age > f64::from(max) => Severity::Warning,
            (Some(_), Some(_)) => Severity::Fine,
        };
        let kind = row.text("kind")?.unwrap_or_default().to_owned();
        let watermark = watermark.map(|w| w.to_string());
        all.push(Freshness { system, kind, watermark, age_hours, age_hours_max, severity });
    }
    for system in System::ALL {
        if !all.iter().any(|f| f.system == system) {
            let age_hours_max = config.age_hours_max.get(&system).copied();
            let kind = "(no file)".to_owned();
            all.push(Freshness {
                system,
                kind,
                watermark: None,
                age_hours: None,
                age_hours_max,
                severity: Severity::Problem,
            });
        }
    }
    all.sort_by(|a, b| (a.system, &a.kind).cmp(&(b.system, &b.kind)));
    Ok(all)
}

fn files(source: &dyn AuditSource) -> Result<Vec<FileTrouble>, AuditError> {
    // A file that was quarantined and later read whole is no trouble any more.
    let query = "SELECT system, file, status, reason FROM bronze_files f WHERE status <> 'accepted' \
                 AND NOT (status = 'quarantined' AND EXISTS (SELECT 1 FROM bronze_files g \
                 WHERE g.system = f.system AND g.file = f.file AND g.status = 'accepted' AND g.ingest > f.ingest))";
    let answer = Answer::ask(source, "files in trouble", query)?;
    let trouble = |row: Row<'_>| {
        let status = row.text("status")?.unwrap_or_default().to_owned();
        Ok(FileTrouble {
            system: row.parse("system")?,
            file: row.text("file")?.unwrap_or_default().to_owned(),
            reason: row.text("reason")?.unwrap_or("no reason given").to_owned(),
            severity: if status == "quarantined" { Severity::Problem } else { Severity::Warning },
            status,
        })
    };
    let mut all: Vec<FileTrouble> = answer.rows().map(trouble).collect::<Result<_, AuditError>>()?;
    all.sort_by(|a, b| (a.system, &a.file, &a.status).cmp(&(b.system, &b.file, &b.status)));
    Ok(all)
}

fn dead_letters(source: &dyn AuditSource, systems: &[SystemIntake]) -> Result<Vec<DeadLetters>, AuditError> {
    let query = "SELECT system, reason, field, COUNT(*) AS rows_count, \
                 MIN(file || ':' || LPAD(CAST(line AS VARCHAR), 12, '0')) AS first, \
                 MAX(file || ':' || LPAD(CAST(line AS VARCHAR), 12, '0')) AS last \
                 FROM bronze_dead_letters GROUP BY system, reason, field";
    let answer = Answer::ask(source, "dead letters", query)?;
    let mut all = Vec::new();
    for row in answer.rows() {
        let system: System = row.parse("system")?;
        let reason = row.text("reason")?.unwrap_or_default().to_owned();
        let rows = row.count("rows_count")?;
        let read = systems.iter().find(|s| s.system == system).map_or(0, |s| s.read);
        // Copies and test rows are meant to be left out.
        let severity = match reason.as_str() {
            "duplicate" | "test_row" => Severity::Note,
            _ if share(rows, read) > REJECTED_PROBLEM => Severity::Problem,
            _ if share(rows, read) > REJECTED_WARNING => Severity::Warning,
            _ => Severity::Note,
        };
        let field = row.text("field")?.unwrap_or_default().to_owned();
        let samples = two(row.text("first")?, row.text("last")?).map(place).collect();
        all.push(DeadLetters { system, reason, field, rows, samples, severity });
    }
    all.sort_by(|a, b| (a.system, &a.reason, &a.field).cmp(&(b.system, &b.reason, &b.field)));
    Ok(all)
}

/// `orders.jsonl:000000009504` as a person writes it; the zeros are there so that lines compare as numbers.
fn place(padded: &str) -> String {
    let (file, line) = padded.rsplit_once(':').unwrap_or((padded, ""));
    format!("{file}:{}", line.trim_start_matches('0'))
}

/// Up to two different values.
pub(crate) fn two<'a>(first: Option<&'a str>, last: Option<&'a str>) -> impl Iterator<Item = &'a str> {
    first.into_iter().chain(last.filter(|l| Some(*l) != first))
}
