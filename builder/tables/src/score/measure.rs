//! The measures, from how many records each true cluster shares with each cluster found.

use std::collections::BTreeMap;

use serde::Serialize;

use super::labels::Labels;
use super::sizes::{self, SizeRow};

/// What to do with records that only one of the lists has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unjoined {
    /// Refuse to score.
    Refuse,
    /// Score the others as if these were in neither list.
    LeaveOut,
}

/// Why there is no score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScoreError {
    /// The lists are about different records: another id column, or ids written in another way.
    #[error("no record is in both lists: is the id column the right one?")]
    NothingJoined,
    /// Allow it when the truth is known of a part only.
    #[error("{without_truth} records of the clusters have no truth, and {without_cluster} of the truth no cluster")]
    Unjoined {
        /// Records of the clusters that the truth does not have.
        without_truth: u64,
        /// Records of the truth that the clusters do not have.
        without_cluster: u64,
    },
}

/// Precision, recall and their harmonic mean, each 0 to 1; none where nothing was to be found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Measure {
    /// Of what is together, the part that is so rightly.
    pub precision: Option<f64>,
    /// Of what should be together, the part that is.
    pub recall: Option<f64>,
    /// 2PR / (P + R).
    pub f1: Option<f64>,
}

impl Measure {
    fn new(precision: Option<f64>, recall: Option<f64>) -> Self {
        let mean = |(p, r): (f64, f64)| if p + r == 0.0 { 0.0 } else { 2.0 * p * r / (p + r) };
        Measure { precision, recall, f1: precision.zip(recall).map(mean) }
    }
}

/// How good clusters are.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Score {
    /// Records in both lists; all that follows is about these.
    pub records: u64,
    /// Records of the clusters that the truth does not have.
    pub records_without_truth: u64,
    /// Records of the truth that the clusters do not have.
    pub records_without_cluster: u64,
    /// Clusters found.
    pub clusters_found: u64,
    /// True clusters.
    pub clusters_true: u64,
    /// Pairs of records together in both.
    pub pairs_right: u64,
    /// Pairs together in the clusters.
    pub pairs_found: u64,
    /// Pairs truly together.
    pub pairs_true: u64,
    /// By pairs of records.
    pub pairwise: Measure,
    /// By records.
    pub b_cubed: Measure,
    /// Records of the largest cluster found.
    pub largest_found: u64,
    /// Records of the largest true cluster.
    pub largest_true: u64,
    /// By size of the true cluster, the smallest first.
    pub by_true_size: Vec<SizeRow>,
}

/// Measures clusters against the truth.
///
/// The result does not depend on the order of either list, to the last bit. Cost: O(n) and a sort within each true
/// cluster, with 16 bytes a record beside the lists.
///
/// # Errors
/// No record is in both lists; or one is in only one, and `unjoined` does not allow it.
pub fn score(clusters: &Labels, truth: &Labels, unjoined: Unjoined) -> Result<Score, ScoreError> {
    let (found_by_true, records) = join(clusters, truth);
    let without_truth = clusters.records_count() as u64 - records;
    let without_cluster = truth.records_count() as u64 - records;
    if records == 0 && without_truth + without_cluster > 0 {
        return Err(ScoreError::NothingJoined);
    }
    if unjoined == Unjoined::Refuse && without_truth + without_cluster > 0 {
        return Err(ScoreError::Unjoined { without_truth, without_cluster });
    }
    let mut found_sizes = vec![0_u64; clusters.clusters_count()];
    for &cluster in found_by_true.values_joined() {
        found_sizes[cluster as usize] += 1;
    }
    let mut tally = Tally::default();
    for found in found_by_true.iter().filter(|found| !found.is_empty()) {
        tally.add(found, &found_sizes);
    }
    let pairs_found = found_sizes.iter().map(|&n| pairs(n)).sum();
    let ratio = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
    Ok(Score {
        records,
        records_without_truth: without_truth,
        records_without_cluster: without_cluster,
        clusters_found: found_sizes.iter().filter(|&&n| n > 0).count() as u64,
        clusters_true: tally.sizes.iter().map(|row| row.clusters).sum(),
        pairs_right: tally.pairs_right,
        pairs_found,
        pairs_true: tally.pairs_true,
        pairwise: Measure::new(ratio(tally.pairs_right, pairs_found), ratio(tally.pairs_right, tally.pairs_true)),
        b_cubed: Measure::new(mean(&tally.squares_by_found, records), mean(&tally.squares_by_true, records)),
        largest_found: found_sizes.iter().copied().max().unwrap_or_default(),
        largest_true: tally.largest_true,
        by_true_size: tally.sizes.to_vec(),
    })
}

