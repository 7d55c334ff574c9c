//! The same bytes twice, clear refusals, and real purchases kept whole.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use kenal_types::{Date, Timestamp};
use kenal_world::{WorldConfig, WorldError, WorldSummary, Written, excerpt, generate_with, truth};

const END: Date = Date(20_770);

fn config(out: &Path, people: u64, purchases: Option<PathBuf>) -> WorldConfig {
    WorldConfig { out: out.to_owned(), people, purchases, seed: 7, end: END, written: Written::default() }
}

fn make(config: &WorldConfig, threads: usize) -> Result<WorldSummary, WorldError> {
    generate_with(config, NonZeroUsize::new(threads).expect("above zero"), &|_, _, _| {})
}

fn excerpt_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/online_retail_excerpt.csv.gz")
}

/// Name and content of every file below.
fn contents(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(dir).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            all.extend(contents(&path));
        } else {
            all.insert(path.clone(), std::fs::read(&path).expect("bytes"));
        }
    }
    all
}

fn relative(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    contents(dir).into_iter().map(|(p, b)| (p.strip_prefix(dir).expect("below").to_owned(), b)).collect()
}

#[test]
fn parts_of_a_world_are_the_world() {
    let dir = tempfile::tempdir().expect("a folder");
    let whole = dir.path().join("whole");
    make(&config(&whole, 300, None), 1).expect("a world");
    let lines = |dir: &Path| {
        let text = std::fs::read_to_string(dir.join("shopify/orders.jsonl")).expect("orders");
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    let people = |dir: &Path| {
        let mut people = truth::people(dir).expect("the truth");
        people.sort_unstable_by(|x, y| x.record.cmp(&y.record).then(x.person.cmp(&y.person)));
        people
    };
    let (mut orders, mut records) = (Vec::new(), Vec::new());
    for (part, range) in [0..120, 120..300].into_iter().enumerate() {
        let out = dir.path().join(format!("part{part}"));
        let written = Written { people: Some(range), sessions_brief: true };
        make(&WorldConfig { written, ..config(&out, 300, None) }, 2).expect("a part");
        orders.extend(lines(&out));
        records.extend(people(&out));
        assert!(contents(&out.join("app")).values().map(Vec::len).sum::<usize>() > 10_000, "it has app events");
    }
    orders.sort_unstable();
    records.sort_unstable_by(|x, y| x.record.cmp(&y.record).then(x.person.cmp(&y.person)));
    assert_eq!(orders, lines(&whole));
    assert_eq!(records, people(&whole));
}

#[test]
fn the_same_seed_gives_the_same_bytes_for_any_number_of_threads() {
    let dir = tempfile::tempdir().expect("a folder");
    for (name, purchases) in [("model", None), ("retail", Some(excerpt_path()))] {
        let (one, three) = (dir.path().join(format!("{name}1")), dir.path().join(format!("{name}3")));
        let first = make(&config(&one, 700, purchases.clone()), 1).expect("a world");
        let second = make(&config(&three, 700, purchases), 3).expect("a world");
        assert_eq!(first, second, "{name}");
        let (a, b) = (relative(&one), relative(&three));
        assert_eq!(a.keys().collect::<Vec<_>>(), b.keys().collect::<Vec<_>>(), "{name}");
        for (path, bytes) in &a {
            assert!(b[path] == *bytes, "{name}: {} differs", path.display());
        }
        assert!(a.len() > 300 && !a.keys().any(|p| p.starts_with(".spool")), "{name}");
    }
}

#[test]
fn another_seed_gives_another_world() {
    let dir = tempfile::tempdir().expect("a folder");
    let (a, b) = (dir.path().join("a"), dir.path().join("b"));
    make(&config(&a, 60, None), 1).expect("a world");
    make(&WorldConfig { seed: 8, ..config(&b, 60, None) }, 1).expect("a world");
    let name = Path::new("shopify/customers.jsonl");
    assert_ne!(relative(&a)[name], relative(&b)[name]);
}

#[test]
fn mistakes_have_clear_messages() {
    let dir = tempfile::tempdir().expect("a folder");
    let full = dir.path().join("full");
    std::fs::create_dir(&full).expect("made");
    std::fs::write(full.join("mine.txt"), "mine").expect("written");
    let fresh = dir.path().join("fresh");
    let whole = std::fs::read(excerpt_path()).expect("the excerpt");
    let cut = dir.path().join("cut.csv.gz");
    std::fs::write(&cut, &whole[..whole.len() / 3]).expect("written");
    let none = dir.path().join("none.csv.gz");
    for (config, part) in [
        (config(&full, 10, None), "is not empty; name a new folder"),
        (config(&full.join("mine.txt"), 10, None), "mine.txt"),
        (config(&fresh, 0, None), "at least one person"),
        (config(&fresh, u64::MAX, None), "more than the 5500000"),
        (WorldConfig { end: Date(0), ..config(&fresh, 10, None) }, "end day 1970-01-01 is out of range"),
        (config(&fresh, 10, Some(none)), "cannot be read: No such file"),
        (config(&fresh, 10, Some(cut)), "ends early"),
    ] {
        let message = make(&config, 1).expect_err(part).to_string();
        assert!(message.contains(part), "{message}");
        assert!(!fresh.exists(), "{part}: a folder was left behind");
    }
}

#[test]
fn real_baskets_are_kept_and_end_on_the_last_day() {
    let dir = tempfile::tempdir().expect("a folder");
    let summary = make(&config(dir.path(), 10_000, Some(excerpt_path())), 2).expect("a world");
    let purchases = truth::purchases(dir.path()).expect("truth");
    let last = purchases.iter().map(|p| p.ordered_at).max().expect("a purchase");
    assert_eq!(last.date(), END);
    let first = purchases.iter().map(|p| p.ordered_at).min().expect("a purchase");
    assert!((360.0..380.0).contains(&last.days_since(first)));
    // Every sale of a customer in the file is a purchase of one person: counted here by hand.
    let text = flate2::read::MultiGzDecoder::new(std::fs::File::open(excerpt_path()).expect("the excerpt"));
    let mut sales = 0;
    let mut customers = std::collections::BTreeSet::new();
    for row in csv::Reader::from_reader(text).records().map(|r| r.expect("a row")) {
        let product = row[1].len() >= 5 && row[1].bytes().take(5).all(|b| b.is_ascii_digit());
        let price: f64 = row[5].parse().expect("a price");
        if product && !row[6].is_empty() && row[0].starts_with('5') && !row[3].starts_with('-') && price > 0.0 {
            sales += 1;
            customers.insert(row[6].to_owned());
        }
    }
    assert_eq!(purchases.len(), sales);
    assert_eq!(summary.people, customers.len() as u64);
    assert!(summary.guest_orders > 50);
    let people: std::collections::BTreeSet<u64> = purchases.iter().map(|p| p.person).collect();
    assert_eq!(people.len(), customers.len());
    let tastes = truth::tastes(dir.path()).expect("truth");
    for person in people.iter().take(50) {
        let sum: f64 = tastes.iter().filter(|t| t.person == *person).map(|t| t.weight).sum();
        assert!((sum - 1.0).abs() < 1e-9, "{sum}");
    }
    let churn = truth::churn(dir.path()).expect("truth");
    let gone = churn.iter().filter(|c| c.left).count();
    assert!(gone > churn.len() / 10 && gone < churn.len() * 3 / 4, "{gone} of {}", churn.len());
    let midnight = END.midnight().plus_days(1);
    assert!(churn.iter().all(|c| c.left == c.last_order_at.is_some_and(|t| midnight.days_since(t) > 90.0)));
}

#[test]
fn the_excerpt_is_small_and_cut_as_its_readme_says() {
    let path = excerpt_path();
    assert!(std::fs::metadata(&path).expect("the excerpt").len() <= 2_000_000);
    let whole = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/retail/online_retail.csv.gz");
    if !whole.exists() {
        writeln!(std::io::stderr(), "skipped: {} is not here", whole.display()).expect("standard error");
        return;
    }
    let dir = tempfile::tempdir().expect("a folder");
    let again = dir.path().join("again.csv.gz");
    excerpt::cut(&whole, &again, 1500, 400).expect("cut");
    // Not the compressed bytes: those depend on which deflate the other packages of a build have asked for.
    let content = |path: &Path| {
        let mut text = String::new();
        let file = std::fs::File::open(path).expect("opened");
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(file), &mut text).expect("read");
        text
    };
    assert!(content(&again) == content(path.as_ref()), "the excerpt is another cut");
}

