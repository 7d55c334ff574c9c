//! What is hidden from the models: people, or the future; and the validation split, cut from what is left.

use kenal_models::blend::{Heat, History};
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

/// What the weights of a pair, added up, count as confidence. Their scale is nobody's business: they are divided by the
/// mean of all pairs, so that euros learn what cents do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confidence {
    /// Each pair counts 1.
    Same,
    /// By the square root, which a single large weight moves less.
    Root,
    /// As they are.
    Given,
}

impl Confidence {
    pub const ALL: [Confidence; 3] = [Confidence::Same, Confidence::Root, Confidence::Given];
    /// Beyond this the ratio of a weight to the mean says no more.
    const RATIO_MAX: f32 = 1e6;

    pub const fn name(self) -> &'static str {
        match self {
            Confidence::Same => "same",
            Confidence::Root => "root",
            Confidence::Given => "given",
        }
    }

    fn of(self, weight: f32, mean: f32) -> f32 {
        let ratio = (weight / mean).clamp(1.0 / Self::RATIO_MAX, Self::RATIO_MAX);
        match self {
            Confidence::Same => 1.0,
            Confidence::Root => ratio.sqrt(),
            Confidence::Given => ratio,
        }
    }
}

/// Rows to learn from and cases to be measured on.
#[derive(Debug, Clone)]
pub struct Split {
    pub n_items: usize,
    /// Rows of the past, users as in the file.
    pub train: Vec<Row>,
    /// Histories with the sum of each pair's weights, unless [`Split::counting`] has said what they count.
    pub cases: Vec<Case>,
    /// The moment for which is recommended.
    pub cut: i64,
    /// What [`Split::matrix`] and [`Split::heat`] take weights for.
    confidence: Confidence,
}

impl Split {
    fn new(n_items: usize, train: Vec<Row>, cases: Vec<Case>, cut: i64) -> Split {
        Split { n_items, train, cases, cut, confidence: Confidence::Same }
    }

    /// The same with weights that count so, in training and in histories.
    pub fn counting(&self, confidence: Confidence) -> Split {
        let mut split = Split { confidence, ..self.clone() };
        let mean = self.mean_weight();
        for (_, weight) in split.cases.iter_mut().flat_map(|c| &mut c.history) {
            *weight = confidence.of(*weight, mean);
        }
        split
    }

    /// Whether pairs differ in weight at all.
    pub fn has_weights(&self) -> bool {
        let pairs = pairs_of(&self.train, |_| true);
        pairs.windows(2).any(|w| w[0].2 != w[1].2)
    }

    /// Of the pairs of `train`.
    fn mean_weight(&self) -> f32 {
        let pairs = pairs_of(&self.train, |_| true);
        let sum: f64 = pairs.iter().map(|p| f64::from(p.2)).sum();
        if sum > 0.0 { (sum / pairs.len() as f64).min(f64::from(f32::MAX)) as f32 } else { 1.0 }
    }

