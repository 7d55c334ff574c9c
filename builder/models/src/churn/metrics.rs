//! How good churn probabilities are: do they rank, do they find enough at the top, do they keep their word?

use serde::{Deserialize, Serialize};

/// Share of people a campaign is assumed to reach in [`Quality::top`].
pub const TOP_SHARE: f64 = 0.1;

/// Bins of the calibration error.
pub const BINS: usize = 10;

/// All figures of one set of rows. Those that do not exist (AUC of one class) are NaN.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    pub rows: usize,
    /// Share of rows labelled true.
    pub base_rate: f64,
    pub auc: f64,
    pub brier: f64,
    pub log_loss: f64,
    /// Expected calibration error over [`BINS`] quantile bins.
    pub ece: f64,
    pub top: Top,
    pub bins: Vec<Bin>,
}

/// The highest-scored share of people.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Top {
    pub rows: usize,
    /// Of those who left, the share that is in it.
    pub recall: f64,
    /// Of those in it, the share that left.
    pub precision: f64,
    /// Lowest probability in it.
    pub threshold: f64,
}

/// One bin of a calibration plot.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    pub rows: usize,
    pub predicted: f64,
    pub observed: f64,
}

impl Quality {
    /// Measures probabilities against labels of the same length.
    pub fn measure(probabilities: &[f64], labels: &[bool]) -> Quality {
        let n = labels.len() as f64;
        let truth = |l: bool| if l { 1.0 } else { 0.0 };
        let pairs = || probabilities.iter().zip(labels);
        let bins = bins(probabilities, labels, BINS);
        Quality {
            rows: labels.len(),
            base_rate: labels.iter().filter(|l| **l).count() as f64 / n,
            auc: auc(probabilities, labels).unwrap_or(f64::NAN),
            brier: pairs().map(|(p, &l)| (p - truth(l)).powi(2)).sum::<f64>() / n,
            log_loss: log_loss(probabilities, labels),
            ece: bins.iter().map(|b| b.rows as f64 / n * (b.predicted - b.observed).abs()).sum(),
            top: top(probabilities, labels, TOP_SHARE),
            bins,
        }
    }
}

/// Mean of −log of the probability given to what happened.
pub fn log_loss(probabilities: &[f64], labels: &[bool]) -> f64 {
    let log = |p: f64| -p.clamp(1e-15, 1.0 - 1e-15).ln();
    let losses = probabilities.iter().zip(labels).map(|(&p, &l)| if l { log(p) } else { log(1.0 - p) });
    losses.sum::<f64>() / labels.len() as f64
}

/// Row numbers by score, highest first; ties in row order.
fn by_score(scores: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    order
}

/// Chance that somebody who left is scored above somebody who stayed, ties counting half (Mann and Whitney). `None`
/// when one of the two is empty.
pub fn auc(scores: &[f64], labels: &[bool]) -> Option<f64> {
    let order = by_score(scores);
    let positives = labels.iter().filter(|l| **l).count() as f64;
    let negatives = labels.len() as f64 - positives;
    let (mut won, mut above) = (0.0, 0.0);
    for tied in order.chunk_by(|&a, &b| scores[a] == scores[b]) {
        let left = tied.iter().filter(|&&i| labels[i]).count() as f64;
        let stayed = tied.len() as f64 - left;
        won += stayed * (above + left / 2.0);
        above += left;
    }
    (positives > 0.0 && negatives > 0.0).then(|| won / (positives * negatives))
}

/// The first `share` of the rows by score, at least one, rounded down.
pub fn top(scores: &[f64], labels: &[bool], share: f64) -> Top {
    let order = by_score(scores);
    let rows = ((labels.len() as f64 * share) as usize).max(1).min(labels.len());
    let hits = order[..rows].iter().filter(|&&i| labels[i]).count() as f64;
    let positives = labels.iter().filter(|l| **l).count() as f64;
    let threshold = order[..rows].last().map_or(f64::NAN, |&i| scores[i]);
    Top { rows, recall: hits / positives, precision: hits / rows as f64, threshold }
}

/// What a campaign of one size finds of those who left.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Reach {
    /// The contact budget: the share of people that is contacted, and what a list drawn by lot finds.
    pub budget: f64,
    /// Share of those who left among the highest scored.
    pub recall: f64,
    /// The same by another score.
    pub other: f64,
    /// What no list of this size exceeds.
    pub most: f64,
}

/// What lists of each size find by `scores` and by `other`, which is what would be done without them.
pub fn reach(scores: &[f64], other: &[f64], labels: &[bool], budgets: &[f64]) -> Vec<Reach> {
    let positives = labels.iter().filter(|l| **l).count() as f64;
    let of = |&budget: &f64| {
        let found = top(scores, labels, budget);
        let other = top(other, labels, budget).recall;
        Reach { budget, recall: found.recall, other, most: (found.rows as f64 / positives).min(1.0) }
    };
    budgets.iter().map(of).collect()
}

