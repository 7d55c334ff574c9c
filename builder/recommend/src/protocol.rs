//! What is hidden from the models: people, or the future; and the validation split, cut from what is left.

use kenal_models::blend::History;
use kenal_models::eval::{Candidates, Case};
use kenal_models::interactions::{Interactions, Row};

/// Microseconds of a day.
pub const DAY_US: i64 = 86_400_000_000;

/// What is tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// A fifth of the people are strangers, known by four fifths of their items and tested on the others.
    Strong,
    /// The last 30 days: items new to the customer.
    TimeNew,
    /// The last 30 days: whatever the customer buys.
    TimeRepeats,
}

impl Protocol {
    pub const fn name(self) -> &'static str {
        match self {
            Protocol::Strong => "strong",
            Protocol::TimeNew => "time, new items",
            Protocol::TimeRepeats => "time, with repeats",
        }
    }

    pub const fn candidates(self) -> Candidates {
        match self {
            Protocol::TimeRepeats => Candidates::All,
            Protocol::Strong | Protocol::TimeNew => Candidates::New,
        }
    }
}

/// Rows to learn from and cases to be measured on.
#[derive(Debug, Clone)]
pub struct Split {
    pub n_items: usize,
    /// Rows of the past, users as in the file.
    pub train: Vec<Row>,
    pub cases: Vec<Case>,
    /// The moment for which is recommended.
    pub cut: i64,
}

impl Split {
    /// Confidence 1 for each pair of `train`, users without rows left out, and the day of each pair's last row.
    pub fn matrix(&self) -> (Interactions, Vec<f32>) {
        let mut rows = self.train.clone();
        rows.sort_unstable_by_key(|r| (r.user, r.item, -r.time));
        rows.dedup_by_key(|r| (r.user, r.item));
        let first = rows.iter().map(|r| r.time).min().unwrap_or(0);
        let (mut n_users, mut last) = (0u32, None);
        let numbered: Vec<(u32, u32, f32)> = rows
            .iter()
            .map(|r| {
                if last.replace(r.user) != Some(r.user) {
                    n_users += 1;
                }
                (n_users - 1, r.item, 1.0)
            })
            .collect();
        let days = rows.iter().map(|r| (r.time - first) as f32 / DAY_US as f32).collect();
        match Interactions::from_triples(n_users as usize, self.n_items, numbered) {
            Ok(matrix) => (matrix, days),
            Err(e) => unreachable!("rows were numbered by the reader: {e}"),
        }
    }

    /// Purchases before the cut by user of the file, ages in days.
    pub fn histories(&self, n_users: usize) -> Vec<History> {
        let mut out = vec![Vec::new(); n_users];
        for r in &self.train {
            out[r.user as usize].push((r.item, age(self.cut, r.time)));
        }
        out
    }

    /// Σ 2^(−age / half-life) of each item.
    pub fn heat(&self, half_life_days: f32) -> Vec<f32> {
        let mut heat = vec![0.0f64; self.n_items];
        for r in &self.train {
            heat[r.item as usize] += f64::from(-age(self.cut, r.time) / half_life_days).exp2();
        }
        heat.into_iter().map(|h| h as f32).collect()
    }

    /// A split of the same kind within what this one trains on.
    pub fn validation(&self, protocol: Protocol, seed: u64) -> Split {
        match protocol {
            Protocol::Strong => strong(&self.train, self.n_items, seed),
            Protocol::TimeNew | Protocol::TimeRepeats => {
                time(&self.train, self.n_items, self.cut - 30 * DAY_US, protocol)
            }
        }
    }
}

fn age(cut: i64, time: i64) -> f32 {
    (cut - time).max(0) as f32 / DAY_US as f32
}

fn items_of(rows: &[Row], mut keep: impl FnMut(&Row) -> bool) -> Vec<(u32, u32)> {
    let mut pairs: Vec<(u32, u32)> = rows.iter().filter(|r| keep(r)).map(|r| (r.user, r.item)).collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

/// Cases of people with known and hidden pairs, both ascending.
pub fn cases(known: &[(u32, u32)], hidden: &[(u32, u32)], drop_known: bool) -> Vec<Case> {
    let of = |pairs: &[(u32, u32)], user: u32| {
        let from = pairs.partition_point(|p| p.0 < user);
        let to = pairs.partition_point(|p| p.0 <= user);
        pairs[from..to].iter().map(|p| p.1).collect::<Vec<u32>>()
    };
    let mut users: Vec<u32> = hidden.iter().map(|p| p.0).collect();
    users.dedup();
    let case = |user: u32| {
        let history = of(known, user);
        let mut relevant = of(hidden, user);
        if drop_known {
            relevant.retain(|i| history.binary_search(i).is_err());
        }
        let counts = !history.is_empty() && !relevant.is_empty();
        counts.then(|| Case { user, history: history.into_iter().map(|i| (i, 1.0)).collect(), relevant })
    };
    users.into_iter().filter_map(case).collect()
}

/// From parts of a given split.
pub fn given(train: Vec<Row>, known: &[Row], hidden: &[Row], n_items: usize, protocol: Protocol) -> Split {
    let cut = train.iter().map(|r| r.time).max().unwrap_or(0);
    let (known, hidden) = (items_of(known, |_| true), items_of(hidden, |_| true));
    let cases = cases(&known, &hidden, protocol == Protocol::TimeNew);
    Split { n_items, train, cases, cut }
}

/// A fifth of the people held out, a fifth of the items of each of them hidden.
pub fn strong(rows: &[Row], n_items: usize, seed: u64) -> Split {
    let pairs = items_of(rows, |_| true);
    let n_users = pairs.last().map_or(0, |p| p.0 as usize + 1);
    let triples = pairs.iter().map(|&(u, i)| (u, i, 1.0));
    let Ok(all) = Interactions::from_triples(n_users, n_items, triples) else {
        unreachable!("rows were numbered by the reader")
    };
    let split = kenal_models::eval::strong_split(&all, 0.2, 0.2, seed);
    let mut held = vec![false; n_users];
    split.cases.iter().for_each(|c| held[c.user as usize] = true);
    let train: Vec<Row> = rows.iter().filter(|r| !held[r.user as usize]).copied().collect();
    let cut = rows.iter().map(|r| r.time).max().unwrap_or(0);
    Split { n_items, train, cases: split.cases, cut }
}

/// What comes after `cut` is hidden.
pub fn time(rows: &[Row], n_items: usize, cut: i64, protocol: Protocol) -> Split {
    let (known, hidden) = (items_of(rows, |r| r.time < cut), items_of(rows, |r| r.time >= cut));
    let cases = cases(&known, &hidden, protocol == Protocol::TimeNew);
    let train = rows.iter().filter(|r| r.time < cut).copied().collect();
    Split { n_items, train, cases, cut }
}
