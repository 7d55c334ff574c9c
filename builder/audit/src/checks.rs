//! Consistency: what should hold between tables and between systems, and where it does not.
//!
//! Each check is one query that gives one row: how many things were `checked`, how many `failed`, and the least and
//! greatest key among those that failed.

use kenal_types::System;

use crate::format::title;
use crate::intake::two;
use crate::mask::Mask;
use crate::report::{Check, Severity, share};
use crate::source::{Answer, AuditError, AuditSource};

/// A check, before it is run.
struct Spec {
    id: String,
    /// What should hold.
    title: String,
    why: String,
    query: String,
    mask: Mask,
    /// Any failure is at least this.
    any: Severity,
    /// Share of failures from which it is a problem.
    problem: f64,
}

/// Runs all checks.
///
/// # Errors
/// A query fails.
pub fn read(source: &dyn AuditSource) -> Result<Vec<Check>, AuditError> {
    specs().into_iter().map(|spec| run(source, spec)).collect()
}

fn run(source: &dyn AuditSource, spec: Spec) -> Result<Check, AuditError> {
    let answer = Answer::ask(source, &spec.id, &spec.query)?;
    let (mut checked, mut failed, mut samples) = (0, 0, Vec::new());
    for row in answer.rows() {
        checked = row.count("checked")?;
        failed = row.count("failed")?;
        samples = two(row.text("first")?, row.text("last")?).map(|s| spec.mask.apply(s)).collect();
    }
    let severity = match failed {
        0 if checked == 0 => Severity::Note,
        0 => Severity::Fine,
        _ if spec.any > Severity::Note && share(failed, checked) >= spec.problem => Severity::Problem,
        _ => spec.any,
    };
    Ok(Check { id: spec.id, title: spec.title, why: spec.why, checked, failed, samples, severity })
}

/// `from` gives one row per thing checked, with its `sample` and whether it `holds`.
fn query(from: &str) -> String {
    format!(
        "SELECT COUNT(*) AS checked, COUNT(CASE WHEN NOT holds THEN 1 END) AS failed, \
         MIN(CASE WHEN NOT holds THEN sample END) AS first, MAX(CASE WHEN NOT holds THEN sample END) AS last \
         FROM ({from}) AS things"
    )
}

fn spec(id: &str, title: &str, why: &str, any: Severity, problem: f64, from: &str) -> Spec {
    let (id, title, why) = (id.to_owned(), title.to_owned(), why.to_owned());
    Spec { id, title, why, query: query(from), mask: Mask::Open, any, problem }
}

/// Things of `child` whose `link` names a thing of `parent`; `filter` narrows the children.
fn reference(child: &str, link: &str, sample: &str, filter: &str, parent: &str, key: &str) -> String {
    format!(
        "SELECT c.sample, p.k IS NOT NULL AS holds FROM (SELECT {link} AS link, {sample} AS sample FROM current_{child} \
         WHERE {link} IS NOT NULL {filter}) AS c LEFT JOIN (SELECT DISTINCT {key} AS k FROM current_{parent} \
         WHERE {key} IS NOT NULL) AS p ON c.link = p.k"
    )
}

/// Order numbers of system `a` that system `b` has too. Only orders up to `b`'s newest one: later ones are not due.
fn same_orders(a: System, b: System) -> String {
    format!(
        "SELECT x.number AS sample, y.number IS NOT NULL AS holds FROM (SELECT DISTINCT number FROM current_orders \
         WHERE system = '{a}' AND ordered_at <= (SELECT MAX(ordered_at) FROM current_orders WHERE system = '{b}')) AS x \
         LEFT JOIN (SELECT DISTINCT number FROM current_orders WHERE system = '{b}') AS y ON x.number = y.number"
    )
}

/// Orders that Shopify and the warehouse both have, and whether `holds` of them (`s`, `w`).
fn paired_orders(holds: &str, filter: &str) -> String {
    format!(
        "SELECT s.number AS sample, {holds} AS holds FROM current_orders s JOIN current_orders w ON s.number = w.number \
         WHERE s.system = 'shopify' AND w.system = 'warehouse' {filter}"
    )
}

