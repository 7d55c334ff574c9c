//! The report as one HTML page: no scripts, no fonts, no other file; light or dark as the reader's system is, and fit
//! for paper. Severity is a word and a colour.

use std::fmt::{self, Display, Write};

use kenal_types::System;

use crate::format::{age, count, percent, rows, title};
use crate::report::{AuditReport, Check, FieldAudit, Finding, Sample, Severity, TableAudit};
use crate::text::{always_empty, distinct, invalid};

const STYLE: &str = include_str!("html.css");

/// Renders the page.
pub fn render(report: &AuditReport) -> String {
    let mut page = String::new();
    // Writing to a string cannot fail.
    let _ = write_page(&mut page, report);
    page
}

/// Text that is not markup, whatever it holds.
struct Plain<'a>(&'a str);

impl Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '&' => f.write_str("&amp;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            c => f.write_char(c),
        })
    }
}

/// The word in its colour; nothing for what is fine.
struct Badge(Severity);

impl Display for Badge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.0.name();
        if self.0 == Severity::Fine { Ok(()) } else { write!(f, "<span class=\"badge {name}\">{name}</span>") }
    }
}

fn write_page(out: &mut String, report: &AuditReport) -> fmt::Result {
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>Data audit</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n"
    )?;
    header(out, report)?;
    out.write_str("<main>\n")?;
    findings(out, &report.findings())?;
    freshness(out, report)?;
    for system in System::ALL {
        system_section(out, report, system)?;
    }
    checks(out, &report.checks)?;
    agreements(out, report)?;
    rejected(out, report)?;
    out.write_str("</main>\n<footer>Values are masked; keys are the systems' own. No personal data is in this page.</footer>\n</body>\n</html>\n")
}

fn header(out: &mut String, report: &AuditReport) -> fmt::Result {
    let findings = report.findings();
    let number = |s: Severity| findings.iter().filter(|f| f.severity == s).count();
    let (problems, warnings) = (number(Severity::Problem), number(Severity::Warning));
    let rows: u64 = report.intake.systems.iter().map(|s| s.read).sum();
    let rejected: u64 = report.intake.systems.iter().map(|s| s.rejected).sum();
    let day = report.now.get(..10).unwrap_or(&report.now);
    let time = report.now.get(11..16).unwrap_or_default();
    write!(
        out,
        "<header>\n<p class=\"kicker\">Kenal</p>\n<h1>Data audit</h1>\n<p class=\"lead\">How complete, fresh and consistent the \
         five systems are, as of {day}, {time} UTC.</p>\n<dl class=\"tiles\">\n"
    )?;
    let tile = |label: &str, value: String, class: &str| {
        format!("<div class=\"tile {class}\"><dt>{label}</dt><dd>{value}</dd></div>\n")
    };
    out.write_str(&tile("problems", problems.to_string(), if problems > 0 { "problem" } else { "" }))?;
    out.write_str(&tile("warnings", warnings.to_string(), if warnings > 0 { "warning" } else { "" }))?;
    out.write_str(&tile("rows read", count(rows), ""))?;
    out.write_str(&tile("rows rejected", count(rejected), ""))?;
    out.write_str("</dl>\n<nav><a href=\"#look\">What to look at</a> <a href=\"#fresh\">Freshness</a>")?;
    for system in System::ALL {
        write!(out, " <a href=\"#{system}\">{}</a>", title(system))?;
    }
    out.write_str(" <a href=\"#consistency\">Consistency</a> <a href=\"#agreement\">Agreement</a> <a href=\"#rejected\">Rejected</a></nav>\n</header>\n")
}

fn findings(out: &mut String, findings: &[Finding]) -> fmt::Result {
    out.write_str("<section id=\"look\">\n<h2>What to look at</h2>\n")?;
    if findings.is_empty() {
        return out.write_str("<p>Nothing: every check passed.</p>\n</section>\n");
    }
    out.write_str("<ul class=\"findings\">\n")?;
    for f in findings {
        writeln!(out, "<li>{} <b>{}</b> <span>{}</span></li>", Badge(f.severity), Plain(&f.place), Plain(&f.what))?;
    }
    out.write_str("</ul>\n</section>\n")
}

/// Opens a table; columns whose header begins with `#` hold numbers.
fn open(out: &mut String, header: &[&str]) -> fmt::Result {
    open_class(out, "", header)
}

