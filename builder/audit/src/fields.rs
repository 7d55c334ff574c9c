//! Completeness and validity of every field of every system.
//!
//! One query per silver table reads all of its fields in one pass; each list of a table (emails, phones…) takes one
//! more, over its elements.

use kenal_types::{Money, System, Timestamp};

use crate::config::AuditConfig;
use crate::format::{count, percent};
use crate::kind::{Kind, Range};
use crate::mask::Mask;
use crate::report::{FieldAudit, Sample, Severity, TableAudit, share};
use crate::source::{Answer, AuditError, AuditSource, Row};

/// Separates key and value of a sample on its way out of the query; no export has it.
const BETWEEN: char = '\u{1f}';

/// A field: its name in the report, the SQL it is read by, and what its values are.
struct Field {
    name: &'static str,
    column: &'static str,
    kind: Kind,
    list: bool,
}

const fn field(name: &'static str, kind: Kind) -> Field {
    Field { name, column: name, kind, list: false }
}

/// A field that is computed from columns.
const fn computed(name: &'static str, column: &'static str, kind: Kind) -> Field {
    Field { name, column, kind, list: false }
}

/// A list; `element` is the SQL of a value of its element `e`.
const fn list(name: &'static str, element: &'static str, kind: Kind) -> Field {
    Field { name, column: element, kind, list: true }
}

/// A silver table: how to name one of its records, and its fields in the order of `kenal-types`. Left out are keys of
/// the record itself and the sequence: a row without them is rejected.
struct Table {
    name: &'static str,
    key: &'static str,
    fields: &'static [Field],
}

const TABLES: [Table; 8] = [
    Table {
        name: "customers",
        key: "key",
        fields: &[
            computed(
                "name",
                "COALESCE(full_name, TRIM(COALESCE(given_name, '') || ' ' || COALESCE(family_name, '')))",
                Kind::PersonName,
            ),
            field("given_name", Kind::PersonName),
            field("family_name", Kind::PersonName),
            list("emails", "e['value']", Kind::Email),
            list("phones", "e['value']", Kind::Phone),
            field("birth_date", Kind::Birthday),
            field("street", Kind::Address),
            field("city", Kind::City),
            field("postcode", Kind::Postcode),
            field("country", Kind::Country),
            field("market", Kind::Words),
            field("language", Kind::Language),
            list("devices", "e", Kind::Id),
            list("external_ids", "e", Kind::Id),
            computed("loyalty.number", "loyalty['number']", Kind::Id),
            computed("loyalty.status", "loyalty['status']", Kind::Words),
            computed("loyalty.enrolled_on", "loyalty['enrolled_on']", Kind::Day),
            field("merged_into", Kind::Id),
            computed("deleted", "CASE WHEN deleted THEN 'yes' END", Kind::Words),
            computed("erase", "CASE WHEN erase THEN 'yes' END", Kind::Words),
            field("created_at", Kind::Time),
            field("updated_at", Kind::Time),
        ],
    },
    Table {
        name: "items",
        key: "item_id",
        fields: &[
            field("title", Kind::Words),
            field("vendor", Kind::Words),
            field("category", Kind::Words),
            list("tags", "e", Kind::Words),
            computed("active", "CASE WHEN active THEN 'yes' END", Kind::Words),
            field("updated_at", Kind::Time),
        ],
    },
    Table {
        name: "variants",
        key: "variant_id",
        fields: &[
            field("item_id", Kind::Id),
            field("sku", Kind::Id),
            field("price", Kind::Amount),
            field("stock", Kind::Number),
        ],
    },
    Table {
        name: "orders",
        key: "order_id",
        fields: &[
            field("number", Kind::Id),
            field("customer", Kind::Id),
            field("email", Kind::Email),
            field("phone", Kind::Phone),
            field("ordered_at", Kind::Time),
            field("known_at", Kind::Time),
            field("market", Kind::Words),
            field("currency", Kind::Words),
            field("total", Kind::Amount),
            field("status", Kind::Words),
            field("device", Kind::Id),
        ],
    },
    Table {
        name: "order_lines",
        key: "order_id || '/' || line_id",
        fields: &[
            field("item_id", Kind::Id),
            field("sku", Kind::Id),
            field("title", Kind::Words),
            field("quantity", Kind::Number),
            field("unit_price", Kind::Amount),
        ],
    },
    Table {
        name: "tickets",
        key: "ticket_id",
        fields: &[
            field("requester", Kind::Id),
            field("channel", Kind::Words),
            field("priority", Kind::Words),
            field("status", Kind::Words),
            field("satisfaction", Kind::Words),
            list("tags", "e", Kind::Words),
            field("created_at", Kind::Time),
            field("updated_at", Kind::Time),
        ],
    },
    Table {
        name: "events",
        key: "message_id",
        fields: &[
            field("kind", Kind::Words),
            field("actor", Kind::Id),
            field("device", Kind::Id),
            field("happened_at", Kind::Time),
            field("known_at", Kind::Time),
            field("item_id", Kind::Id),
            field("sku", Kind::Id),
            field("order_number", Kind::Id),
            field("quantity", Kind::Number),
            field("market", Kind::Words),
            field("platform", Kind::Words),
        ],
    },
    Table {
        name: "consents",
        key: "signal_id",
        fields: &[
            field("subject", Kind::Id),
            field("purpose", Kind::Words),
            field("channel", Kind::Words),
            field("market", Kind::Words),
            field("decision", Kind::Words),
            field("mechanism", Kind::Words),
            computed("contact_point", "contact_point", Kind::Id),
            field("decided_at", Kind::Time),
            field("known_at", Kind::Time),
            field("evidence", Kind::Words),
        ],
    },
];

