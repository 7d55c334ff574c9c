//! Is B better than A, surely, and for whom?
//!
//! On the same test cases the two are compared case by case: a bootstrap interval of the mean difference, and a p-value by
//! flipping the signs of the differences at random, since under no difference it is chance which model a case favours.
//! On different cases both intervals and p-values compare two samples, and can see far less; that is said.
//! Segments are asked about together, so their p-values are Holm's.

use std::fmt;

use kenal_models::eval::{Interval, paired_interval};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use serde::Serialize;
use statrs::distribution::{ContinuousCDF, Normal};

use crate::card::{Card, Churn, Judged, Ranking};

/// Below it a difference is called one.
const ALPHA: f64 = 0.05;
/// Resamples of an interval, and random flips of a test: a p-value of .05 is then known to ± .007.
const RESAMPLES: usize = 2_000;
const SEED: u64 = 42;
/// Cases of a segment below which nothing is said of it.
const SEGMENT_MIN: usize = 30;

/// What a comparison says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    BIsBetter,
    AIsBetter,
    NoDifferenceShown,
}

/// One metric, of all cases or of a segment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    pub metric: String,
    /// All cases, or a market.
    pub segment: Option<String>,
    pub cases: usize,
    pub a: f64,
    pub b: f64,
    /// B − A, and the ends of its 95 % interval; more is better, so errors have their sign changed.
    pub better_by: f64,
    pub low: f64,
    pub high: f64,
    pub p: f64,
    pub verdict: Verdict,
}

/// Everything that two cards have to say to each other.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// By recall@20 of all cases; by Brier score where neither has a recommender.
    pub verdict: Verdict,
    /// The recommenders were measured on the same cases.
    pub paired: bool,
    pub churn_paired: bool,
    pub rows: Vec<Row>,
}

/// Compares two cards; none when they have no kind of model in common.
pub fn compare(a: &Card, b: &Card) -> Option<Comparison> {
    let mut rows = Vec::new();
    let mut paired = false;
    if let (Some(x), Some(y)) = (&a.recommender, &b.recommender) {
        paired = x.test == y.test && x.cases == y.cases;
        rankings(x, y, paired, &mut rows);
    }
    let mut churn_paired = false;
    if let (Some(x), Some(y)) = (&a.churn, &b.churn) {
        churn_paired = x.test == y.test && x.left == y.left;
        rows.push(briers(x, y, churn_paired));
        rows.extend(aucs(x, y, churn_paired));
    }
    let verdict = rows.first()?.verdict;
    Some(Comparison { verdict, paired, churn_paired, rows })
}

fn rankings(a: &Ranking, b: &Ranking, paired: bool, rows: &mut Vec<Row>) {
    let (Some(x), Some(y)) = (a.model(), b.model()) else { return };
    let all = |_: usize| true;
    for metric in ["recall@20", "ndcg@20", "recall@50", "ndcg@100"] {
        let (p, q) = (x.part(metric, &all).0, y.part(metric, &all).0);
        rows.push(row(metric, None, &p, &q, paired));
    }
    let of = |r: &Ranking, m: &Judged, name: &str| {
        let at = r.markets.iter().position(|n| n == name);
        m.part("recall@20", &|case| at == Some(usize::from(r.market_of[case]))).0
    };
    let mut segments: Vec<Row> = a
        .segments()
        .into_iter()
        .map(|(_, name, _)| (name, of(a, x, name), of(b, y, name)))
        .filter(|(_, p, q)| p.len().min(q.len()) >= SEGMENT_MIN)
        .map(|(name, p, q)| row("recall@20", Some(name), &p, &q, paired && p.len() == q.len()))
        .collect();
    holm(&mut segments);
    rows.extend(segments);
}

fn row(metric: &str, segment: Option<&str>, a: &[f64], b: &[f64], paired: bool) -> Row {
    let (interval, p) = if paired {
        (paired_interval(b, a, 1.0 - ALPHA, SEED), flipped(a, b))
    } else {
        let resampled = two_samples(&[a, b], &|sample| mean(&sample[1]) - mean(&sample[0]));
        (resampled, shuffled(a, b))
    };
    finished(metric, segment, a.len().min(b.len()), (mean(a), mean(b)), interval, p)
}

