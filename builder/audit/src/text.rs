//! The report for a terminal: plain tables, severity in words.

use std::fmt::Write;

use comfy_table::{CellAlignment, ContentArrangement, Table, TableComponent, presets};

use crate::format::{age, count, percent};
use crate::report::{AuditReport, FieldAudit, Severity, TableAudit};

/// Renders the report for a given width in characters.
pub fn render(report: &AuditReport, width: u16) -> String {
    let mut out = format!("Data audit as of {}\n", report.now);
    section(&mut out, "What to look at", findings(report, width));
    section(&mut out, "Rows", rows(report, width));
    section(&mut out, "Freshness", freshness(report, width));
    for table in &report.tables {
        let title = format!("{} {}: {} rows", table.system, table.table, count(table.rows));
        section(&mut out, &title, fields(table, width));
    }
    section(&mut out, "Consistency", checks(report, width));
    section(&mut out, "Agreement of systems that know the same email", agreements(report, width));
    section(&mut out, "Rejected rows", dead_letters(report, width));
    section(&mut out, "Files in trouble", files(report, width));
    out
}

/// The problems alone, and how many warnings stand in the whole report.
pub fn summary(report: &AuditReport, width: u16) -> String {
    let found = report.findings();
    let mut problems = table(width, ["problem", "what"], &[]);
    for f in found.iter().filter(|f| f.severity == Severity::Problem) {
        problems.add_row([f.place.clone(), f.what.clone()]);
    }
    let warnings = found.len() - problems.row_count();
    let body = filled(problems).map_or_else(|| "no problems".to_owned(), |t| t.trim_fmt());
    format!("{body}\n{warnings} warnings")
}

fn section(out: &mut String, title: &str, table: Option<Table>) {
    let body = table.map_or_else(|| "nothing".to_owned(), |t| t.trim_fmt());
    // Writing to a string cannot fail.
    let _ = write!(out, "\n{title}\n{body}\n");
}

fn table<const N: usize>(width: u16, header: [&str; N], numbers: &[usize]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_HORIZONTAL_ONLY);
    table.remove_style(TableComponent::HorizontalLines).remove_style(TableComponent::MiddleIntersections);
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width).set_header(header);
    for &at in numbers {
        if let Some(column) = table.column_mut(at) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// `None` when nothing was added.
fn filled(table: Table) -> Option<Table> {
    (table.row_count() > 0).then_some(table)
}

fn findings(report: &AuditReport, width: u16) -> Option<Table> {
    let mut table = table(width, ["severity", "where", "what"], &[]);
    for f in report.findings() {
        table.add_row([f.severity.name().to_owned(), f.place, f.what]);
    }
    filled(table)
}

fn rows(report: &AuditReport, width: u16) -> Option<Table> {
    let mut table = table(width, ["system", "files", "read", "accepted", "rejected"], &[1, 2, 3, 4]);
    for s in &report.intake.systems {
        let counts = [s.files, s.read, s.accepted, s.rejected].map(count);
        table.add_row([s.system.to_string()].into_iter().chain(counts));
    }
    filled(table)
}

fn freshness(report: &AuditReport, width: u16) -> Option<Table> {
    let mut table = table(width, ["system", "kind", "complete up to", "age", "limit", ""], &[3, 4]);
    for f in &report.intake.freshness {
        table.add_row([
            f.system.to_string(),
            f.kind.clone(),
            f.watermark.clone().unwrap_or_else(|| "unknown".to_owned()),
            f.age_hours.map(age).unwrap_or_default(),
            f.age_hours_max.map(|h| age(f64::from(h))).unwrap_or_default(),
            word(f.severity).to_owned(),
        ]);
    }
    filled(table)
}

/// Fields that are always empty share one line: a system rarely has them all.
fn fields(audit: &TableAudit, width: u16) -> Option<Table> {
    let mut table =
        table(width, ["field", "filled", "distinct", "invalid", "least", "greatest", "sample", ""], &[1, 2, 3]);
    for f in audit.fields.iter().filter(|f| f.filled > 0 || f.severity > Severity::Note) {
        let sample = f.samples.first().map(|s| format!("{} ({})", s.value, s.record)).unwrap_or_default();
        table.add_row([
            f.field.clone(),
            percent(f.filled_share()),
            distinct(f),
            invalid(f),
            f.least.clone().unwrap_or_default(),
            f.greatest.clone().unwrap_or_default(),
            sample,
            word(f.severity).to_owned(),
        ]);
    }
    let empty: Vec<&str> = always_empty(audit).collect();
    if !empty.is_empty() {
        table.add_row(["always empty", "0.0 %", "", "", "", "", &empty.join(", "), ""]);
    }
    filled(table)
}

pub(crate) fn always_empty(audit: &TableAudit) -> impl Iterator<Item = &str> {
    audit.fields.iter().filter(|f| f.filled == 0 && f.severity <= Severity::Note).map(|f| f.field.as_str())
}

pub(crate) fn distinct(f: &FieldAudit) -> String {
    if f.distinct_approximate { format!("≈ {}", count(f.distinct)) } else { count(f.distinct) }
}

pub(crate) fn invalid(f: &FieldAudit) -> String {
    if f.rule.is_none() { String::new() } else { percent(f.invalid_share()) }
}

fn checks(report: &AuditReport, width: u16) -> Option<Table> {
    let mut table = table(width, ["what should hold", "checked", "fail", "share", "examples", ""], &[1, 2, 3]);
    for c in &report.checks {
        table.add_row([
            c.title.clone(),
            count(c.checked),
            count(c.failed),
            percent(c.failed_share()),
            c.samples.join(", "),
            word(c.severity).to_owned(),
        ]);
    }
    filled(table)
}

fn agreements(report: &AuditReport, width: u16) -> Option<Table> {
    let mut table = table(width, ["systems", "field", "both filled", "same", "share", ""], &[2, 3, 4]);
    for a in &report.agreements {
        table.add_row([
            format!("{} and {}", a.a, a.b),
            a.field.clone(),
            count(a.both),
            count(a.same),
            percent(a.share()),
            word(a.severity).to_owned(),
        ]);
    }
    filled(table)
}

fn dead_letters(report: &AuditReport, width: u16) -> Option<Table> {
    let mut table = table(width, ["system", "reason", "field", "rows", "first and last", ""], &[3]);
    for d in &report.intake.dead_letters {
        table.add_row([
            d.system.to_string(),
            d.reason.clone(),
            d.field.clone(),
            count(d.rows),
            d.samples.join(", "),
            word(d.severity).to_owned(),
        ]);
    }
    filled(table)
}

fn files(report: &AuditReport, width: u16) -> Option<Table> {
    let mut table = table(width, ["system", "file", "status", "reason", ""], &[]);
    for f in &report.intake.files {
        let cells = [f.system.name(), &f.file, &f.status, &f.reason, word(f.severity)];
        table.add_row(cells);
    }
    filled(table)
}

/// Nothing is said of what is fine.
fn word(severity: Severity) -> &'static str {
    if severity == Severity::Fine { "" } else { severity.name() }
}
