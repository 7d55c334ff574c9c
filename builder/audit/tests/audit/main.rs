//! The audit over a real lake in which every defect is known.

mod company;

use company::{NOW, company};
use kenal_audit::report::{AuditReport, Check, FieldAudit, Severity};
use kenal_audit::{AuditConfig, AuditError, html, run, text};
use kenal_lake::Lake;
use kenal_types::System;

fn audit(lake: &Lake) -> AuditReport {
    run(&|sql: &str| lake.sql(sql), &AuditConfig::default(), NOW).expect("a report")
}

/// The company is made once: every test reads it.
fn report() -> &'static AuditReport {
    static REPORT: std::sync::OnceLock<AuditReport> = std::sync::OnceLock::new();
    REPORT.get_or_init(|| {
        let dir = tempfile::tempdir().expect("a folder");
        audit(&company(dir.path()))
    })
}

fn field<'a>(system: System, table: &str, name: &str) -> &'a FieldAudit {
    let table = report().tables.iter().find(|t| t.system == system && t.table == table).expect("a table");
    table.fields.iter().find(|f| f.field == name).expect("a field")
}

fn check(id: &str) -> &'static Check {
    report().checks.iter().find(|c| c.id == id).expect("a check")
}

#[test]
fn completeness_is_counted_per_system() {
    let emails = field(System::Zendesk, "customers", "emails");
    assert_eq!((emails.rows, emails.filled, emails.severity), (4, 3, Severity::Warning));
    assert_eq!(emails.remark, "empty in 1 of 4 rows (25.0 %); expected at most 10.0 %");
    let shopify = field(System::Shopify, "customers", "emails");
    assert_eq!((shopify.rows, shopify.filled, shopify.values, shopify.distinct), (3, 3, 4, 4));
    let street = field(System::Zendesk, "customers", "street");
    assert_eq!((street.filled, street.severity, street.remark.as_str()), (0, Severity::Note, "always empty"));
    let sku = field(System::Shopify, "variants", "sku");
    assert_eq!((sku.filled, sku.severity), (0, Severity::Problem), "an expected field that is always empty");
}

#[test]
fn only_the_version_that_counts_is_audited() {
    // Shopify's first record was once without a name.
    let name = field(System::Shopify, "customers", "name");
    assert_eq!((name.rows, name.filled), (3, 3));
}

#[test]
fn invalid_values_are_counted_and_shown_masked() {
    for (system, table, name, invalid, samples) in [
        (System::Shopify, "customers", "emails", 1, &["n***"][..]),
        (System::Shopify, "customers", "birth_date", 2, &["1970-01-01", "209*-**-**"]),
        (System::Shopify, "customers", "country", 1, &["Atlantis"]),
        (System::Zendesk, "customers", "phones", 1, &["***-***"]),
        (System::Zendesk, "customers", "name", 1, &["C***"]),
        (System::Zendesk, "tickets", "created_at", 1, &["2031-01-01T00:00:00Z"]),
        (System::Warehouse, "orders", "total", 1, &["-5.00"]),
    ] {
        let found = field(system, table, name);
        assert_eq!(found.invalid, invalid, "{system} {table}.{name}: {found:?}");
        let shown: Vec<&str> = found.samples.iter().filter(|s| !s.valid).map(|s| s.value.as_str()).collect();
        assert_eq!(shown, samples, "{system} {table}.{name}");
        assert!(found.severity >= Severity::Warning, "{system} {table}.{name}");
    }
    assert_eq!(field(System::Shopify, "customers", "emails").samples[0].record, "shopify:3");
    let valid = field(System::Zendesk, "customers", "emails");
    assert_eq!(
        valid.samples.iter().map(|s| (s.value.as_str(), s.valid)).collect::<Vec<_>>(),
        [("m***@mail.example", true)]
    );
}