fn finished(metric: &str, segment: Option<&str>, cases: usize, (a, b): (f64, f64), i: Interval, p: f64) -> Row {
    let mut row = Row {
        metric: metric.to_owned(),
        segment: segment.map(str::to_owned),
        cases,
        a,
        b,
        better_by: i.mean,
        low: i.low,
        high: i.high,
        p,
        verdict: Verdict::NoDifferenceShown,
    };
    row.judge();
    row
}

impl Row {
    /// Both the interval and the test must say so.
    fn judge(&mut self) {
        self.verdict = match (self.p < ALPHA, self.low > 0.0, self.high < 0.0) {
            (true, true, _) => Verdict::BIsBetter,
            (true, _, true) => Verdict::AIsBetter,
            _ => Verdict::NoDifferenceShown,
        };
    }
}

fn holm(rows: &mut [Row]) {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by(|&x, &y| rows[x].p.total_cmp(&rows[y].p));
    let mut most = 0.0_f64;
    for (rank, &at) in order.iter().enumerate() {
        most = most.max((rows[at].p * (rows.len() - rank) as f64).min(1.0));
        rows[at].p = most;
        rows[at].judge();
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Share of random sign flips whose mean difference is at least as far from zero.
fn flipped(a: &[f64], b: &[f64]) -> f64 {
    // Cases that are equal stay equal under a flip, so they need not be flipped.
    let differences: Vec<f64> = a.iter().zip(b).map(|(x, y)| y - x).filter(|d| *d != 0.0).collect();
    let seen = differences.iter().sum::<f64>().abs();
    let mut random = Pcg64Mcg::seed_from_u64(SEED);
    let as_far = (0..RESAMPLES)
        .filter(|_| {
            let mut sum = 0.0;
            for chunk in differences.chunks(64) {
                let mut signs: u64 = random.random();
                for d in chunk {
                    sum += if signs & 1 == 1 { *d } else { -*d };
                    signs >>= 1;
                }
            }
            sum.abs() >= seen - 1e-12
        })
        .count();
    (as_far + 1) as f64 / (RESAMPLES + 1) as f64
}

/// Share of random divisions of all values into two such samples whose means are at least as far apart.
fn shuffled(a: &[f64], b: &[f64]) -> f64 {
    if a.is_empty() || b.is_empty() {
        return 1.0;
    }
    let mut all: Vec<f64> = a.iter().chain(b).copied().collect();
    let total: f64 = all.iter().sum();
    let apart = |first: f64| ((total - first) / b.len() as f64 - first / a.len() as f64).abs();
    let seen = apart(a.iter().sum());
    let mut random = Pcg64Mcg::seed_from_u64(SEED);
    let as_far = (0..RESAMPLES)
        .filter(|_| {
            for at in 0..a.len() {
                let other = random.random_range(at as u64..all.len() as u64) as usize;
                all.swap(at, other);
            }
            apart(all[..a.len()].iter().sum()) >= seen - 1e-12
        })
        .count();
    (as_far + 1) as f64 / (RESAMPLES + 1) as f64
}

/// Bootstrap of a figure of samples that are drawn anew on their own.
fn two_samples(samples: &[&[f64]], figure: &dyn Fn(&[Vec<f64>]) -> f64) -> Interval {
    let whole: Vec<Vec<f64>> = samples.iter().map(|s| s.to_vec()).collect();
    let mut random = Pcg64Mcg::seed_from_u64(SEED);
    let mut drawn: Vec<f64> = (0..RESAMPLES / 2)
        .map(|_| {
            let again: Vec<Vec<f64>> = samples
                .iter()
                .map(|s| (0..s.len()).map(|_| s[random.random_range(0..s.len() as u64) as usize]).collect())
                .collect();
            figure(&again)
        })
        .collect();
    drawn.sort_unstable_by(f64::total_cmp);
    let at = |q: f64| drawn[((drawn.len() - 1) as f64 * q).round() as usize];
    Interval { mean: figure(&whole), low: at(ALPHA / 2.0), high: at(1.0 - ALPHA / 2.0), level: 1.0 - ALPHA }
}

/// Brier scores: less is better, so the difference is A − B.
fn briers(a: &Churn, b: &Churn, paired: bool) -> Row {
    let of = |c: &Churn| -> Vec<f64> {
        let error = |(p, l): (&f32, &bool)| -(f64::from(*p) - f64::from(u8::from(*l))).powi(2);
        c.probabilities.iter().zip(&c.left).map(error).collect()
    };
    let mut row = row("churn Brier score", None, &of(a), &of(b), paired);
    (row.a, row.b) = (-row.a, -row.b);
    row
}

/// Areas under the curve, by a bootstrap of rows; none where one does not exist.
fn aucs(a: &Churn, b: &Churn, paired: bool) -> Option<Row> {
    let (whole_a, whole_b) = (a.auc?, b.auc?);
    let mut random = Pcg64Mcg::seed_from_u64(SEED);
    // An AUC sorts its rows, so fewer resamples; with many rows its distribution is normal all the same.
    let draws: Vec<f64> = (0..200)
        .filter_map(|_| {
            let mut draw =
                |n: usize| -> Vec<usize> { (0..n).map(|_| random.random_range(0..n as u64) as usize).collect() };
            let rows_a = draw(a.rows);
            let rows_b = if paired { rows_a.clone() } else { draw(b.rows) };
            Some(auc(b, &rows_b)? - auc(a, &rows_a)?)
        })
        .collect();
    let n = draws.len() as f64;
    let center = mean(&draws);
    let error = (draws.iter().map(|d| (d - center).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    let difference = whole_b - whole_a;
    let interval =
        Interval { mean: difference, low: difference - 1.96 * error, high: difference + 1.96 * error, level: 0.95 };
    let p = if error > 0.0 { two_sided(difference / error) } else { 1.0 };
    Some(finished("churn AUC", None, a.rows.min(b.rows), (whole_a, whole_b), interval, p))
}

fn two_sided(z: f64) -> f64 {
    2.0 * Normal::standard().sf(z.abs())
}

/// The probability that somebody who left has a higher score than somebody who did not, ties half.
fn auc(c: &Churn, rows: &[usize]) -> Option<f64> {
    let mut order: Vec<(f32, bool)> = rows.iter().map(|&r| (c.probabilities[r], c.left[r])).collect();
    order.sort_unstable_by(|x, y| x.0.total_cmp(&y.0));
    let (mut below, mut sum, mut positives) = (0.0, 0.0, 0.0);
    for tie in order.chunk_by(|x, y| x.0 == y.0) {
        let left = tie.iter().filter(|t| t.1).count() as f64;
        let stayed = tie.len() as f64 - left;
        sum += left * (below + stayed / 2.0);
        below += stayed;
        positives += left;
    }
    (below > 0.0 && positives > 0.0).then(|| sum / (below * positives))
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = |paired: bool| {
            if paired {
                "on the same cases, compared one by one"
            } else {
                "on different cases, so only large differences show"
            }
        };
        let Some(first) = self.rows.first() else { return Ok(()) };
        let what = format!("{} {:.4} against {:.4}", first.metric, first.b, first.a);
        match first.verdict {
            Verdict::BIsBetter => write!(f, "B is better: {what}"),
            Verdict::AIsBetter => write!(f, "A is better: B has {what}"),
            Verdict::NoDifferenceShown => write!(f, "no difference can be shown: B has {what}"),
        }?;
        write!(f, " ({:+.4}, 95 % {:+.4} to {:+.4}, p {:.4}), ", first.better_by, first.low, first.high, first.p)?;
        let paired = if first.metric.starts_with("churn") { self.churn_paired } else { self.paired };
        write!(f, "{}", how(paired))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::Role;
    use kenal_models::Threads;
    use kenal_models::eval::{Candidates, Case, SameForAll, evaluate};

    /// A card of 400 cases in two markets, where `hits` of each hundred cases are found.
    fn card(test: &str, hits: u32, extra: u32) -> Card {
        let cases: Vec<Case> = (0..400)
            .map(|user| {
                let found = user % 100 < hits + if user < 200 { extra } else { 0 };
                Case { user, history: Vec::new(), relevant: vec![if found { 0 } else { 99 }] }
            })
            .collect();
        let scores: Vec<f32> = (0..100).map(|i| -(i as f32)).collect();
        let judged = evaluate(&SameForAll(scores), 100, &cases, Candidates::All, Threads::ONE);
        let mut card = Card::new("test", "published", true);
        card.recommender = Some(Ranking {
            test: test.to_owned(),
            cases: 400,
            markets: vec!["SG".to_owned(), "MY".to_owned()],
            market_of: (0..400).map(|c| u8::from(c >= 200)).collect(),
            models: vec![Judged::new("model", Role::Model, &judged)],
        });
        let left: Vec<bool> = (0..500).map(|n| n % 5 == 0).collect();
        let sharp = f64::from(hits) / 100.0;
        let p: Vec<f64> = left
            .iter()
            .enumerate()
            .map(|(n, l)| if *l && n % 3 > 0 { 0.2 + sharp / 2.0 } else { 0.2 - sharp / 10.0 })
            .collect();
        card.churn = Some(Churn::new(test.to_owned(), "30 days".to_owned(), &p, &left));
        card
    }

    #[test]
    fn a_small_difference_shows_case_by_case_and_not_between_strangers() {
        let (a, b) = (card("one", 30, 0), card("one", 33, 0));
        let same = compare(&a, &b).expect("comparable");
        assert!(same.paired && same.churn_paired);
        assert_eq!(same.verdict, Verdict::BIsBetter, "{same}");
        assert!((same.rows[0].better_by - 0.03).abs() < 1e-6 && same.rows[0].p < 0.01);
        assert_eq!(compare(&b, &a).expect("comparable").verdict, Verdict::AIsBetter);
        let strangers = compare(&a, &card("two", 33, 0)).expect("comparable");
        assert!(!strangers.paired);
        assert_eq!(strangers.verdict, Verdict::NoDifferenceShown, "{strangers}");
        assert_eq!(compare(&a, &card("two", 60, 0)).expect("comparable").verdict, Verdict::BIsBetter);
        assert_eq!(compare(&a, &a).expect("comparable").verdict, Verdict::NoDifferenceShown);
        let churn: Vec<&Row> = same.rows.iter().filter(|r| r.metric.starts_with("churn")).collect();
        assert_eq!(churn.len(), 2);
        assert!(churn[0].b < churn[0].a && churn[0].verdict == Verdict::BIsBetter, "{churn:?}");
        assert_eq!(compare(&a, &Card::new("empty", "", false)), None);
    }

    #[test]
    fn segments_are_told_apart() {
        let found = compare(&card("one", 30, 0), &card("one", 30, 10)).expect("comparable");
        let of = |name: &str| found.rows.iter().find(|r| r.segment.as_deref() == Some(name)).expect("a segment");
        assert_eq!((of("SG").verdict, of("MY").verdict), (Verdict::BIsBetter, Verdict::NoDifferenceShown));
        assert_eq!(of("SG").cases, 200);
    }

    #[test]
    fn a_card_is_read_back_and_one_that_was_changed_is_not() {
        let card = card("one", 30, 0);
        let bytes = card.to_json().expect("JSON");
        let read = Card::from_json(&bytes).expect("a card");
        assert!(read == card && read.to_json().expect("JSON") == bytes, "what is read is what was written");
        let text = String::from_utf8(bytes).expect("UTF-8");
        let changed =
            |from: &str, to: &str| Card::from_json(text.replacen(from, to, 1).as_bytes()).expect_err(from).to_string();
        assert!(changed("\"format\":1", "\"format\":2").contains("format 2"));
        assert!(changed("\"cases\":400", "\"cases\":399").contains("changed"));
        assert!(changed("\"rows\":500", "\"rows\":499").contains("churn"));
        assert!(changed("\"title\"", "\"tilte\"").contains("tilte"));
        assert!(Card::from_json(b"{}").is_err());
    }
}
