//! Temporary measurement: ingest N events, read them back.
use kenal_lake::*;
use kenal_types::*;
use std::time::Instant;
fn rss() -> (u64, u64) {
    let s = std::fs::read_to_string("/proc/self/status").unwrap();
    let get = |k: &str| {
        s.lines().find(|l| l.starts_with(k)).unwrap().split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
    };
    (get("VmRSS"), get("VmHWM"))
}
fn main() {
    let n: u64 = std::env::args().nth(1).unwrap().parse().unwrap();
    let dir = std::env::args().nth(2).unwrap();
    let lake = Lake::open(dir.as_ref()).unwrap();
    println!("opened rss {:?}", rss());
    let t = Instant::now();
    let stamp = FileStamp { name: "e".into(), bytes: n, blake3: *blake3::hash(&n.to_le_bytes()).as_bytes() };
    if let Some(mut ing) = lake.begin_ingest(System::App, &[stamp], Timestamp(0)).unwrap() {
        let file: std::sync::Arc<str> = "e".into();
        for i in 0..n {
            let id = blake3::hash(&(i % (n * 9 / 10)).to_le_bytes()).to_hex().to_string();
            let raw = format!(
                "{{\"messageId\":\"{id}\",\"type\":\"track\",\"event\":\"Product Viewed\",\"properties\":{{\"product_id\":\"{}\"}},\"context\":{{\"device\":{{\"id\":\"{}\",\"type\":\"ios\"}},\"consent\":{{\"categoryPreferences\":{{\"Advertising\":true,\"Analytics\":false}}}}}}}}",
                i % 5000,
                i % 90000
            );
            let e = AppEvent {
                message_id: id,
                kind: EventKind::ItemViewed,
                actor: RecordKey::new(System::App, format!("device/{}", i % 90000)),
                device: Some(format!("{}", i % 90000)),
                happened_at: Timestamp(1_700_000_000_000_000 + i as i64 * 1000),
                known_at: Timestamp(1_700_000_000_000_000 + i as i64 * 1000),
                item_id: Some((i % 5000).to_string()),
                sku: None,
                order_number: None,
                quantity: None,
                market: Some(Market::Singapore),
                platform: Some("ios".into()),
            };
            ing.accept(&Origin { file: file.clone(), line: i + 1 }, raw.as_bytes(), vec![Entity::Event(Box::new(e))])
                .unwrap();
        }
        ing.file_done(FileOutcome {
            file: file.clone(),
            kind: "events".into(),
            status: FileStatus::Accepted,
            reason: None,
            read: n,
            accepted: n,
            rejected: 0,
            watermark: None,
        })
        .unwrap();
        let c = ing.commit().unwrap();
        println!("ingest {n} in {:?} rss {:?} {c:?}", t.elapsed(), rss());
    }
    let t = Instant::now();
    let mut k = 0u64;
    lake.each_current(|_: AppEvent| {
        k += 1;
        Ok(())
    })
    .unwrap();
    println!("read {k} in {:?} rss {:?}", t.elapsed(), rss());
    for t in lake.tables().unwrap() {
        if t.rows > 0 {
            println!("{} v{} {} rows {} files {} bytes", t.name, t.version, t.rows, t.files, t.bytes);
        }
    }
}
