//! Bytes a second of each connector, against reading the same file as untyped JSON (the naive way) and against
//! reading its lines alone (the floor).
//!
//! Run with `cargo bench -p kenal-sources`. Files are made from the fixtures' good rows with ids of their own, so a
//! wrong count of accepted rows stops the bench. Analysis: the typed parsers should stay well above the naive figure
//! though they also build, check and count; the survey (hash, counts) should be several times faster than the reading.

use std::fmt::Write as _;
use std::io::BufRead as _;
use std::time::Instant;

use kenal_sources::{Quiet, RowSink, SinkError, read, survey};
use kenal_types::{Entity, Origin, Rejection, System};

/// Counts, so that nothing can be optimised away.
#[derive(Default)]
struct Count {
    entities: usize,
    bytes: usize,
}

impl RowSink for Count {
    fn accepted(&mut self, _: &Origin, raw: &[u8], entities: Vec<Entity>) -> Result<(), SinkError> {
        self.entities += entities.len();
        self.bytes += raw.len();
        Ok(())
    }

    fn rejected(&mut self, rejection: Rejection) -> Result<(), SinkError> {
        panic!("{} {}: {}", rejection.origin, rejection.field, rejection.detail);
    }
}

const ROWS: usize = 200_000;

fn shopify_orders() -> String {
    let mut text = String::new();
    for n in 0..ROWS / 4 {
        let _ = writeln!(
            text,
            r##"{{"id":"gid://shopify/Order/{n}","legacyResourceId":"{n}","name":"#{n}","email":"c{n}@example.com","phone":null,"createdAt":"2026-11-18T10:00:00Z","processedAt":"2026-11-18T10:00:00Z","updatedAt":"2026-11-18T10:05:00Z","cancelledAt":null,"displayFinancialStatus":"PAID","displayFulfillmentStatus":"FULFILLED","currencyCode":"SGD","totalPriceSet":{{"shopMoney":{{"amount":"27.50","currencyCode":"SGD"}},"presentmentMoney":{{"amount":"94.10","currencyCode":"MYR"}}}},"customer":{{"id":"gid://shopify/Customer/{n}","email":"c{n}@example.com"}},"refunds":[],"tags":[],"test":false,"sourceName":"web"}}"##
        );
        for k in 0..3 {
            let id = n * 3 + k;
            let _ = writeln!(
                text,
                r#"{{"id":"gid://shopify/LineItem/{id}","__parentId":"gid://shopify/Order/{n}","name":"Uno - Red","title":"Uno","variantTitle":"Red","sku":"U-{k}","quantity":2,"originalUnitPriceSet":{{"shopMoney":{{"amount":"9.90","currencyCode":"SGD"}}}},"product":{{"legacyResourceId":"77"}},"variant":{{"legacyResourceId":"701"}},"discountAllocations":[],"taxLines":[]}}"#
            );
        }
    }
    text
}

fn zendesk_tickets() -> String {
    let mut text = "{\"tickets\":[".to_owned();
    for n in 0..ROWS {
        let comma = if n == 0 { "" } else { "," };
        let _ = write!(
            text,
            r#"{comma}{{"id":{n},"external_id":null,"via":{{"channel":"email","source":{{"from":{{"name":"x"}},"to":{{}},"rel":null}}}},"created_at":"2026-10-01T00:00:00Z","updated_at":"2026-10-02T00:00:00Z","generated_timestamp":1791072000,"type":"incident","subject":"Where is order {n}?","description":"A few sentences of text, as customers write them, which no stage keeps and this one only passes over.","priority":"high","status":"open","requester_id":{n},"tags":["refund","late"],"custom_fields":[{{"id":1,"value":null}}],"satisfaction_rating":{{"score":"good","id":9}},"is_public":true}}"#
        );
    }
    text.push_str("],\"after_cursor\":\"x\",\"end_of_stream\":true}");
    text
}

fn salesforce_contacts() -> String {
    let mut text = r#""Id","IsDeleted","MasterRecordId","FirstName","LastName","Email","Phone","MobilePhone","Birthdate","MailingStreet","MailingCity","MailingPostalCode","MailingCountry","HasOptedOutOfEmail","DoNotCall","IndividualId","CreatedDate","LastModifiedDate","SystemModstamp""#.to_owned();
    text.push('\n');
    for n in 0..ROWS {
        let _ = writeln!(
            text,
            r#""003xx{n:010}","false","","Mei","Fixture","c{n}@example.com","","+65 9123 0011","1990-01-02","1 Test Street","Singapore","018956","Singapore","false","true","0PKxx{n:010}","2023-01-02T03:04:05.000Z","2024-05-06T07:08:09.000Z","2024-05-06T07:08:10.000Z""#
        );
    }
    text
}