fn open_class(out: &mut String, class: &str, header: &[&str]) -> fmt::Result {
    write!(out, "<div class=\"scroll\"><table class=\"{class}\">\n<thead><tr>")?;
    for name in header {
        match name.strip_prefix('#') {
            Some(name) => write!(out, "<th class=\"n\">{name}</th>")?,
            None => write!(out, "<th>{name}</th>")?,
        }
    }
    out.write_str("</tr></thead>\n<tbody>\n")
}

fn close(out: &mut String) -> fmt::Result {
    out.write_str("</tbody>\n</table></div>\n")
}

fn freshness(out: &mut String, report: &AuditReport) -> fmt::Result {
    out.write_str(
        "<section id=\"fresh\">\n<h2>Freshness</h2>\n<p>Up to when each source is known to be complete.</p>\n",
    )?;
    open(out, &["system", "kind", "complete up to", "#age", "#limit", ""])?;
    for f in &report.intake.freshness {
        let watermark = f.watermark.as_deref().map_or_else(|| "unknown".to_owned(), |w| short(Some(w)));
        writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td>{}</td></tr>",
            title(f.system),
            Plain(&f.kind),
            Plain(&watermark),
            f.age_hours.map(age).unwrap_or_default(),
            f.age_hours_max.map(|h| age(f64::from(h))).unwrap_or_default(),
            Badge(f.severity)
        )?;
    }
    close(out)?;
    out.write_str("</section>\n")
}

fn system_section(out: &mut String, report: &AuditReport, system: System) -> fmt::Result {
    writeln!(out, "<section id=\"{system}\">\n<h2>{}</h2>", title(system))?;
    for s in report.intake.systems.iter().filter(|s| s.system == system) {
        let rejected = if s.rejected > 0 { format!(", {} rejected", count(s.rejected)) } else { String::new() };
        let files = if s.files == 1 { "1 file".to_owned() } else { format!("{} files", count(s.files)) };
        writeln!(out, "<p>{} read from {files}{rejected}.</p>", rows(s.read))?;
    }
    for table in report.tables.iter().filter(|t| t.system == system) {
        table_section(out, table)?;
    }
    out.write_str("</section>\n")
}

fn table_section(out: &mut String, table: &TableAudit) -> fmt::Result {
    writeln!(out, "<h3>{} <small>{}</small></h3>", table.table.replace('_', " "), rows(table.rows))?;
    open_class(out, "fields", &["field", "filled", "#distinct", "#invalid", "from", "to", "samples", ""])?;
    for f in table.fields.iter().filter(|f| f.filled > 0 || f.severity > Severity::Note) {
        field_row(out, f)?;
    }
    close(out)?;
    let empty: Vec<&str> = always_empty(table).collect();
    if empty.is_empty() {
        Ok(())
    } else {
        writeln!(out, "<p class=\"empty\">Always empty: {}.</p>", Plain(&empty.join(", ")))
    }
}

fn field_row(out: &mut String, f: &FieldAudit) -> fmt::Result {
    let share = f.filled_share();
    let bar = format!(
        "<span class=\"bar\" aria-hidden=\"true\"><i style=\"width:{:.0}%\"></i></span> {}",
        share * 100.0,
        percent(share)
    );
    let samples = f.samples.iter().map(sample).collect::<Vec<_>>().join("<br>");
    let remark = match f.remark.is_empty() {
        true => String::new(),
        false => format!("<div class=\"remark\">{}</div>", Plain(&f.remark)),
    };
    writeln!(
        out,
        "<tr class=\"{}\"><td>{}{remark}</td><td class=\"fill\">{bar}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td>{}</td>\
         <td>{}</td><td>{samples}</td><td>{}</td></tr>",
        f.severity.name(),
        Plain(&f.field),
        distinct(f),
        invalid(f),
        Plain(&short(f.least.as_deref())),
        Plain(&short(f.greatest.as_deref())),
        Badge(f.severity)
    )
}

/// A time to the minute; anything else as it is.
fn short(value: Option<&str>) -> String {
    let value = value.unwrap_or_default();
    match value.get(..16) {
        Some(minute) if value.contains('T') && value.ends_with('Z') => minute.replace('T', " "),
        _ => value.to_owned(),
    }
}

