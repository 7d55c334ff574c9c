//! Ranking and its metrics, exactly as the reference protocol has them.

/// The first `k` items by score among those `allowed`, best first; ties by lower item, NaN last. O(n + k log k).
pub fn rank(scores: &[f32], k: usize, allowed: impl Fn(u32) -> bool) -> Vec<u32> {
    let mut items: Vec<u32> = (0..scores.len() as u32).filter(|&i| allowed(i)).collect();
    let key = |i: u32| {
        let s = scores[i as usize];
        if s.is_nan() { f32::NEG_INFINITY } else { s }
    };
    // total_cmp tells -0 from +0, which a tie must not; adding zero makes both +0.
    let order = |a: &u32, b: &u32| (key(*b) + 0.0).total_cmp(&(key(*a) + 0.0)).then(a.cmp(b));
    if k < items.len() {
        items.select_nth_unstable_by(k, order);
        items.truncate(k);
    }
    items.sort_unstable_by(order);
    items
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
