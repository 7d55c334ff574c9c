//! A sparse item–item model: what goes with what, at most [`ItemItemConfig::keep`] weights an item, without a dense
//! inverse.
//!
//! For item j, over the few items C that go best with it, the ridge regression of j's column on theirs (SLIM, Ning and
//! Karypis 2011, with the closed form of EASE, Steck 2019, on a neighbourhood instead of on everything):
//!
//! ```text
//! G_ij  = Σ_u n_u^(−user_power) · e^(−|t_ui − t_uj| / closeness)      over users with both; n_u items of user u
//! C     = the `neighbours` items i ≠ j with the largest G_ij / G_ii^popularity_power
//! w     = (G_CC + D)⁻¹ G_Cj                                   D_i = λ + dropout / (1 − dropout) · G_ii
//! kept  = the `keep` largest |w_i| · √G_ii
//! score(u, j) = Σ_{i in history of u} w_ij
//! ```
//!
//! What somebody bought in one week goes together more than what they bought in two seasons; without times every pair of
//! a user is as close as can be. The ridge proportional to G_ii is that of the denoising autoencoder EDLAE (Steck 2020). Cutting by the standardised
//! weight |w|·√G_ii instead of |w| keeps what acts for many people rather than what acts strongly for two.
//!
//! Where G has too many entries ([`ItemItemConfig::gram_entries_max`]), a row keeps those that rank highest by the rule of
//! C, and an entry counts as zero when neither its row nor its column kept it. The system may then lose its
//! definiteness; its diagonal is raised until it has it again.

use rayon::prelude::*;

use crate::interactions::Interactions;
use crate::linear::{factor_f64, solve_f64};
use crate::threads::Threads;

/// Items a thread takes at a time.
const BLOCK_ITEMS: usize = 64;

/// What to fit and how.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ItemItemConfig {
    /// Size of C.
    pub neighbours: usize,
    /// Most weights of an item.
    pub keep: usize,
    /// How much less a user with many items says about each pair of them; 0 counts every pair the same.
    pub user_power: f64,
    /// Days after which two purchases of one user say a third of what they say together; infinite to ignore times.
    pub closeness_days: f32,
    /// λ in users: an item bought by as many is shrunk by half.
    pub ridge: f64,
    /// Share of a history that is imagined away in training; at least 0, below 1.
    pub dropout: f64,
    /// 0 prefers popular neighbours, 1 those whose buyers are all ours.
    pub popularity_power: f64,
    /// A longer history says nothing about what goes together: it is a shop's, or a robot's, and left out.
    pub user_items_max: usize,
    /// Entries of G that are kept, which take 8 bytes each.
    pub gram_entries_max: usize,
}

impl Default for ItemItemConfig {
    /// Found on a validation split of the training users of Online Retail.
    fn default() -> Self {
        ItemItemConfig {
            neighbours: 64,
            keep: 16,
            user_power: 0.25,
            closeness_days: 120.0,
            ridge: 20.0,
            dropout: 0.3,
            popularity_power: 0.5,
            user_items_max: 2_000,
            gram_entries_max: 40_000_000,
        }
    }
}

/// One of an item's weights: how much having `item` speaks for it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Neighbour {
    pub item: u32,
    pub weight: f32,
}

/// A fitted model: an immutable value.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemItem {
    /// Of each item its neighbours, ascending by item.
    into: Vec<Vec<Neighbour>>,
    /// The same weights from the other side: of each item those it speaks for.
    from: Vec<Vec<Neighbour>>,
    users_left_out: usize,
}

impl ItemItem {
    /// Fits binary `interactions` (CSR, n_users × n_items); confidence is not used. `days` has the day of each pair in
    /// the order of the rows, from any beginning. The result does not depend on `threads`. O(Σ_u n_u² + n_items · (neighbours · row of G + neighbours³)).
    ///
    /// # Panics
    /// When there are not as many days as pairs.
    pub fn fit(
        interactions: &Interactions,
        days: Option<&[f32]>,
        config: &ItemItemConfig,
        threads: Threads,
    ) -> ItemItem {
        threads.run(|| {
            let gram = Gram::new(interactions, days, config);
            let n = interactions.n_items();
            let blocks: Vec<Vec<Vec<Neighbour>>> = (0..n.div_ceil(BLOCK_ITEMS))
                .into_par_iter()
                .map_init(
                    || Regression::new(n),
                    |regression, block| {
                        let items = block * BLOCK_ITEMS..n.min((block + 1) * BLOCK_ITEMS);
                        items.map(|j| regression.solve(&gram, j, config)).collect()
                    },
                )
                .collect();
            let into: Vec<Vec<Neighbour>> = blocks.into_iter().flatten().collect();
            ItemItem { from: transposed(&into), into, users_left_out: gram.users_left_out }
        })
    }