#[test]
fn ranges_show_values_only_where_they_are_nobodys() {
    let total = field(System::Warehouse, "orders", "total");
    assert_eq!((total.least.as_deref(), total.greatest.as_deref()), (Some("-5.00"), Some("26.00")));
    let emails = field(System::Shopify, "customers", "emails");
    assert_eq!(emails.least.as_deref(), Some("10 char."));
    let born = field(System::Shopify, "customers", "birth_date");
    assert_eq!((born.least.as_deref(), born.greatest.as_deref()), (Some("1970-01-01"), Some("209*-**-**")));
}

#[test]
fn freshness_is_measured_against_each_limit() {
    let found: Vec<(System, &str, Severity)> =
        report().intake.freshness.iter().map(|f| (f.system, f.kind.as_str(), f.severity)).collect();
    let expected = [
        (System::Shopify, "everything", Severity::Fine),
        (System::Zendesk, "everything", Severity::Warning),
        (System::Salesforce, "(no file)", Severity::Problem),
        (System::Warehouse, "everything", Severity::Problem),
        (System::App, "everything", Severity::Note),
    ];
    assert_eq!(found, expected);
    assert_eq!(report().intake.freshness[1].age_hours, Some(48.0));
}

#[test]
fn rejected_rows_and_files_are_listed_without_their_content() {
    let letters: Vec<(System, &str, &str, u64)> =
        report().intake.dead_letters.iter().map(|d| (d.system, d.reason.as_str(), d.field.as_str(), d.rows)).collect();
    assert_eq!(letters, [(System::Shopify, "bad_value", "email", 2)]);
    assert_eq!(report().intake.dead_letters[0].samples, ["shopify.jsonl:98", "shopify.jsonl:1001"]);
    let files: Vec<(System, &str, &str)> =
        report().intake.files.iter().map(|f| (f.system, f.status.as_str(), f.reason.as_str())).collect();
    assert_eq!(files, [(System::App, "quarantined", "the gzip is cut short")]);
    let shopify = &report().intake.systems[0];
    assert_eq!((shopify.read, shopify.accepted, shopify.rejected), (shopify.accepted + 2, shopify.accepted, 2));
}

#[test]
fn systems_are_held_against_each_other() {
    for (id, checked, failed, samples) in [
        // Order 1003 is newer than the warehouse's newest.
        ("shopify_orders_in_warehouse", 2, 1, &["1002"][..]),
        ("warehouse_orders_in_shopify", 2, 1, &["9001"]),
        ("app_orders_in_shopify", 1, 0, &[]),
        ("order_totals", 1, 1, &["1001"]),
        ("order_currencies", 1, 0, &[]),
        ("orders_with_lines", 6, 4, &["app 1001", "warehouse 9001"]),
        ("lines_with_orders", 3, 1, &["warehouse gone"]),
        ("order_customers", 3, 1, &["shopify 2"]),
        ("ticket_requesters", 2, 1, &["t2"]),
        ("event_items", 2, 1, &["m2"]),
        ("line_skus", 3, 3, &["NO-SUCH-SKU", "U-R"]),
        ("variant_items", 1, 0, &[]),
        ("merge_survivors", 1, 1, &["shopify:2"]),
        ("opt_ins_dated", 2, 1, &["zendesk z1"]),
        ("consent_subjects", 4, 1, &["shopify s2"]),
        ("consents_agree", 1, 1, &["m***@mail.example"]),
        ("shopify_emails_unique", 3, 1, &["m***@mail.example"]),
        ("zendesk_emails_unique", 3, 0, &[]),
        ("salesforce_emails_unique", 0, 0, &[]),
    ] {
        let found = check(id);
        assert_eq!((found.checked, found.failed), (checked, failed), "{id}");
        assert_eq!(found.samples, samples, "{id}");
        let fine = if checked == 0 { Severity::Note } else { Severity::Fine };
        assert_eq!(found.severity == fine, failed == 0, "{id}");
    }
}

#[test]
fn agreement_compares_only_emails_of_one_record_each() {
    let found: Vec<(System, System, &str, u64, u64)> =
        report().agreements.iter().map(|a| (a.a, a.b, a.field.as_str(), a.both, a.same)).collect();
    // `mei@` names two records of Shopify; `somchai@` names one in both.
    let pair = (System::Shopify, System::Zendesk);
    assert_eq!(
        found,
        [(pair.0, pair.1, "name", 1, 1), (pair.0, pair.1, "phone", 1, 1), (pair.0, pair.1, "country", 1, 1)]
    );
}