/// Opt-ins by contact, purpose and channel, and whether no refusal stands against them. A signal without a contact is
/// about its subject's first email; one without a channel is about every channel.
fn contradictions() -> String {
    let signals = |decisions: &str| {
        format!(
            "SELECT DISTINCT LOWER(TRIM(COALESCE(s.contact_point, c.emails[1]['value']))) AS point, s.purpose, s.channel \
             FROM current_consents s LEFT JOIN current_customers c ON s.subject = c.key WHERE s.decision IN ({decisions})"
        )
    };
    let (yes, no) = (signals("'opt_in'"), signals("'opt_out', 'withdrawn', 'redacted'"));
    format!(
        "SELECT o.point AS sample, MAX(CASE WHEN r.point IS NULL THEN 0 ELSE 1 END) = 0 AS holds FROM ({yes}) AS o \
         LEFT JOIN ({no}) AS r ON o.point = r.point AND o.purpose = r.purpose \
         AND (o.channel = r.channel OR o.channel IS NULL OR r.channel IS NULL) \
         WHERE o.point IS NOT NULL GROUP BY o.point, o.purpose, o.channel"
    )
}

/// Days on which a system sent rows of `table`, and whether the next such day follows within two weeks.
///
/// A day with less than a tenth of the usual rows does not count, and a table with fewer than five rows on a usual day
/// is not judged: clocks that are off scatter rows over years, and a small shop has quiet weeks. All versions count:
/// they are of the same days, and finding those that count takes longer than this whole check.
fn gaps(system: System, table: &str, time: &str) -> String {
    format!(
        "SELECT CAST(CAST(day AS DATE) AS VARCHAR) || ' to ' || CAST(CAST(next AS DATE) AS VARCHAR) AS sample, \
         next < day + INTERVAL '14 days' AS holds FROM (SELECT day, LEAD(day) OVER (ORDER BY day) AS next FROM \
         (SELECT day, n, median(n) OVER () AS usual FROM (SELECT date_trunc('day', {time}) AS day, COUNT(*) AS n \
         FROM silver_{table} WHERE system = '{system}' GROUP BY 1) AS daily) AS days \
         WHERE usual >= 5 AND n * 10 >= usual) AS pairs WHERE next IS NOT NULL"
    )
}

fn gap_specs() -> Vec<Spec> {
    let watched = [
        (System::Shopify, "orders", "ordered_at"),
        (System::Warehouse, "orders", "ordered_at"),
        (System::Zendesk, "tickets", "created_at"),
        (System::App, "events", "happened_at"),
    ];
    let one = |(system, table, time): (System, &str, &str)| {
        spec(
            &format!("{system}_{table}_without_gaps"),
            &format!("No two weeks are missing from the {table} of {}", title(system)),
            "A month without rows is a shop that was closed, or a file that was forgotten.",
            Severity::Warning,
            1.0,
            &gaps(system, table, time),
        )
    };
    watched.map(one).into()
}

fn specs() -> Vec<Spec> {
    let mut all = order_specs();
    all.extend(gap_specs());
    all.extend(reference_specs());
    all.extend(consent_specs());
    all.extend(System::ALL.map(shared_email));
    all
}

fn order_specs() -> Vec<Spec> {
    use Severity::{Note, Warning};
    use System::{App, Shopify, Warehouse};
    vec![
        spec(
            "shopify_orders_in_warehouse",
            "Every Shopify order is in the warehouse",
            "The warehouse is the history of all orders; orders newer than its newest one are not counted.",
            Warning,
            0.01,
            &same_orders(Shopify, Warehouse),
        ),
        spec(
            "warehouse_orders_in_shopify",
            "Every warehouse order is in Shopify",
            "In-store orders never are, so a large share is normal.",
            Note,
            1.0,
            &same_orders(Warehouse, Shopify),
        ),
        spec(
            "app_orders_in_shopify",
            "Every order completed in the app is in Shopify",
            "Orders newer than Shopify's newest one are not counted.",
            Warning,
            0.01,
            &same_orders(App, Shopify),
        ),
        spec(
            "order_totals",
            "In the same currency, Shopify and the warehouse give an order the same total",
            "Refunds, shipping and tax may be booked on one side only; compare the two orders.",
            Warning,
            0.05,
            &paired_orders("(s.total = w.total)", "AND s.currency = w.currency"),
        ),
        spec(
            "order_currencies",
            "Shopify and the warehouse give an order the same currency",
            "Shopify books in the shop's own currency, so a large share of sales abroad is normal.",
            Note,
            1.0,
            &paired_orders("(s.currency = w.currency)", ""),
        ),
        spec(
            "order_statuses",
            "Shopify and the warehouse give an order the same status",
            "A cancellation that one of them has not heard of yet counts as a purchase there.",
            Warning,
            0.05,
            &paired_orders("(s.status = w.status)", ""),
        ),
        spec(
            "orders_with_lines",
            "Every order has lines",
            "An order without lines teaches nothing about taste.",
            Warning,
            0.01,
            &reference(
                "orders",
                "system || '/' || order_id",
                "system || ' ' || order_id",
                "",
                "order_lines",
                "system || '/' || order_id",
            ),
        ),
        spec(
            "lines_with_orders",
            "Every order line belongs to an order",
            "A line alone has no buyer and no time.",
            Warning,
            0.01,
            &reference(
                "order_lines",
                "system || '/' || order_id",
                "system || ' ' || order_id",
                "",
                "orders",
                "system || '/' || order_id",
            ),
        ),
    ]
}