/// Audits every field of every system's rows, systems first, then tables.
///
/// # Errors
/// A query fails.
pub fn read(source: &dyn AuditSource, config: &AuditConfig, now: Timestamp) -> Result<Vec<TableAudit>, AuditError> {
    let mut all = Vec::new();
    for table in &TABLES {
        all.extend(read_table(source, config, now, table)?);
    }
    // Stable: a system's tables stay in their order.
    all.sort_by_key(|t| t.system);
    Ok(all)
}

fn read_table(
    source: &dyn AuditSource,
    config: &AuditConfig,
    now: Timestamp,
    table: &Table,
) -> Result<Vec<TableAudit>, AuditError> {
    let from = format!("current_{}", table.name);
    // Of all versions, which is at least as many: finding those that count takes as long as the audit of their fields.
    let rows = format!("SELECT system, COUNT(*) AS n FROM silver_{} GROUP BY system", table.name);
    let rows = Answer::ask(source, &from, &rows)?;
    let mut most = 0;
    for row in rows.rows() {
        most = most.max(row.count("n")?);
    }
    let distinct = Distinct { approximate: most > config.exact_distinct_rows_max };
    let scalars = Answer::ask(source, &from, &scalar_query(table, distinct, now))?;
    let mut found = Vec::new();
    for row in scalars.rows() {
        let system = row.parse("system")?;
        found.push(TableAudit { system, table: table.name.to_owned(), rows: row.count("n")?, fields: Vec::new() });
    }
    for (at, field) in table.fields.iter().enumerate() {
        let elements = match field.list {
            true => {
                Some(Answer::ask(source, &format!("{from}.{}", field.name), &list_query(table, field, distinct, now))?)
            }
            false => None,
        };
        for (audit, scalar) in found.iter_mut().zip(scalars.rows()) {
            let own = elements.as_ref().map(|e| e.rows().find(|r| r.text("system").ok() == scalar.text("system").ok()));
            let (values, at) = match own {
                None => (Some(scalar), at),
                Some(elements) => (elements, 0),
            };
            let filled = if field.list {
                scalar.count(&format!("filled_{}", field.name))?
            } else {
                scalar.count(&format!("f{at}_values"))?
            };
            let measured = Measured { rows: audit.rows, filled, distinct, row: values, at };
            audit.fields.push(measured.audit(config, audit.system, table, field, now)?);
        }
    }
    Ok(found)
}