/// The clusters found of each true cluster's records, each group sorted; and how many records are in both lists.
fn join(clusters: &Labels, truth: &Labels) -> (Groups, u64) {
    let mut groups = Groups::of_sizes(truth);
    let mut records = 0;
    for (id, &true_cluster) in truth.ids.iter().zip(&truth.cluster_of) {
        if let Some(at) = clusters.ids.get(id)
            && let Some(&found) = clusters.cluster_of.get(at as usize)
        {
            groups.push(true_cluster as usize, found);
            records += 1;
        }
    }
    groups.sort();
    (groups, records)
}

/// Lists of numbers in one vector, with room for each known beforehand.
struct Groups {
    values: Vec<u32>,
    /// Start and end of each group.
    spans: Vec<(usize, usize)>,
}

impl Groups {
    fn of_sizes(truth: &Labels) -> Self {
        let mut sizes = vec![0_usize; truth.clusters_count()];
        truth.cluster_of.iter().for_each(|&cluster| sizes[cluster as usize] += 1);
        let mut start = 0;
        let span = |&size: &usize| {
            let at = start;
            start += size;
            (at, at)
        };
        let spans = sizes.iter().map(span).collect();
        Groups { values: vec![0; truth.cluster_of.len()], spans }
    }

    fn push(&mut self, group: usize, value: u32) {
        let end = &mut self.spans[group].1;
        self.values[*end] = value;
        *end += 1;
    }

    fn sort(&mut self) {
        for &(start, end) in &self.spans {
            self.values[start..end].sort_unstable();
        }
    }

    fn values_joined(&self) -> impl Iterator<Item = &u32> {
        self.iter().flatten()
    }

    fn iter(&self) -> impl Iterator<Item = &[u32]> {
        self.spans.iter().map(|&(start, end)| &self.values[start..end])
    }
}

/// Sums over true clusters.
struct Tally {
    pairs_right: u64,
    pairs_true: u64,
    largest_true: u64,
    sizes: [SizeRow; sizes::SIZE_CLASSES.len()],
    /// Σ n² over shares of n records, by size of the cluster found.
    squares_by_found: BTreeMap<u64, u128>,
    /// The same by size of the true cluster.
    squares_by_true: BTreeMap<u64, u128>,
}

impl Default for Tally {
    fn default() -> Self {
        let (squares_by_found, squares_by_true) = (BTreeMap::new(), BTreeMap::new());
        Tally {
            pairs_right: 0,
            pairs_true: 0,
            largest_true: 0,
            sizes: sizes::empty(),
            squares_by_found,
            squares_by_true,
        }
    }
}

impl Tally {
    /// Takes one true cluster, as the sorted clusters found of its records.
    fn add(&mut self, found: &[u32], found_sizes: &[u64]) {
        let size = found.len() as u64;
        let (mut shares, mut is_mixed) = (0_u64, false);
        for share in found.chunk_by(|a, b| a == b) {
            let n = share.len() as u64;
            let whole = share.first().and_then(|&cluster| found_sizes.get(cluster as usize)).copied().unwrap_or(n);
            shares += 1;
            is_mixed |= whole > n;
            self.pairs_right += pairs(n);
            *self.squares_by_found.entry(whole).or_default() += u128::from(n) * u128::from(n);
            *self.squares_by_true.entry(size).or_default() += u128::from(n) * u128::from(n);
        }
        self.pairs_true += pairs(size);
        self.largest_true = self.largest_true.max(size);
        if let Some(row) = self.sizes.iter_mut().find(|row| row.holds(size)) {
            row.count(size, shares > 1, is_mixed);
        }
    }
}

/// n (n − 1) / 2: below 2⁶³ for any n below 2³².
fn pairs(n: u64) -> u64 {
    n * n.saturating_sub(1) / 2
}

/// B³: the mean over records of n / size, where n records of a cluster of that size share the record's other label;
/// n records have it each, hence n². Summed by size in integers, so that the order of clusters does not matter.
fn mean(squares: &BTreeMap<u64, u128>, records: u64) -> Option<f64> {
    let sum: f64 = squares.iter().map(|(&size, &n_squared)| n_squared as f64 / size as f64).sum();
    (records > 0).then(|| sum / records as f64)
}