fn reference_specs() -> Vec<Spec> {
    use Severity::Warning;
    vec![
        spec(
            "order_customers",
            "The customer of every order exists",
            "Otherwise the purchase belongs to nobody.",
            Warning,
            0.01,
            &reference("orders", "customer", "system || ' ' || order_id", "", "customers", "key"),
        ),
        spec(
            "ticket_requesters",
            "The requester of every ticket exists",
            "Otherwise the support history belongs to nobody.",
            Warning,
            0.01,
            &reference("tickets", "requester", "ticket_id", "", "customers", "key"),
        ),
        spec(
            "event_items",
            "Events are about known items",
            "Views of unknown items cannot be learnt from; the catalogue may be older than the events.",
            Warning,
            0.02,
            &reference("events", "item_id", "message_id", "", "items", "item_id"),
        ),
        spec(
            "line_items",
            "Order lines name known items",
            "Deleted items are expected in old orders.",
            Warning,
            0.05,
            &reference("order_lines", "item_id", "system || ' ' || order_id", "", "items", "item_id"),
        ),
        spec(
            "line_skus",
            "Order lines without an item name a known SKU",
            "The warehouse knows items by SKU only.",
            Warning,
            0.05,
            &reference("order_lines", "sku", "sku", "AND item_id IS NULL", "variants", "sku"),
        ),
        spec(
            "variant_items",
            "The item of every variant exists",
            "A variant without an item cannot be recommended.",
            Warning,
            0.01,
            &reference("variants", "item_id", "variant_id", "", "items", "item_id"),
        ),
        spec(
            "merge_survivors",
            "Merged records name a record that exists",
            "A merge done in the CRM is evidence of identity, unless its survivor is gone.",
            Warning,
            0.05,
            &reference("customers", "merged_into", "key", "", "customers", "key"),
        ),
    ]
}

fn consent_specs() -> Vec<Spec> {
    use Severity::Warning;
    let undated = "SELECT system || ' ' || signal_id AS sample, decided_at IS NOT NULL AS holds FROM current_consents \
         WHERE decision = 'opt_in'";
    let unevidenced = "SELECT system || ' ' || signal_id AS sample, \
         (evidence IS NOT NULL AND mechanism <> 'import') AS holds FROM current_consents WHERE decision = 'opt_in'";
    vec![
        spec(
            "opt_ins_dated",
            "Every opt-in says when it was given",
            "An undated opt-in never beats an opt-out, so these people are not addressed when in doubt.",
            Warning,
            0.1,
            undated,
        ),
        spec(
            "opt_ins_evidenced",
            "Every opt-in is evidenced and not an import",
            "Consent must be demonstrable; imports never beat an opt-out.",
            Warning,
            0.5,
            unevidenced,
        ),
        spec(
            "consent_subjects",
            "The subject of every consent signal exists",
            "A signal about nobody cannot be honoured.",
            Warning,
            0.01,
            &reference("consents", "subject", "system || ' ' || signal_id", "", "customers", "key"),
        ),
        Spec {
            mask: Mask::Contact,
            ..spec(
                "consents_agree",
                "No opt-in stands against a refusal of the same contact",
                "Where one system says yes and another no, for the same purpose and channel, the refusal counts.",
                Warning,
                0.5,
                &contradictions(),
            )
        },
    ]
}

/// Within one system an email should name one record.
fn shared_email(system: System) -> Spec {
    let from = format!(
        "SELECT email AS sample, n = 1 AS holds FROM (SELECT email, COUNT(DISTINCT key) AS n FROM (SELECT key, \
         LOWER(TRIM(e['value'])) AS email FROM (SELECT key, unnest(emails) AS e FROM current_customers \
         WHERE system = '{system}' AND NOT deleted) AS elements) AS addresses GROUP BY email) AS shared"
    );
    Spec {
        mask: Mask::Email,
        ..spec(
            &format!("{system}_emails_unique"),
            &format!("An email names one record in {system}"),
            "Several records with one email are duplicates or a shared address; identity resolution joins them.",
            Severity::Note,
            1.0,
            &from,
        )
    }
}