    /// Confidence for each pair of `train`, users without rows left out, and the day of each pair's last row.
    pub fn matrix(&self) -> (Interactions, Vec<f32>) {
        let mean = self.mean_weight();
        let mut rows = self.train.clone();
        rows.sort_unstable_by(|a, b| (a.user, a.item, -a.time).cmp(&(b.user, b.item, -b.time)).then(by_weight(a, b)));
        let first = rows.iter().map(|r| r.time).min().unwrap_or(0);
        let day = |r: &Row| (r.time - first) as f32 / DAY_US as f32;
        let (mut n_users, mut last) = (0u32, None);
        let (mut numbered, mut days) = (Vec::<(u32, u32, f32)>::new(), Vec::new());
        for pair in rows.chunk_by(|a, b| (a.user, a.item) == (b.user, b.item)) {
            if last.replace(pair[0].user) != Some(pair[0].user) {
                n_users += 1;
            }
            numbered.push((n_users - 1, pair[0].item, self.confidence.of(sum_of(pair), mean)));
            days.push(day(&pair[0]));
        }
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

    /// Σ confidence · 2^(−age / half-life) of each item, and Σ confidence.
    pub fn heat(&self, half_life_days: f32) -> Heat {
        let mean = self.mean_weight();
        let purchase = |r: &Row| (r.item, age(self.cut, r.time), f64::from(self.confidence.of(r.weight, mean)));
        Heat::of(self.n_items, half_life_days, self.train.iter().map(purchase))
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

/// An order of rows that are else the same, so that sums do not depend on the file's.
fn by_weight(a: &Row, b: &Row) -> std::cmp::Ordering {
    a.weight.total_cmp(&b.weight)
}

fn sum_of(rows: &[Row]) -> f32 {
    let sum: f64 = rows.iter().map(|r| f64::from(r.weight)).sum();
    sum.min(f64::from(f32::MAX)) as f32
}

/// User, item, and the sum of the weights of their rows; ascending.
type Pair = (u32, u32, f32);

fn pairs_of(rows: &[Row], mut keep: impl FnMut(&Row) -> bool) -> Vec<Pair> {
    let mut rows: Vec<Row> = rows.iter().filter(|r| keep(r)).copied().collect();
    rows.sort_unstable_by(|a, b| (a.user, a.item).cmp(&(b.user, b.item)).then(by_weight(a, b)));
    let same = |a: &Row, b: &Row| (a.user, a.item) == (b.user, b.item);
    rows.chunk_by(same).map(|pair| (pair[0].user, pair[0].item, sum_of(pair))).collect()
}

/// Cases of people with known and hidden pairs, both ascending.
fn cases(known: &[Pair], hidden: &[Pair], drop_known: bool) -> Vec<Case> {
    fn of(pairs: &[Pair], user: u32) -> impl Iterator<Item = (u32, f32)> {
        let from = pairs.partition_point(|p| p.0 < user);
        let to = pairs.partition_point(|p| p.0 <= user);
        pairs[from..to].iter().map(|p| (p.1, p.2))
    }
    let mut users: Vec<u32> = hidden.iter().map(|p| p.0).collect();
    users.dedup();
    let case = |user: u32| {
        let history: Vec<(u32, f32)> = of(known, user).collect();
        let mut relevant: Vec<u32> = of(hidden, user).map(|p| p.0).collect();
        if drop_known {
            relevant.retain(|i| history.binary_search_by_key(i, |h| h.0).is_err());
        }
        let counts = !history.is_empty() && !relevant.is_empty();
        counts.then_some(Case { user, history, relevant })
    };
    users.into_iter().filter_map(case).collect()
}

/// From parts of a given split.
pub fn given(train: Vec<Row>, known: &[Row], hidden: &[Row], n_items: usize, protocol: Protocol) -> Split {
    let cut = train.iter().map(|r| r.time).max().unwrap_or(0);
    let (known, hidden) = (pairs_of(known, |_| true), pairs_of(hidden, |_| true));
    let cases = cases(&known, &hidden, protocol == Protocol::TimeNew);
    Split::new(n_items, train, cases, cut)
}

/// A fifth of the people held out, a fifth of the items of each of them hidden.
pub fn strong(rows: &[Row], n_items: usize, seed: u64) -> Split {
    let pairs = pairs_of(rows, |_| true);
    let n_users = pairs.last().map_or(0, |p| p.0 as usize + 1);
    let Ok(all) = Interactions::from_triples(n_users, n_items, pairs) else {
        unreachable!("rows were numbered by the reader")
    };
    let split = kenal_models::eval::strong_split(&all, 0.2, 0.2, seed);
    let mut held = vec![false; n_users];
    split.cases.iter().for_each(|c| held[c.user as usize] = true);
    let train: Vec<Row> = rows.iter().filter(|r| !held[r.user as usize]).copied().collect();
    let cut = rows.iter().map(|r| r.time).max().unwrap_or(0);
    Split::new(n_items, train, split.cases, cut)
}

/// What comes after `cut` is hidden.
pub fn time(rows: &[Row], n_items: usize, cut: i64, protocol: Protocol) -> Split {
    let (known, hidden) = (pairs_of(rows, |r| r.time < cut), pairs_of(rows, |r| r.time >= cut));
    let cases = cases(&known, &hidden, protocol == Protocol::TimeNew);
    let train = rows.iter().filter(|r| r.time < cut).copied().collect();
    Split::new(n_items, train, cases, cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(user: u32, item: u32, weight: f32) -> Row {
        Row { user, item, time: 0, weight }
    }

    #[test]
    fn weights_count_as_asked_whatever_their_scale() {
        for scale in [1.0, 1e-30, 1e30] {
            // Pairs of 1 + 3, 2 and 12: their mean is 6.
            let train = vec![row(0, 0, 3.0 * scale), row(0, 0, scale), row(0, 1, 2.0 * scale), row(3, 1, 12.0 * scale)];
            let case = Case { user: 5, history: vec![(0, 1.5 * scale), (1, 6.0 * scale)], relevant: vec![1] };
            let split = Split::new(2, train, vec![case], 0);
            assert!(split.has_weights());
            for (confidence, pairs, history, heat) in [
                (Confidence::Same, [1.0, 1.0, 1.0], [1.0, 1.0], [2.0, 2.0]),
                (Confidence::Given, [4.0 / 6.0, 2.0 / 6.0, 2.0], [0.25, 1.0], [4.0 / 6.0, 14.0 / 6.0]),
                (Confidence::Root, [0.816, 0.577, 1.414], [0.5, 1.0], [1.115, 1.992]),
            ] {
                let counted = split.counting(confidence);
                let (matrix, days) = counted.matrix();
                assert_eq!((matrix.n_users(), matrix.len(), days.len()), (2, 3, 3));
                let got: Vec<f32> = (0..2).flat_map(|u| matrix.row(u).1.to_vec()).collect();
                let near = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-3);
                assert!(near(&got, &pairs), "{confidence:?} {scale}: {got:?}");
                let got: Vec<f32> = counted.cases[0].history.iter().map(|h| h.1).collect();
                assert!(near(&got, &history), "{confidence:?} {scale}: {got:?}");
                let got = counted.heat(7.0);
                assert!(near(&got.now, &heat) && near(&got.ever, &heat), "{confidence:?} {scale}: {got:?}");
            }
        }
        assert!(!Split::new(2, vec![row(0, 0, 2.0), row(1, 0, 2.0)], Vec::new(), 0).has_weights());
    }

    #[test]
    fn a_weight_out_of_proportion_is_still_a_confidence() {
        let train = vec![row(0, 0, f32::MAX), row(0, 0, f32::MAX), row(0, 1, f32::MIN_POSITIVE)];
        let (matrix, _) = Split::new(2, train, Vec::new(), 0).counting(Confidence::Given).matrix();
        assert_eq!(matrix.len(), 2, "the small one does not vanish");
        assert!(matrix.row(0).1.iter().all(|w| w.is_finite() && *w > 0.0));
    }
}
