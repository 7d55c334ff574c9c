//! Ranking and its metrics, exactly as the reference protocol has them.

/// The first `k` items by score among those `allowed`, best first; ties by lower item, NaN last. `allowed` is asked of items
/// that may be among them. O(n + k log k) for scores in any order that is not made to be slow, O(n log k) for all.
pub fn rank(scores: &[f32], k: usize, allowed: impl Fn(u32) -> bool) -> Vec<u32> {
    if k == 0 {
        return Vec::new();
    }
    // Adding zero makes -0 a +0, which it ties with.
    let key = |score: f32| if score.is_nan() { f32::NEG_INFINITY } else { score + 0.0 };
    let better = |a: &(f32, u32), b: &(f32, u32)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
    let room = k.saturating_mul(2);
    let mut best: Vec<(f32, u32)> = Vec::with_capacity(room.min(scores.len()));
    // Once there are k: what those after them, which lose ties, must be above.
    let mut worst = None;
    for (item, &score) in (0..).zip(scores) {
        if worst.is_some_and(|worst| score <= worst || score.is_nan()) || !allowed(item) {
            continue;
        }
        best.push((key(score), item));
        if best.len() == room {
            worst = Some(best.select_nth_unstable_by(k - 1, better).1.0);
            best.truncate(k);
        }
    }
    best.sort_unstable_by(better);
    best.truncate(k);
    best.into_iter().map(|(_, item)| item).collect()
}

/// Hits among the first `k` of `ranked`, divided by min(k, relevant). `relevant` ascending; `None` when it is empty or
/// `k` is zero.
pub fn recall_at(ranked: &[u32], relevant: &[u32], k: usize) -> Option<f64> {
    let best = k.min(relevant.len());
    let hits = ranked.iter().take(k).filter(|i| relevant.binary_search(i).is_ok()).count();
    (best > 0).then(|| hits as f64 / best as f64)
}

/// Σ 1/log₂(position + 1) over the hits among the first `k`, divided by that of the best possible ranking. `relevant`
/// ascending; `None` when it is empty or `k` is zero.
pub fn ndcg_at(ranked: &[u32], relevant: &[u32], k: usize) -> Option<f64> {
    let gain = |place: usize| 1.0 / (place as f64 + 2.0).log2();
    let best: f64 = (0..k.min(relevant.len())).map(gain).sum();
    let hits = ranked.iter().take(k).enumerate().filter(|(_, i)| relevant.binary_search(i).is_ok());
    (best > 0.0).then(|| hits.map(|(place, _)| gain(place)).sum::<f64>() / best)
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_pcg::Pcg64Mcg;

    use super::*;

    #[test]
    fn a_ranking_is_the_sorted_scores() {
        let scores = [0.5, 2.0, f32::NAN, 2.0, -1.0, 0.0, -0.0];
        assert_eq!(rank(&scores, 100, |_| true), [1, 3, 0, 5, 6, 4, 2], "ties by lower item, NaN last");
        assert_eq!(rank(&scores, 3, |i| i != 1), [3, 0, 5], "k allowed items, not k minus the filtered");
        assert_eq!(rank(&scores, 0, |_| true), [0u32; 0]);
        assert_eq!(rank(&[], 5, |_| true), [0u32; 0]);
    }

    #[test]
    fn a_ranking_is_the_beginning_of_a_full_sort() {
        let mut random = Pcg64Mcg::seed_from_u64(5);
        for n in [0, 1, 7, 40, 300] {
            // Few values, so that there are ties.
            let mut score = || match random.random_range(0..9) {
                0 => f32::NAN,
                1 => f32::NEG_INFINITY,
                2 => -0.0,
                value => value as f32 - 3.0,
            };
            let scores: Vec<f32> = (0..n).map(|_| score()).collect();
            let mut all: Vec<u32> = (0..n).filter(|i| i % 5 != 0).collect();
            let key = |i: u32| Some(scores[i as usize] + 0.0).filter(|s| !s.is_nan()).unwrap_or(f32::NEG_INFINITY);
            all.sort_by(|&a, &b| key(b).total_cmp(&key(a)).then(a.cmp(&b)));
            for k in [1, 2, 3, 20, 299, usize::MAX] {
                assert_eq!(rank(&scores, k, |i| i % 5 != 0), all[..k.min(all.len())], "{k} of {scores:?}");
            }
        }
    }

    #[test]
    fn metrics_by_hand() {
        // (ranked, relevant, k, recall, ndcg)
        let log = f64::log2;
        for (ranked, relevant, k, recall, ndcg) in [
            (&[3, 1, 2][..], &[1, 3][..], 2, 1.0, 1.0),
            (&[3, 9, 1], &[1, 3], 2, 0.5, 1.0 / (1.0 + 1.0 / log(3.0))),
            (&[9, 8, 1], &[1], 3, 1.0, 0.5),
            (&[9, 8, 7], &[1], 3, 0.0, 0.0),
            // Four are relevant, two fit: both places hit is perfect.
            (&[1, 2], &[1, 2, 3, 4], 2, 1.0, 1.0),
            // A ranking shorter than k.
            (&[1], &[1, 2], 5, 0.5, 1.0 / (1.0 + 1.0 / log(3.0))),
        ] {
            let (r, n) = (recall_at(ranked, relevant, k), ndcg_at(ranked, relevant, k));
            assert_eq!(r, Some(recall), "{ranked:?} {relevant:?}");
            assert!((n.expect("defined") - ndcg).abs() < 1e-12, "{ranked:?} {relevant:?}: {n:?} is not {ndcg}");
        }
        assert_eq!((recall_at(&[1], &[], 5), ndcg_at(&[1], &[], 5)), (None, None));
        assert_eq!((recall_at(&[1], &[1], 0), ndcg_at(&[1], &[1], 0)), (None, None));
    }
}
