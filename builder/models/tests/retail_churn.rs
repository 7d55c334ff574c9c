//! Churn on the real purchases of Online Retail, protocol of the data set's README: 90 days, forward.
//!
//! Prints what it measured; prints why it did not run when the data set is not there.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use flate2::read::GzDecoder;
use kenal_models::Threads;
use kenal_models::churn::{ChurnConfig, Column, ForwardSplit, Samples, TrainCuts, Transform, fit_forward};
use ndarray::Array2;

const RETAIL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/retail/online_retail.csv.gz");
const HORIZON_DAYS: i64 = 90;
const MINUTES_PER_DAY: i64 = 1440;

/// A kept order line: minutes since 1970, invoice, money.
struct Line {
    minute: i64,
    invoice: String,
    money: f64,
}

/// `2010-12-01 08:26:00` as minutes since 1970 (days of the civil calendar, Howard Hinnant's algorithm).
fn minute(text: &str) -> i64 {
    let n = |from: usize, to: usize| text[from..to].parse::<i64>().expect("digits");
    let (year, month, day) = (n(0, 4), n(5, 7), n(8, 10));
    let y = if month <= 2 { year - 1 } else { year };
    let doy = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let days = y.div_euclid(400) * 146_097
        + (y.rem_euclid(400) * 365 + y.rem_euclid(400) / 4 - y.rem_euclid(400) / 100 + doy)
        - 719_468;
    days * MINUTES_PER_DAY + n(11, 13) * 60 + n(14, 16)
}

/// Lines with a customer, quantity > 0 and price > 0, by customer, in order of time.
fn read(path: &Path) -> BTreeMap<String, Vec<Line>> {
    let mut reader = csv::Reader::from_reader(GzDecoder::new(File::open(path).expect("opens")));
    let mut all: BTreeMap<String, Vec<Line>> = BTreeMap::new();
    for row in reader.byte_records() {
        let row = row.expect("a row");
        let text = |i: usize| String::from_utf8_lossy(&row[i]).into_owned();
        let (quantity, price) = (text(3).parse::<f64>().expect("quantity"), text(5).parse::<f64>().expect("price"));
        if quantity > 0.0 && price > 0.0 && !row[6].is_empty() {
            let line = Line { minute: minute(&text(4)), invoice: text(0), money: quantity * price };
            all.entry(text(6)).or_default().push(line);
        }
    }
    for lines in all.values_mut() {
        lines.sort_by_key(|l| l.minute);
    }
    all
}

/// Recency, frequency, money and tenure at a cut.
fn rfm(before: &[Line], cut: i64) -> [f32; 5] {
    let days = |m: i64| (cut - m) as f64 / MINUTES_PER_DAY as f64;
    let mut invoices: Vec<&str> = before.iter().map(|l| l.invoice.as_str()).collect();
    invoices.dedup();
    invoices.sort_unstable();
    invoices.dedup();
    let (first, last) = (days(before[0].minute), days(before[before.len() - 1].minute));
    let money: f64 = before.iter().map(|l| l.money).sum();
    let orders = invoices.len() as f64;
    let gap = if orders > 1.0 { (first - last) / (orders - 1.0) } else { f64::NAN };
    [last, orders, money, first, gap].map(|v| v as f32)
}

#[test]
fn ninety_days_forward_on_real_purchases() {
    let path = Path::new(RETAIL);
    if !path.exists() {
        writeln!(std::io::stderr(), "skipped: the data set is absent ({})", path.display()).expect("standard error");
        return;
    }
    let people = read(path);
    let last = people.values().flatten().map(|l| l.minute).max().expect("lines");
    let end = (last / MINUTES_PER_DAY + 1) * MINUTES_PER_DAY;
    let test = end - HORIZON_DAYS * MINUTES_PER_DAY;
    let before = |days: i64| test - days * MINUTES_PER_DAY;
    let cuts = [before(150), before(120), before(90), test];

    let (mut values, mut labels, mut at, mut who) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for cut in cuts {
        for (number, lines) in people.values().enumerate() {
            let split = lines.partition_point(|l| l.minute < cut);
            if split > 0 {
                values.extend(rfm(&lines[..split], cut));
                let horizon = cut + HORIZON_DAYS * MINUTES_PER_DAY;
                labels.push(!lines[split..].iter().any(|l| l.minute < horizon));
                at.push(cut);
                who.push(number as u32);
            }
        }
    }
    let names = ["recency_days", "orders", "money", "tenure_days", "gap_days"];
    let columns: Vec<Column> =
        names.iter().map(|n| Column { name: (*n).into(), transform: Transform::Log1p }).collect();
    let rows = Array2::from_shape_vec((labels.len(), names.len()), values).expect("a matrix");
    let train = TrainCuts::new(cuts[..3].to_vec(), Vec::new(), HORIZON_DAYS * MINUTES_PER_DAY).expect("training cuts");
    let split = ForwardSplit::new(train, test).expect("a forward split");
    let samples = Samples { rows: rows.view(), labels: &labels, cuts: &at, people: &who };
    let fit = fit_forward(&columns, samples, &split, &ChurnConfig::default(), Threads::ONE).expect("fits");
    let q = &fit.test;
    println!(
        "churn, 90 days forward: {} + {} training rows, {} test rows, base rate {:.3}; AUC {:.4}, ECE {:.4}, Brier {:.4}, \
         recall@10% {:.3}, precision@10% {:.3}; {:?}, {:?}",
        fit.train_rows,
        fit.calibration_rows,
        q.rows,
        q.base_rate,
        q.auc,
        q.ece,
        q.brier,
        q.top.recall,
        q.top.precision,
        fit.model.platt(),
        fit.model.stop()
    );
    assert!(q.auc >= 0.725, "AUC {}", q.auc);
    assert!(q.ece <= 0.06, "ECE {}", q.ece);
}