#[derive(Clone, Copy)]
struct Distinct {
    approximate: bool,
}

impl Distinct {
    fn of(self, value: &str) -> String {
        if self.approximate { format!("approx_distinct({value})") } else { format!("COUNT(DISTINCT {value})") }
    }
}

/// All fields but lists, and of lists how many rows have any element.
fn scalar_query(table: &Table, distinct: Distinct, now: Timestamp) -> String {
    let mut columns = vec!["system".to_owned(), "COUNT(*) AS n".to_owned()];
    for (at, field) in table.fields.iter().enumerate() {
        if field.list {
            let name = field.name;
            columns.push(format!("COUNT(CASE WHEN array_length({name}) > 0 THEN 1 END) AS filled_{name}"));
        } else {
            columns.extend(measures(at, &field.kind.value(field.column), table.key, field.kind, distinct, now));
        }
    }
    format!("SELECT {} FROM current_{} GROUP BY system ORDER BY system", columns.join(", "), table.name)
}

/// The elements of one list.
fn list_query(table: &Table, field: &Field, distinct: Distinct, now: Timestamp) -> String {
    let value = field.kind.value(field.column);
    let columns = measures(0, "v", "record", field.kind, distinct, now);
    format!(
        "SELECT system, {} FROM (SELECT system, record, {value} AS v FROM (SELECT system, {} AS record, unnest({}) AS e \
         FROM current_{}) AS elements) AS elements_values GROUP BY system ORDER BY system",
        columns.join(", "),
        table.key,
        field.name,
        table.name
    )
}

/// The ends of a range, in SQL and in the answer.
const ENDS: [(&str, &str); 2] = [("MIN", "least"), ("MAX", "greatest")];

/// What is counted of the values `v` of one field.
fn measures(at: usize, v: &str, key: &str, kind: Kind, distinct: Distinct, now: Timestamp) -> Vec<String> {
    let text = format!("CAST({v} AS VARCHAR)");
    let sample = format!("{key} || '{BETWEEN}' || {text}");
    let mut columns = vec![format!("COUNT({v}) AS f{at}_values"), format!("{} AS f{at}_distinct", distinct.of(v))];
    match kind.range() {
        Range::Values => columns.extend(ENDS.map(|(f, name)| format!("CAST({f}({v}) AS VARCHAR) AS f{at}_{name}"))),
        Range::Lengths => {
            let end = |(f, name)| format!("CAST({f}(CHARACTER_LENGTH({text})) AS VARCHAR) AS f{at}_{name}");
            columns.extend(ENDS.map(end));
        }
        Range::None => {}
    }
    match kind.invalid(v, now) {
        Some((rule, _)) => {
            columns.push(format!("COUNT(CASE WHEN {rule} THEN 1 END) AS f{at}_invalid"));
            columns.push(format!("MIN(CASE WHEN {rule} THEN {sample} END) AS f{at}_bad_first"));
            columns.push(format!("MAX(CASE WHEN {rule} THEN {sample} END) AS f{at}_bad_last"));
            columns.push(format!("MIN(CASE WHEN NOT {rule} THEN {sample} END) AS f{at}_good"));
        }
        None => columns.push(format!("MIN(CASE WHEN {v} IS NOT NULL THEN {sample} END) AS f{at}_good")),
    }
    columns
}

/// What the queries say about one field of one system.
struct Measured<'a> {
    rows: u64,
    filled: u64,
    distinct: Distinct,
    /// `None` when a list has no element in any row.
    row: Option<Row<'a>>,
    at: usize,
}