#[test]
fn the_truth_is_not_in_the_exports() {
    let dir = tempfile::tempdir().expect("a folder");
    make(&config(dir.path(), 1500, None), 2).expect("a world");
    let people = truth::people(dir.path()).expect("truth");
    // Numbers of two records of one person are as far from each other as those of strangers.
    let number = |p: &truth::Person| p.record.id.parse::<f64>().ok();
    let of = |system: &str| -> BTreeMap<u64, f64> {
        let own = people.iter().filter(|p| p.record.system.name() == system);
        own.filter_map(|p| Some((p.person, number(p)?))).collect()
    };
    let (shopify, zendesk) = (of("shopify"), of("zendesk"));
    for (name, pairs) in [
        ("shopify with person", shopify.iter().map(|(p, n)| (*p as f64, *n)).collect::<Vec<_>>()),
        ("zendesk with shopify", zendesk.iter().filter_map(|(p, z)| Some((*shopify.get(p)?, *z))).collect()),
    ] {
        let r = correlation(&pairs);
        assert!(pairs.len() > 100 && r.abs() < 4.0 / (pairs.len() as f64).sqrt(), "{name}: {r}");
    }
    let alone = people.iter().filter(|p| p.no_evidence).count() as f64 / people.len() as f64;
    assert!((0.005..0.20).contains(&alone), "{alone}");
    let purchases = truth::purchases(dir.path()).expect("truth");
    assert!(purchases.iter().all(|p| p.ordered_at < Timestamp(END.midnight().0 + Timestamp::US_PER_DAY)));
}

/// Pearson's r.
fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let n = pairs.len() as f64;
    let (mx, my) = (pairs.iter().map(|p| p.0).sum::<f64>() / n, pairs.iter().map(|p| p.1).sum::<f64>() / n);
    let sums = pairs.iter().fold((0.0, 0.0, 0.0), |(xy, xx, yy), (x, y)| {
        (xy + (x - mx) * (y - my), xx + (x - mx).powi(2), yy + (y - my).powi(2))
    });
    sums.0 / (sums.1 * sums.2).sqrt()
}
