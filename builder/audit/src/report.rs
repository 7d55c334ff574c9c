//! The audit's result, as data: everything the renderings show, and nothing of any person.

use kenal_types::System;
use serde::Serialize;

use crate::format::title;

/// How much a finding matters; shown as a word, and as a colour besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Fine,
    /// Worth knowing; nothing to do.
    Note,
    Warning,
    Problem,
}

impl Severity {
    pub const fn name(self) -> &'static str {
        match self {
            Severity::Fine => "fine",
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Problem => "problem",
        }
    }
}

/// The whole audit. Lists are in canonical order: systems as everywhere, tables and fields as defined.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AuditReport {
    /// What ages are measured against, RFC 3339.
    pub now: String,
    pub intake: Intake,
    pub tables: Vec<TableAudit>,
    pub checks: Vec<Check>,
    pub agreements: Vec<Agreement>,
}

/// What came in, and how fresh it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Intake {
    pub systems: Vec<SystemIntake>,
    pub freshness: Vec<Freshness>,
    /// Partial and quarantined files.
    pub files: Vec<FileTrouble>,
    pub dead_letters: Vec<DeadLetters>,
}

/// One system's files and rows. `read = accepted + rejected`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SystemIntake {
    pub system: System,
    pub files: u64,
    pub read: u64,
    pub accepted: u64,
    pub rejected: u64,
}

/// How far one kind of a system's files is complete.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Freshness {
    pub system: System,
    pub kind: String,
    pub watermark: Option<String>,
    pub age_hours: Option<f64>,
    pub age_hours_max: Option<u32>,
    pub severity: Severity,
}

/// A file that is not, or not wholly, in the lake.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FileTrouble {
    pub system: System,
    pub file: String,
    pub status: String,
    pub reason: String,
    pub severity: Severity,
}

/// Rows of one system that were rejected for one reason in one field.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeadLetters {
    pub system: System,
    pub reason: String,
    /// Empty when the row as a whole is at fault.
    pub field: String,
    pub rows: u64,
    /// Where to look: the first and the last such row.
    pub samples: Vec<String>,
    pub severity: Severity,
}

/// One system's rows in one silver table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TableAudit {
    pub system: System,
    pub table: String,
    pub rows: u64,
    pub fields: Vec<FieldAudit>,
}

/// One field of one system.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldAudit {
    pub field: String,
    pub rows: u64,
    pub filled: u64,
    /// The share of rows that is expected to be filled.
    pub filled_min: f64,
    /// Values, which for a list are more than rows.
    pub values: u64,
    pub distinct: u64,
    /// Counted within about 2 %.
    pub distinct_approximate: bool,
    pub invalid: u64,
    /// What makes a value invalid; `None` when nothing can.
    pub rule: Option<String>,
    /// Least and greatest value, or number of characters (then with the unit).
    pub least: Option<String>,
    pub greatest: Option<String>,
    pub samples: Vec<Sample>,
    pub severity: Severity,
    /// What is wrong, in words; empty when nothing is.
    pub remark: String,
}

impl FieldAudit {
    pub fn filled_share(&self) -> f64 {
        share(self.filled, self.rows)
    }

    pub fn invalid_share(&self) -> f64 {
        share(self.invalid, self.values)
    }
}

/// A record's key and its masked value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sample {
    pub record: String,
    pub value: String,
    pub valid: bool,
}

/// A statement about several tables, and how often it does not hold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    pub id: String,
    /// What should hold.
    pub title: String,
    /// Why it matters, or what explains exceptions.
    pub why: String,
    pub checked: u64,
    pub failed: u64,
    /// Keys, or masked contacts, of the first and the last exception.
    pub samples: Vec<String>,
    pub severity: Severity,
}

impl Check {
    pub fn failed_share(&self) -> f64 {
        share(self.failed, self.checked)
    }
}

/// How often two systems that know the same email say the same in one field.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Agreement {
    pub a: System,
    pub b: System,
    pub field: String,
    /// Pairs of records in which both fill the field.
    pub both: u64,
    pub same: u64,
    pub severity: Severity,
}

impl Agreement {
    pub fn share(&self) -> f64 {
        share(self.same, self.both)
    }
}

/// One line of the list of what to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub severity: Severity,
    pub place: String,
    pub what: String,
}

impl AuditReport {
    /// As JSON, indented, with a final newline.
    pub fn to_json(&self) -> String {
        // Structs of numbers and texts: serialising them cannot fail.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// All problems and warnings, problems first, otherwise in the order of the report.
    pub fn findings(&self) -> Vec<Finding> {
        let mut all = Vec::new();
        let mut push = |severity, place: String, what: String| {
            if severity >= Severity::Warning {
                all.push(Finding { severity, place, what });
            }
        };
        for f in &self.intake.freshness {
            push(f.severity, format!("{}, {}", title(f.system), f.kind), crate::format::freshness(f));
        }
        for f in &self.intake.files {
            push(f.severity, format!("{}, {}", title(f.system), f.file), format!("{}: {}", f.status, f.reason));
        }
        for d in &self.intake.dead_letters {
            push(d.severity, title(d.system).to_owned(), crate::format::dead_letters(d));
        }
        for t in &self.tables {
            for f in &t.fields {
                push(f.severity, format!("{}, {}.{}", title(t.system), t.table, f.field), f.remark.clone());
            }
        }
        for c in &self.checks {
            push(c.severity, c.title.clone(), crate::format::check(c));
        }
        for a in &self.agreements {
            push(a.severity, format!("{} and {}", title(a.a), title(a.b)), crate::format::agreement(a));
        }
        all.sort_by_key(|f| std::cmp::Reverse(f.severity));
        all
    }

    /// The gravest severity in the report.
    pub fn severity(&self) -> Severity {
        self.findings().first().map_or(Severity::Fine, |f| f.severity)
    }
}

pub(crate) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
