//! Items that nobody has bought: their content finds who will, where content decides what people buy, and only there.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use kenal_models::Threads;
use kenal_models::eval::{Evaluation, Metric, paired_interval};
use kenal_recommend::{Catalogue, ColdReport, Dataset, InputError, Model, Options, Protocol, evaluate_cold};
use kenal_tables::read::{Batch, Reader};

const RETAIL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/retail/online_retail.csv.gz");

fn options(factors: usize, min_count: usize) -> Options {
    Options {
        is_split: false,
        protocol: Protocol::Strong,
        model: Model::Als,
        factors,
        min_count,
        threads: Threads::new(2).expect("positive"),
        seed: 42,
        pack: false,
    }
}

struct Dice(u64);

impl Dice {
    fn below(&mut self, of: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % of
    }
}

const ITEMS: u64 = 600;
const COLOURS: [&str; 7] = ["red", "blue", "green", "white", "black", "golden", "grey"];
const THINGS: [&str; 5] = ["lamp", "chair", "mug", "clock", "basket"];

/// Brand, colour and thing of an item; none follows from its category, which is its number by six.
fn traits(item: u64) -> [u64; 3] {
    [item / 6 % 8, item / 48 % 7, (item / 6 + item / 48) % 5]
}

/// People who buy what has their brand or their colour, in whatever category, and of the first category twice as often;
/// one purchase of six is anything.
fn purchases() -> String {
    let (mut text, mut dice) = (String::from("user,item\n"), Dice(3));
    for user in 0..500u64 {
        let (brand, colour) = (user % 8, user / 8 % 7);
        let mut bought = 0;
        while bought < 14 {
            let item = dice.below(ITEMS);
            let likes = traits(item)[0] == brand || traits(item)[1] == colour || dice.below(25) == 0;
            if likes && (item % 6 == 0 || dice.below(2) == 0) {
                writeln!(text, "u{user},i{item}").expect("text");
                bought += 1;
            }
        }
    }
    text
}

/// What is known of items; or, when they are mixed up, of each what is true of another.
fn catalogue(mixed_up: bool) -> String {
    let (mut others, mut dice) = ((0..ITEMS).collect::<Vec<u64>>(), Dice(8));
    for at in (1..ITEMS).rev().filter(|_| mixed_up) {
        others.swap(at as usize, dice.below(at + 1) as usize);
    }
    let mut text = String::from("item,category,brand,price,title\n");
    for (item, other) in others.into_iter().enumerate() {
        let [brand, colour, thing] = traits(other);
        let (colour, thing) = (COLOURS[colour as usize], THINGS[thing as usize]);
        let price = 5 + other * 37 % 90;
        writeln!(text, "i{item},c{},b{brand},{price}.5,{colour} {thing}", other % 6).expect("text");
    }
    text
}

fn written(dir: &Path, name: &str, text: &str) -> PathBuf {
    let path = dir.join(name);
    fs::write(&path, text).expect("written");
    path
}

fn of<'r>(report: &'r ColdReport, name: &str) -> &'r Evaluation {
    &report.evaluations.iter().find(|(n, _)| *n == name).expect(name).1
}

fn print(report: &ColdReport) {
    println!("{} of {} items withheld, {} buyers left of each", report.withheld, report.items, report.known);
    for (name, evaluation) in &report.evaluations {
        let (recall, ndcg) = (Metric::Recall20, Metric::Ndcg20);
        let (r, n) = (evaluation.interval(recall, 0.95, 1), evaluation.interval(ndcg, 0.95, 1));
        println!(
            "{name:36} recall@20 {:.4} ({:.4} to {:.4}), ndcg@20 {:.4} ({:.4} to {:.4})",
            r.mean, r.low, r.high, n.mean, n.low, n.high
        );
    }
}

/// Surely better, case by case.
fn beats(report: &ColdReport, better: &str, worse: &str) {
    for metric in [Metric::Recall20, Metric::Ndcg20] {
        let d = paired_interval(of(report, better).values(metric), of(report, worse).values(metric), 0.95, 7);
        assert!(d.low > 0.0, "{better} against {worse}: {} {d:?}", metric.name());
    }
}

#[test]
fn content_finds_buyers_of_what_nobody_has_bought() {
    let dir = tempfile::tempdir().expect("a folder");
    let data = Dataset::read(&written(dir.path(), "bought.csv", &purchases())).expect("read");
    let items = Catalogue::read(&written(dir.path(), "items.csv", &catalogue(false))).expect("read");
    let report = evaluate_cold(&data, &items, 0, &options(16, 1)).expect("evaluated");
    print(&report);
    assert_eq!((report.withheld, report.described), (120, 120));
    for baseline in ["popularity in its category", "popularity of its kind", "categories they buy from", "chance"] {
        beats(&report, "content", baseline);
    }
    beats(&report, "popularity in its category", "chance");
    let json = report.json();
    assert_eq!(json["compared"].as_array().map(Vec::len), Some(report.evaluations.len()));
    assert_eq!(json["recall@20"].as_f64(), Some(report.evaluations[0].1.mean(Metric::Recall20)));
    let other = Options { threads: Threads::ONE, ..options(16, 1) };
    let again = evaluate_cold(&data, &items, 0, &other).expect("evaluated");
    assert_eq!(again.json(), json, "for any number of threads");
}