/// Bins of equal size by ascending probability, the first ones larger by one when the rows do not divide evenly.
pub fn bins(probabilities: &[f64], labels: &[bool], count: usize) -> Vec<Bin> {
    let mut order = by_score(probabilities);
    order.reverse();
    let (size, larger) = (order.len() / count, order.len() % count);
    let mut rest = order.as_slice();
    (0..count)
        .filter_map(|b| {
            let (bin, after) = rest.split_at(size + usize::from(b < larger));
            rest = after;
            let rows = bin.len();
            let predicted = bin.iter().map(|&i| probabilities[i]).sum::<f64>() / rows as f64;
            let observed = bin.iter().filter(|&&i| labels[i]).count() as f64 / rows as f64;
            (rows > 0).then_some(Bin { rows, predicted, observed })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auc_is_the_share_of_pairs_in_order() {
        for (scores, labels, expected) in [
            (&[0.9, 0.8, 0.2, 0.1][..], &[true, true, false, false][..], Some(1.0)),
            (&[0.1, 0.2, 0.8, 0.9], &[true, true, false, false], Some(0.0)),
            (&[0.5, 0.5, 0.5, 0.5], &[true, false, true, false], Some(0.5)),
            (&[0.9, 0.5, 0.5, 0.1], &[true, true, false, false], Some(0.875)),
            (&[0.9, 0.5], &[true, true], None),
            (&[], &[], None),
        ] {
            assert_eq!(auc(scores, labels), expected, "{scores:?} {labels:?}");
        }
        // Against the definition, pair by pair.
        let scores: Vec<f64> = (0..60).map(|i| f64::from((i * 37) % 23)).collect();
        let labels: Vec<bool> = (0..60).map(|i| (i * 13) % 7 < 3).collect();
        let mut won = (0.0, 0.0);
        for a in 0..60 {
            for b in 0..60 {
                if labels[a] && !labels[b] {
                    won.1 += 1.0;
                    won.0 +=
                        f64::from(u8::from(scores[a] > scores[b])) + 0.5 * f64::from(u8::from(scores[a] == scores[b]));
                }
            }
        }
        assert!((auc(&scores, &labels).expect("two classes") - won.0 / won.1).abs() < 1e-12);
    }

    #[test]
    fn the_top_decile_and_the_bins_by_hand() {
        let scores: Vec<f64> = (0..20).map(|i| 1.0 - f64::from(i) / 20.0).collect();
        let labels: Vec<bool> = (0..20).map(|i| i == 0 || i == 5 || i == 6 || i == 19).collect();
        assert_eq!(top(&scores, &labels, 0.1), Top { rows: 2, recall: 0.25, precision: 0.5, threshold: 0.95 });
        assert_eq!(top(&scores, &labels, 0.0).rows, 1);
        let [tenth, half] = reach(&scores, &[1.0; 20], &labels, &[0.1, 0.5])[..] else { panic!("two budgets") };
        assert_eq!(tenth, Reach { budget: 0.1, recall: 0.25, other: 0.25, most: 0.5 });
        assert_eq!(half, Reach { budget: 0.5, recall: 0.75, other: 0.75, most: 1.0 });
        let b = bins(&[0.1, 0.2, 0.3, 0.4, 0.9], &[false, false, true, false, true], 2);
        assert_eq!(b.iter().map(|b| b.rows).collect::<Vec<_>>(), [3, 2]);
        assert!((b[0].predicted - 0.2).abs() < 1e-12 && (b[0].observed - 1.0 / 3.0).abs() < 1e-12);
        assert!((b[1].predicted - 0.65).abs() < 1e-12 && b[1].observed == 0.5);
        assert_eq!(bins(&[0.5], &[true], 10).len(), 1, "empty bins are left out");
    }

    #[test]
    fn probabilities_that_keep_their_word_have_no_calibration_error() {
        // In each tenth, the share of true labels is the probability.
        let probabilities: Vec<f64> = (0..1000).map(|i| f64::from(i / 100) / 10.0).collect();
        let labels: Vec<bool> = (0..1000).map(|i| i % 100 < (i / 100) * 10).collect();
        let honest = Quality::measure(&probabilities, &labels);
        assert!(honest.ece < 1e-9, "{honest:?}");
        let boastful: Vec<f64> = probabilities.iter().map(|p| (p + 0.1).min(1.0)).collect();
        let boastful = Quality::measure(&boastful, &labels);
        assert!((boastful.ece - 0.1).abs() < 1e-9 && boastful.brier > honest.brier, "{boastful:?}");
        assert_eq!(boastful.auc, honest.auc, "calibration does not rank");
    }
}