fn app_events() -> String {
    let mut text = String::new();
    for n in 0..ROWS {
        let device = n / 20;
        let _ = writeln!(
            text,
            r#"{{"type":"track","event":"Product Viewed","messageId":"022bb90c-bbac-11e4-8dfc-{n:012}","anonymousId":"507f191e-{device}","userId":"u-{device}","context":{{"device":{{"id":"B5372DB0-{device}","type":"ios"}},"locale":"en-SG","consent":{{"categoryPreferences":{{"Personalisation":true,"Advertising":false,"Analytics":true}}}}}},"properties":{{"product_id":"77","sku":"U-R","category":"Games","name":"Uno","price":9.9,"quantity":1,"currency":"SGD"}},"originalTimestamp":"2026-11-20T10:00:00.123Z","sentAt":"2026-11-20T10:00:01.123Z","receivedAt":"2026-11-20T10:00:02.456Z","timestamp":"2026-11-20T10:00:01.456Z"}}"#
        );
    }
    text
}

fn warehouse_lines() -> Vec<u8> {
    use arrow::array::{ArrayRef, Int32Array, RecordBatch, StringArray, TimestampMicrosecondArray};
    use std::sync::Arc;
    let text =
        |f: &dyn Fn(usize) -> String| -> ArrayRef { Arc::new((0..ROWS).map(|n| Some(f(n))).collect::<StringArray>()) };
    let time = |shift: i64| -> ArrayRef {
        let values = (0..ROWS as i64).map(|n| 1_790_000_000_000_000 + shift + n);
        Arc::new(TimestampMicrosecondArray::from_iter_values(values).with_timezone("UTC"))
    };
    let whole = |f: &dyn Fn(usize) -> i32| -> ArrayRef { Arc::new(Int32Array::from_iter_values((0..ROWS).map(f))) };
    let price = arrow::array::Decimal128Array::from_iter_values((0..ROWS).map(|n| n as i128 % 10_000));
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("order_no", text(&|n| (n / 3).to_string())),
        ("line_no", whole(&|n| (n % 3) as i32)),
        ("customer_id", text(&|n| format!("{:016x}", n / 9))),
        ("ordered_at", time(0)),
        ("loaded_at", time(1000)),
        ("channel", text(&|_| "store".to_owned())),
        ("country", text(&|_| "Malaysia".to_owned())),
        ("currency", text(&|_| "MYR".to_owned())),
        ("sku", text(&|n| format!("S-{}", n % 4000))),
        ("description", text(&|n| format!("Thing number {}", n % 4000))),
        ("quantity", whole(&|n| (n % 5) as i32 + 1)),
        ("unit_price", Arc::new(price.with_precision_and_scale(12, 2).expect("a decimal"))),
        ("status", text(&|_| "completed".to_owned())),
    ];
    let batch = RecordBatch::try_from_iter(columns).expect("columns");
    let mut writer = parquet::arrow::ArrowWriter::try_new(Vec::new(), batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("memory does not fail");
    writer.into_inner().expect("memory does not fail")
}

fn main() {
    let files: [(System, &str, Vec<u8>, usize); 5] = [
        (System::Shopify, "orders.jsonl", shopify_orders().into_bytes(), ROWS),
        (System::Zendesk, "tickets-0001.json", zendesk_tickets().into_bytes(), ROWS),
        (System::Salesforce, "Contact-0001.csv", salesforce_contacts().into_bytes(), 2 * ROWS),
        (System::Warehouse, "order_lines-0001.parquet", warehouse_lines(), ROWS + ROWS.div_ceil(3)),
        (System::App, "events-2026-11-20.jsonl", app_events().into_bytes(), 0),
    ];
    println!(
        "{:<12} {:>8} {:>12} {:>12} {:>12} {:>12}",
        "system", "MB", "survey MB/s", "read MB/s", "rows/s", "naive MB/s"
    );
    for (system, name, bytes, entities) in &files {
        let dir = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(dir.path().join(name), bytes).expect("a file");
        let start = Instant::now();
        let found = survey(*system, dir.path(), &Quiet).expect("a survey");
        let surveyed = start.elapsed().as_secs_f64();
        // The best of three: the machine may be busy with something else.
        let mut took = f64::MAX;
        let mut raw_bytes = 0;
        for _ in 0..3 {
            let mut count = Count::default();
            let start = Instant::now();
            let report = read(&found, &mut count, &Quiet).expect("a reading");
            took = took.min(start.elapsed().as_secs_f64());
            assert_eq!(report.accepted(), ROWS as u64);
            assert!(*entities == 0 || count.entities == *entities, "{} entities", count.entities);
            raw_bytes = count.bytes;
        }
        let mb = raw_bytes as f64 / 1e6;
        println!(
            "{:<12} {mb:>8.1} {:>12.0} {:>12.0} {:>12.0} {:>12}",
            system.name(),
            bytes.len() as f64 / 1e6 / surveyed,
            mb / took,
            ROWS as f64 / took,
            naive(name, bytes).map_or("-".to_owned(), |s| format!("{:.0}", bytes.len() as f64 / 1e6 / s)),
        );
    }
}

/// Every line as an untyped value.
fn naive(name: &str, bytes: &[u8]) -> Option<f64> {
    let start = Instant::now();
    let mut members = 0;
    for line in name.ends_with(".jsonl").then_some(bytes)?.lines() {
        let value: serde_json::Value = serde_json::from_str(&line.ok()?).ok()?;
        members += value.as_object().map_or(0, serde_json::Map::len);
    }
    assert!(members > 0);
    Some(start.elapsed().as_secs_f64())
}