    pub fn n_items(&self) -> usize {
        self.into.len()
    }

    /// What speaks for `item`, ascending by item, at most `keep`.
    ///
    /// # Panics
    /// When `item` is not below [`ItemItem::n_items`].
    pub fn neighbours(&self, item: u32) -> &[Neighbour] {
        &self.into[item as usize]
    }

    /// What `item` speaks for, ascending by item.
    ///
    /// # Panics
    /// When `item` is not below [`ItemItem::n_items`].
    pub fn speaks_for(&self, item: u32) -> &[Neighbour] {
        &self.from[item as usize]
    }

    /// Users whose history was too long to say anything about pairs.
    pub fn users_left_out(&self) -> usize {
        self.users_left_out
    }

    /// Adds to `out` (n_items long) what a history speaks for: (item, how much it counts).
    ///
    /// # Panics
    /// When a history names an item that is not below [`ItemItem::n_items`].
    pub fn add_scores(&self, history: impl IntoIterator<Item = (u32, f32)>, out: &mut [f32]) {
        for (i, strength) in history {
            for n in &self.from[i as usize] {
                out[n.item as usize] += strength * n.weight;
            }
        }
    }
}

fn transposed(into: &[Vec<Neighbour>]) -> Vec<Vec<Neighbour>> {
    let mut from = vec![Vec::new(); into.len()];
    for (j, neighbours) in into.iter().enumerate() {
        for n in neighbours {
            from[n.item as usize].push(Neighbour { item: j as u32, weight: n.weight });
        }
    }
    from
}

/// G: its diagonal, and of each row the entries that rank highest.
struct Gram {
    diagonal: Vec<f32>,
    /// Of each row (item, G_ij) without the diagonal, ascending by item.
    rows: Vec<Vec<(u32, f32)>>,
    /// λ in the unit of G.
    lambda: f64,
    users_left_out: usize,
}

impl Gram {
    fn new(by_user: &Interactions, days: Option<&[f32]>, config: &ItemItemConfig) -> Gram {
        let n = by_user.n_items();
        // All on one day, without days.
        let by_user = &by_user.carrying(days.unwrap_or(&vec![0.0; by_user.len()]));
        let by_item = by_user.transpose();
        let length = |u: u32| by_user.row(u as usize).0.len();
        let weights: Vec<f32> = (0..by_user.n_users() as u32)
            .map(|u| match length(u) {
                0 => 0.0,
                l if l > config.user_items_max => 0.0,
                l => (l as f64).powf(-config.user_power) as f32,
            })
            .collect();
        let users_left_out = (0..by_user.n_users() as u32).filter(|&u| length(u) > config.user_items_max).count();
        let diagonal: Vec<f32> = (0..n).map(|i| by_item.row(i).0.iter().map(|&u| weights[u as usize]).sum()).collect();
        let powered: Vec<f32> = diagonal.iter().map(|&g| f64::from(g).powf(config.popularity_power) as f32).collect();
        let row_max = (config.gram_entries_max / n.max(1)).max(config.neighbours);
        let rows: Vec<Vec<(u32, f32)>> = (0..n)
            .into_par_iter()
            .with_min_len(BLOCK_ITEMS)
            .map_init(
                || (vec![0.0f32; n], Vec::new()),
                |(sums, touched), j| {
                    let (users, own_days) = by_item.row(j);
                    for (&u, own_day) in users.iter().zip(own_days) {
                        let w = weights[u as usize];
                        if w == 0.0 {
                            continue;
                        }
                        let (items, other_days) = by_user.row(u as usize);
                        for (&i, other_day) in items.iter().zip(other_days) {
                            let apart = (own_day - other_day).abs() / config.closeness_days;
                            // e^-60 and less would be lost in a sum anyway, and must not be zero: see `touched`.
                            let w = w * (-apart.min(60.0)).exp();
                            let sum = &mut sums[i as usize];
                            if *sum == 0.0 {
                                touched.push(i);
                            }
                            *sum += w;
                        }
                    }
                    let mut row: Vec<(u32, f32)> =
                        touched.iter().filter(|&&i| i as usize != j).map(|&i| (i, sums[i as usize])).collect();
                    for i in touched.drain(..) {
                        sums[i as usize] = 0.0;
                    }
                    keep_largest(&mut row, row_max, |&(i, g)| g / powered[i as usize]);
                    row.sort_unstable_by_key(|e| e.0);
                    row.shrink_to_fit();
                    row
                },
            )
            .collect();
        // A user counts n_u^-power: λ users are λ times the mean of that over the interactions.
        let total: f64 = diagonal.iter().map(|&g| f64::from(g)).sum();
        let lambda = config.ridge * total / by_user.len().max(1) as f64;
        Gram { diagonal, rows, lambda, users_left_out }
    }
}