fn sample(s: &Sample) -> String {
    let class = if s.valid { "sample" } else { "sample invalid" };
    format!(
        "<span class=\"{class}\"><code>{}</code> <small>{}</small></span>",
        Plain(&short(Some(&s.value))),
        Plain(&s.record)
    )
}

fn checks(out: &mut String, checks: &[Check]) -> fmt::Result {
    out.write_str(
        "<section id=\"consistency\">\n<h2>Consistency</h2>\n<p>What should hold between tables and systems.</p>\n",
    )?;
    open(out, &["what should hold", "#checked", "#fail", "#share", "examples", ""])?;
    for c in checks {
        let examples = c.samples.iter().map(|s| format!("<code>{}</code>", Plain(s))).collect::<Vec<_>>().join("<br>");
        writeln!(
            out,
            "<tr class=\"{}\"><td>{}<div class=\"remark\">{}</div></td><td class=\"n\">{}</td><td class=\"n\">{}</td>\
             <td class=\"n\">{}</td><td>{examples}</td><td>{}</td></tr>",
            c.severity.name(),
            Plain(&c.title),
            Plain(&c.why),
            count(c.checked),
            count(c.failed),
            if c.checked == 0 { String::new() } else { percent(c.failed_share()) },
            Badge(c.severity)
        )?;
    }
    close(out)?;
    out.write_str("</section>\n")
}

fn agreements(out: &mut String, report: &AuditReport) -> fmt::Result {
    out.write_str(
        "<section id=\"agreement\">\n<h2>Agreement</h2>\n<p>Of people whom two systems know by the same email, how often both \
         say the same.</p>\n",
    )?;
    if report.agreements.is_empty() {
        return out.write_str("<p>No two systems know the same email.</p>\n</section>\n");
    }
    let mut names: Vec<&str> = Vec::new();
    for a in &report.agreements {
        if !names.contains(&a.field.as_str()) {
            names.push(&a.field);
        }
    }
    let headers: Vec<String> = names.iter().map(|n| format!("#{}", n.replace('_', " "))).collect();
    let mut header = vec!["systems"];
    header.extend(headers.iter().map(String::as_str));
    open(out, &header)?;
    for pair in report.agreements.chunk_by(|x, y| (x.a, x.b) == (y.a, y.b)) {
        write!(out, "<tr><td>{} and {}</td>", title(pair[0].a), title(pair[0].b))?;
        for name in &names {
            match pair.iter().find(|a| a.field == *name) {
                Some(a) => write!(
                    out,
                    "<td class=\"n\">{}<div class=\"remark\">of {}</div>{}</td>",
                    percent(a.share()),
                    count(a.both),
                    Badge(a.severity)
                )?,
                None => out.write_str("<td></td>")?,
            }
        }
        out.write_str("</tr>\n")?;
    }
    close(out)?;
    out.write_str("</section>\n")
}

fn rejected(out: &mut String, report: &AuditReport) -> fmt::Result {
    out.write_str("<section id=\"rejected\">\n<h2>Rejected</h2>\n<p>Rows and files that are not in the tables; rows are kept as dead letters.</p>\n")?;
    let (letters, files) = (&report.intake.dead_letters, &report.intake.files);
    if letters.is_empty() && files.is_empty() {
        return out.write_str("<p>Nothing was rejected.</p>\n</section>\n");
    }
    if !letters.is_empty() {
        open(out, &["system", "reason", "field", "#rows", "first and last", ""])?;
        for d in letters {
            let samples =
                d.samples.iter().map(|s| format!("<code>{}</code>", Plain(s))).collect::<Vec<_>>().join("<br>");
            writeln!(
                out,
                "<tr><td>{}</td><td>{}</td><td>{}</td><td class=\"n\">{}</td><td>{samples}</td><td>{}</td></tr>",
                title(d.system),
                Plain(&d.reason.replace('_', " ")),
                Plain(&d.field),
                count(d.rows),
                Badge(d.severity)
            )?;
        }
        close(out)?;
    }
    if !files.is_empty() {
        open(out, &["system", "file", "status", "reason", ""])?;
        for f in files {
            writeln!(
                out,
                "<tr><td>{}</td><td><code>{}</code></td><td>{}</td><td>{}</td><td>{}</td></tr>",
                title(f.system),
                Plain(&f.file),
                Plain(&f.status),
                Plain(&f.reason),
                Badge(f.severity)
            )?;
        }
        close(out)?;
    }
    out.write_str("</section>\n")
}