#[test]
fn no_rendering_holds_personal_data() {
    let renderings = [report().to_json(), text::render(report(), 160), html::render(report())];
    for rendering in &renderings {
        for secret in company::SECRETS {
            assert!(!rendering.contains(secret), "{secret}");
        }
        assert!(rendering.contains("m***@mail.example"));
    }
}

#[test]
fn renderings_are_complete_and_deterministic() {
    let dir = tempfile::tempdir().expect("a folder");
    let again = audit(&company(dir.path()));
    assert_eq!(&again, report());
    assert_eq!(html::render(&again), html::render(report()));

    let json: serde_json::Value = serde_json::from_str(&report().to_json()).expect("JSON");
    assert_eq!(json["now"], "2026-09-21T12:00:00Z");
    assert_eq!(json["tables"].as_array().map(Vec::len), Some(report().tables.len()));

    let text = text::render(report(), 120);
    assert!(text.lines().all(|l| l.chars().count() <= 120), "{text}");
    for part in ["What to look at", "Freshness", "shopify customers: 3 rows", "Consistency", "quarantined"] {
        assert!(text.contains(part), "{part}");
    }

    let page = html::render(report());
    if let Some(path) = std::env::var_os("KENAL_AUDIT_PAGE") {
        std::fs::write(path, &page).expect("written");
    }
    for tag in ["table", "tr", "td", "section", "div", "span", "ul", "li", "code"] {
        let opened = page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
        assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
    }
    for foreign in ["<script", "http://", "https://", "url(", "@import"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    assert!(page.contains("&lt;b&gt;Uno &amp; Co&lt;/b&gt;"), "content is not markup");
}

#[test]
fn an_empty_lake_has_no_tables_and_five_silent_systems() {
    let dir = tempfile::tempdir().expect("a folder");
    let report = audit(&Lake::open(dir.path()).expect("a lake"));
    assert_eq!(report.tables, []);
    assert_eq!(report.agreements, []);
    assert_eq!(report.intake.freshness.iter().filter(|f| f.severity == Severity::Problem).count(), 5);
    assert!(report.checks.iter().all(|c| c.checked == 0 && c.severity == Severity::Note));
    assert_eq!(report.severity(), Severity::Problem);
    assert!(html::render(&report).contains("Nothing was rejected."));
}

#[test]
fn large_tables_count_distinct_values_approximately() {
    let dir = tempfile::tempdir().expect("a folder");
    let lake = company(dir.path());
    let config = AuditConfig { exact_distinct_rows_max: 2, ..AuditConfig::default() };
    let report = run(&|sql: &str| lake.sql(sql), &config, NOW).expect("a report");
    let customers = report.tables.iter().find(|t| t.table == "customers").expect("customers");
    assert!(customers.fields.iter().all(|f| f.distinct_approximate));
    assert!(html::render(&report).contains("≈ 3"));
}

#[test]
fn a_lake_that_does_not_answer_says_what_was_asked() {
    let silent = |_: &str| -> Result<Vec<arrow::record_batch::RecordBatch>, std::io::Error> {
        Err(std::io::Error::other("the lake is closed"))
    };
    let failed = run(&silent, &AuditConfig::default(), NOW).expect_err("no answer");
    assert_eq!(failed.to_string(), "auditing the files of each system: the lake is closed");
    let wrong = |_: &str| -> Result<_, std::io::Error> {
        let column: arrow::array::ArrayRef = std::sync::Arc::new(arrow::array::Int64Array::from(vec![1]));
        let batch = arrow::record_batch::RecordBatch::try_from_iter([("system", column)]).expect("a batch");
        Ok(vec![batch])
    };
    let failed = run(&wrong, &AuditConfig::default(), NOW);
    assert!(matches!(failed, Err(AuditError::Answer { .. })), "{failed:?}");
}