#[test]
fn content_that_says_nothing_finds_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let data = Dataset::read(&written(dir.path(), "bought.csv", &purchases())).expect("read");
    let items = Catalogue::read(&written(dir.path(), "items.csv", &catalogue(true))).expect("read");
    let report = evaluate_cold(&data, &items, 0, &options(16, 1)).expect("evaluated");
    print(&report);
    let (content, chance) = (of(&report, "content").mean(Metric::Recall20), of(&report, "chance"));
    let chance = chance.mean(Metric::Recall20);
    assert!(
        (content - chance).abs() < 0.05,
        "whoever wins here has seen what was withheld: {content}, chance {chance}"
    );
}

#[test]
fn content_helps_what_has_few_buyers() {
    let dir = tempfile::tempdir().expect("a folder");
    let data = Dataset::read(&written(dir.path(), "bought.csv", &purchases())).expect("read");
    let items = Catalogue::read(&written(dir.path(), "items.csv", &catalogue(false))).expect("read");
    let report = evaluate_cold(&data, &items, 2, &options(16, 1)).expect("evaluated");
    print(&report);
    beats(&report, "content", "its few buyers alone");
    beats(&report, "its few buyers alone", "chance");
}

#[test]
fn a_catalogue_of_other_items_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let data = Dataset::read(&written(dir.path(), "bought.csv", "user,item\na,x\na,y\nb,x\nb,y\n")).expect("read");
    let of = |text: &str| {
        let items = Catalogue::read(&written(dir.path(), "items.csv", text)).expect("read");
        evaluate_cold(&data, &items, 0, &options(2, 1))
    };
    let error = of("item,title\nq,red lamp\nr,red mug\n").expect_err("strangers");
    assert!(matches!(error, InputError::Protocol(_)) && error.to_string().contains("nothing to say"), "{error}");
    let error = of("item,title\nx,red lamp\ny,red mug\n").expect_err("too few to withhold any");
    assert!(error.to_string().contains("nobody bought both"), "{error}");
}

/// Purchases by the protocol of the public set, and what each item is called and costs.
fn retail(dir: &Path) -> (PathBuf, PathBuf) {
    let mut reader = Reader::open(Path::new(RETAIL)).expect("opened");
    let names = ["InvoiceNo", "StockCode", "Description", "Quantity", "UnitPrice", "CustomerID"];
    let columns = names.map(|name| reader.column(name).expect(name));
    let (mut bought, mut items) = (String::from("user,item\n"), HashMap::<String, (String, f64)>::new());
    let mut batch = Batch::new();
    while reader.next_batch(&mut batch).expect("read") {
        for row in 0..batch.rows_count() {
            let [invoice, code, title, quantity, price, customer] = columns.map(|c| batch.get(row, c).unwrap_or(""));
            let number = |text: &str| text.parse::<f64>().unwrap_or(0.0);
            let code = code.to_uppercase();
            let is_article = code.len() >= 5 && code.bytes().take(5).all(|b| b.is_ascii_digit());
            if customer.is_empty() || number(quantity) <= 0.0 || number(price) <= 0.0 || invoice.starts_with('C') {
                continue;
            }
            if is_article {
                writeln!(bought, "{customer},{code}").expect("text");
                // The last description and price.
                items.insert(code, (title.replace('"', " "), number(price)));
            }
        }
    }
    let mut rows: Vec<_> = items.into_iter().collect();
    rows.sort_by(|a, b| a.0.cmp(&b.0));
    let mut text = String::from("item,title,price\n");
    rows.iter().for_each(|(code, (title, price))| writeln!(text, "{code},\"{title}\",{price}").expect("text"));
    (written(dir, "bought.csv", &bought), written(dir, "items.csv", &text))
}

#[test]
fn descriptions_find_buyers_on_online_retail() {
    if !Path::new(RETAIL).exists() {
        writeln!(std::io::stderr(), "skipped: the data set is absent ({RETAIL})").expect("standard error");
        return;
    }
    let dir = tempfile::tempdir().expect("a folder");
    let (bought, items) = retail(dir.path());
    let (data, items) = (Dataset::read(&bought).expect("read"), Catalogue::read(&items).expect("read"));
    for known in [0, 2] {
        let report = evaluate_cold(&data, &items, known, &options(64, 5)).expect("evaluated");
        print(&report);
        assert!(report.described * 10 > report.withheld * 9, "nearly all share a word");
        beats(&report, "content and popularity of its kind", "popularity of its kind");
        beats(&report, "content", "chance");
    }
}