/// Keeps the `k` entries with the largest key; ties go to the lower item.
fn keep_largest<T>(entries: &mut Vec<(u32, T)>, k: usize, key: impl Fn(&(u32, T)) -> f32) {
    if entries.len() > k {
        entries.select_nth_unstable_by(k, |a, b| key(b).total_cmp(&key(a)).then(a.0.cmp(&b.0)));
        entries.truncate(k);
    }
}

/// The buffers of one item's regression.
struct Regression {
    /// Position in C, or [`Regression::ABSENT`], of each item.
    place: Vec<u32>,
    a: Vec<f64>,
    b: Vec<f64>,
}

impl Regression {
    const ABSENT: u32 = u32::MAX;

    fn new(n_items: usize) -> Self {
        Regression { place: vec![Self::ABSENT; n_items], a: Vec::new(), b: Vec::new() }
    }

    fn solve(&mut self, gram: &Gram, j: usize, config: &ItemItemConfig) -> Vec<Neighbour> {
        let power = config.popularity_power;
        let mut chosen = gram.rows[j].clone();
        keep_largest(&mut chosen, config.neighbours, |&(i, g)| {
            g / f64::from(gram.diagonal[i as usize]).powf(power) as f32
        });
        chosen.sort_unstable_by_key(|e| e.0);
        let m = chosen.len();
        for (at, &(i, _)) in chosen.iter().enumerate() {
            self.place[i as usize] = at as u32;
        }
        self.a.clear();
        self.a.resize(m * m, 0.0);
        for (p, &(i, _)) in chosen.iter().enumerate() {
            self.a[p * m + p] = f64::from(gram.diagonal[i as usize]);
            for &(other, g) in &gram.rows[i as usize] {
                let q = self.place[other as usize];
                if q != Self::ABSENT {
                    // Either side may have dropped it.
                    self.a[p * m + q as usize] = g.into();
                    self.a[q as usize * m + p] = g.into();
                }
            }
        }
        for &(i, _) in &chosen {
            self.place[i as usize] = Self::ABSENT;
        }
        self.b.clear();
        self.b.extend(chosen.iter().map(|e| f64::from(e.1)));
        let scale = config.dropout / (1.0 - config.dropout);
        let mut ridge: Vec<f64> =
            (0..m).map(|p| gram.lambda + scale * f64::from(gram.diagonal[chosen[p].0 as usize])).collect();
        loop {
            let mut u = self.a.clone();
            for p in 0..m {
                u[p * m + p] += ridge[p];
            }
            if factor_f64(&mut u, m).is_ok() {
                solve_f64(&u, m, &mut self.b);
                break;
            }
            for (p, r) in ridge.iter_mut().enumerate() {
                *r = 2.0 * *r + 0.1 * self.a[p * m + p];
            }
        }
        let mut weights: Vec<(u32, f64)> = chosen.iter().zip(&self.b).map(|(e, &w)| (e.0, w)).collect();
        keep_largest(&mut weights, config.keep, |&(i, w)| {
            (w.abs() * f64::from(gram.diagonal[i as usize]).sqrt()) as f32
        });
        weights.sort_unstable_by_key(|e| e.0);
        weights.into_iter().map(|(item, w)| Neighbour { item, weight: w as f32 }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(n_users: usize, n_items: usize, pairs: impl IntoIterator<Item = (u32, u32)>) -> Interactions {
        Interactions::from_triples(n_users, n_items, pairs.into_iter().map(|(u, i)| (u, i, 1.0))).expect("valid")
    }

    /// Everybody who has an even item has the odd one after it, and otherwise a few at random.
    fn couples(users: u32, items: u32) -> Interactions {
        let pairs = (0..users).flat_map(|u| {
            let first = (u * 2) % items;
            let noise = (u.wrapping_mul(2_654_435_761) >> 7) % items;
            [(u, first), (u, first + 1), (u, noise)]
        });
        let mut pairs: Vec<_> = pairs.collect();
        pairs.sort_unstable();
        pairs.dedup();
        matrix(users as usize, items as usize, pairs)
    }

    /// On all items, without a cut, it is the closed form of EASE: column j of −P / diag(P), P = (G + D)⁻¹.
    #[test]
    fn with_all_neighbours_it_is_the_dense_closed_form() {
        let m = couples(60, 8);
        let config = ItemItemConfig {
            neighbours: 8,
            keep: 8,
            user_power: 0.0,
            ridge: 3.0,
            dropout: 0.2,
            ..ItemItemConfig::default()
        };
        let model = ItemItem::fit(&m, None, &config, Threads::ONE);
        let n = 8;
        let mut g = vec![vec![0.0f64; 2 * n]; n];
        for u in 0..m.n_users() {
            let items = m.row(u).0;
            for &i in items {
                for &j in items {
                    g[i as usize][j as usize] += 1.0;
                }
            }
        }
        for i in 0..n {
            g[i][i] = g[i][i] * 1.25 + 3.0;
            g[i][n + i] = 1.0;
        }
        // Gauss and Jordan: the right half becomes the inverse.
        for p in 0..n {
            let pivot = g[p].clone();
            for (q, row) in g.iter_mut().enumerate() {
                let f = if q == p { 1.0 - 1.0 / pivot[p] } else { row[p] / pivot[p] };
                for (x, v) in row.iter_mut().zip(&pivot) {
                    *x -= f * v;
                }
            }
        }
        for j in 0..n {
            for i in (0..n).filter(|&i| i != j) {
                let expected = -g[i][n + j] / g[j][n + j];
                let got = model.neighbours(j as u32).iter().find(|w| w.item as usize == i).map_or(0.0, |w| w.weight);
                assert!((f64::from(got) - expected).abs() < 1e-5, "{i} {j}: {got} is not {expected}");
            }
        }
    }

    #[test]
    fn what_is_bought_together_is_found_within_few_weights_for_any_number_of_threads() {
        let m = couples(400, 40);
        let small = ItemItemConfig { neighbours: 6, keep: 2, gram_entries_max: 400, ..ItemItemConfig::default() };
        for config in [ItemItemConfig::default(), small] {
            let one = ItemItem::fit(&m, None, &config, Threads::ONE);
            assert_eq!(one, ItemItem::fit(&m, None, &config, Threads::new(3).expect("positive")));
            for item in 0..40u32 {
                assert!(one.neighbours(item).len() <= config.keep);
                let best = one.neighbours(item).iter().max_by(|a, b| a.weight.total_cmp(&b.weight)).map(|n| n.item);
                assert_eq!(best, Some(item ^ 1), "the other half of the couple");
            }
            let mut scores = vec![0.0; 40];
            one.add_scores([(6, 1.0)], &mut scores);
            assert!((0..40).all(|i| scores[7] >= scores[i]), "{scores:?}");
        }
    }

    #[test]
    fn nothing_and_robots_are_taken_as_they_are() {
        let empty = ItemItem::fit(&matrix(3, 4, []), None, &ItemItemConfig::default(), Threads::ONE);
        assert!((0..4).all(|i| empty.neighbours(i).is_empty()));
        let alone = ItemItem::fit(&matrix(1, 2, [(0, 1)]), None, &ItemItemConfig::default(), Threads::ONE);
        assert!(alone.neighbours(1).is_empty());
        // The robot has everything, which would make everything go together.
        let mut pairs: Vec<(u32, u32)> = (0..50).map(|i| (0, i)).collect();
        pairs.extend((1..30).flat_map(|u| [(u, 0), (u, 1)]));
        let config = ItemItemConfig { user_items_max: 40, ..ItemItemConfig::default() };
        let model = ItemItem::fit(&matrix(30, 50, pairs), None, &config, Threads::ONE);
        assert_eq!(model.users_left_out(), 1);
        assert!(model.neighbours(7).is_empty() && model.neighbours(0)[0].item == 1);
    }
}
