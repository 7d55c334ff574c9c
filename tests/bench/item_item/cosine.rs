//! The naive way that fits: every pair of items that somebody has both of, by the cosine of their customers.

use std::thread;

use kenal_models::Interactions;
use kenal_models::eval::{Case, Scorer};

/// Items a thread takes at a time.
const BLOCK: usize = 256;

/// Of each item those that it speaks for.
pub struct Cosine {
    from: Vec<Vec<(u32, f32)>>,
    /// Pairs of items, each counted from both sides.
    pub pairs: u64,
}

impl Cosine {
    /// The `keep` items with the largest cosine of each.
    pub fn fit(by_user: &Interactions, keep: usize, threads: usize) -> Cosine {
        let by_item = by_user.transpose();
        let counts = by_user.item_counts();
        let n = by_user.n_items();
        let part = |first: usize| {
            let (mut sums, mut touched) = (vec![0u32; n], Vec::new());
            let (mut rows, mut pairs) = (Vec::new(), 0u64);
            for block in (first * BLOCK..n).step_by(BLOCK * threads) {
                for j in block..n.min(block + BLOCK) {
                    for &u in by_item.row(j).0 {
                        for &i in by_user.row(u as usize).0 {
                            if sums[i as usize] == 0 {
                                touched.push(i);
                            }
                            sums[i as usize] += 1;
                        }
                    }
                    let cosine =
                        |i: u32| sums[i as usize] as f32 / (counts[i as usize] as f32 * counts[j] as f32).sqrt();
                    let mut row: Vec<(u32, f32)> =
                        touched.iter().filter(|i| **i as usize != j).map(|&i| (i, cosine(i))).collect();
                    pairs += row.len() as u64;
                    row.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
                    row.truncate(keep);
                    rows.push((j, row));
                    touched.drain(..).for_each(|i| sums[i as usize] = 0);
                }
            }
            (rows, pairs)
        };
        let parts: Vec<_> = thread::scope(|scope| {
            let started: Vec<_> = (0..threads).map(|t| scope.spawn(move || part(t))).collect();
            started.into_iter().map(|s| s.join().unwrap_or_default()).collect()
        });
        let mut from = vec![Vec::new(); n];
        let mut all = 0;
        for (rows, pairs) in parts {
            all += pairs;
            for (j, row) in rows {
                row.into_iter().for_each(|(i, cosine)| from[i as usize].push((j as u32, cosine)));
            }
        }
        Cosine { from, pairs: all }
    }
}

impl Scorer for Cosine {
    fn score(&self, case: &Case, out: &mut [f32]) {
        out.fill(0.0);
        for &(item, _) in &case.history {
            self.from[item as usize].iter().for_each(|&(j, cosine)| out[j as usize] += cosine);
        }
    }
}