impl Measured<'_> {
    fn audit(
        &self,
        config: &AuditConfig,
        system: System,
        table: &Table,
        field: &Field,
        now: Timestamp,
    ) -> Result<FieldAudit, AuditError> {
        let rule = field.kind.invalid("v", now).map(|(_, words)| words.to_owned());
        let filled_min = config.filled_min(system, table.name, field.name);
        let mut audit = FieldAudit {
            field: field.name.to_owned(),
            rows: self.rows,
            filled: self.filled,
            filled_min,
            values: self.count("values")?,
            distinct: self.count("distinct")?,
            distinct_approximate: self.distinct.approximate,
            invalid: if rule.is_some() { self.count("invalid")? } else { 0 },
            rule,
            least: self.limit("least", field.kind)?,
            greatest: self.limit("greatest", field.kind)?,
            samples: self.samples(field)?,
            severity: Severity::Fine,
            remark: String::new(),
        };
        (audit.severity, audit.remark) = judge(&audit, config);
        Ok(audit)
    }

    fn text(&self, measure: &str) -> Result<Option<&str>, AuditError> {
        self.row.map_or(Ok(None), |r| r.text(&format!("f{}_{measure}", self.at)))
    }

    fn count(&self, measure: &str) -> Result<u64, AuditError> {
        self.row.map_or(Ok(0), |r| r.count(&format!("f{}_{measure}", self.at)))
    }

    fn limit(&self, end: &str, kind: Kind) -> Result<Option<String>, AuditError> {
        Ok(match kind.range() {
            Range::None => None,
            Range::Lengths => self.text(end)?.map(|n| format!("{n} char.")),
            Range::Values => self.text(end)?.map(|v| match kind {
                Kind::Birthday => Mask::Birthday.apply(v),
                Kind::Amount => amount(v),
                _ => v.to_owned(),
            }),
        })
    }

    /// Two invalid ones, or else a valid one.
    fn samples(&self, field: &Field) -> Result<Vec<Sample>, AuditError> {
        let invalid = match field.kind.invalid("v", Timestamp(0)) {
            Some(_) => crate::intake::two(self.text("bad_first")?, self.text("bad_last")?).collect(),
            None => Vec::new(),
        };
        let valid = if invalid.is_empty() { self.text("good")? } else { None };
        let mask = match field.name {
            "contact_point" => Mask::Contact,
            // Identifiers that follow a person across systems.
            "loyalty.number" | "devices" | "device" | "external_ids" => Mask::Text,
            _ => field.kind.mask(),
        };
        let sample = |text: &str, valid| {
            let (record, value) = text.split_once(BETWEEN).unwrap_or((text, ""));
            let value = if field.kind == Kind::Amount { amount(value) } else { mask.apply(value) };
            Sample { record: Mask::Open.apply(record), value, valid }
        };
        let invalid = invalid.into_iter().map(|t| sample(t, false));
        Ok(invalid.chain(valid.map(|t| sample(t, true))).collect())
    }
}

/// Hundredths in the currency's unit.
fn amount(hundredths: &str) -> String {
    hundredths.parse().map_or_else(|_| hundredths.to_owned(), |n| Money(n).to_string())
}

fn judge(field: &FieldAudit, config: &AuditConfig) -> (Severity, String) {
    let (filled, expected) = (field.filled_share(), field.filled_min);
    let mut severity = Severity::Fine;
    let mut remarks = Vec::new();
    if expected > 0.0 && filled < expected {
        severity = if filled < expected / 2.0 { Severity::Problem } else { Severity::Warning };
        let empty = field.rows - field.filled;
        remarks.push(format!(
            "empty in {} of {} rows ({}); expected at most {}",
            count(empty),
            count(field.rows),
            percent(share(empty, field.rows)),
            percent(1.0 - expected)
        ));
    } else if field.filled == 0 {
        severity = Severity::Note;
        remarks.push("always empty".to_owned());
    }
    if field.invalid > 0 {
        let grave = field.invalid_share() > config.invalid_max;
        severity = severity.max(if grave { Severity::Problem } else { Severity::Warning });
        let what = field.rule.as_deref().unwrap_or_default();
        remarks.push(format!(
            "{} of {} values are {what} ({})",
            count(field.invalid),
            count(field.values),
            percent(field.invalid_share())
        ));
    }
    (severity, remarks.join("; "))
}
