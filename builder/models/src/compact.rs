//! Item factors in few bytes, and what that costs: lists that differ, and hidden purchases that are not found.
//!
//! [`Packing::Int8`] is what a bundle holds: a byte a number with a scale an item, rounded to the nearest. Below a byte
//! it matters which numbers are kept how well, and that is decided by who looks: an error e of an item moves the score
//! of a user x by x·e, so what counts is eᵀCe with C the mean of x xᵀ over the users. [`Packing::Mixed`] therefore turns
//! the factors by
//!
//! ```text
//! y' = Qᵀ C^½ y          Q: eigenvectors of C^½ S C^½, S the mean of y yᵀ over the items, largest first
//! x' = Qᵀ C^−½ x         x'·y' = x·y
//! ```
//!
//! In these directions every error counts the same, the directions are uncorrelated, and the first hold most of what
//! there is: some get a byte, most half a byte, and the last may get nothing. A direction's step is its size over its
//! greatest code, an item's scale the one of [`SCALES`] with the least error. Scores stay whole numbers: the visitor is
//! turned and multiplied by the steps once, then quantised.

use rayon::prelude::*;

use crate::als::AlsModel;
use crate::eigen::{self, Eigen};
use crate::eval::rank;
use crate::threads::Threads;

/// How many times its size the greatest code of a direction stands for, by item.
const SCALES: usize = 24;
/// Users whose lists are compared, evenly spread over all.
const LISTS_MAX: usize = 2000;
/// Length of those lists.
const LIST: usize = 20;
/// Bytes of an item's scale: f32 as the bundle has it, or the upper half of one.
const SCALE_BYTES: usize = 4;
const SHORT_SCALE_BYTES: usize = 2;
/// Greatest code of a visitor's number: as the core has it, and where directions are of so different sizes that a byte
/// would lose the small ones. Sums of 512 products with a byte still fit 32 bits.
const VISITOR: f32 = 127.0;
const VISITOR_TURNED: f32 = 16_383.0;
/// Greatest code of a byte and of half a byte.
const BYTE: f32 = 127.0;
const NIBBLE: f32 = 7.0;

/// How factors are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// A byte a number.
    Int8,
    /// Half a byte a number.
    Int4,
    /// Turned: a byte for so many directions, half a byte for so many more, nothing for the rest.
    Mixed { bytes: usize, nibbles: usize },
}

impl Packing {
    /// The mixed packing of k numbers into so many bytes, with as many whole bytes as fit when every number is kept.
    pub fn mixed(k: usize, item_bytes: usize) -> Packing {
        let codes = item_bytes.saturating_sub(SHORT_SCALE_BYTES);
        let bytes = codes.saturating_sub(k.div_ceil(2)) * 2;
        let bytes = bytes.min(k);
        Packing::Mixed { bytes, nibbles: (k - bytes).min(codes.saturating_sub(bytes) * 2) }
    }

    /// Bytes an item's factor takes, with its scale.
    pub fn item_bytes(self, k: usize) -> usize {
        match self {
            Packing::Int8 => k + SCALE_BYTES,
            Packing::Int4 => k.div_ceil(2) + SCALE_BYTES,
            Packing::Mixed { bytes, nibbles } => bytes + nibbles.div_ceil(2) + SHORT_SCALE_BYTES,
        }
    }

    /// For tables.
    pub fn name(self) -> String {
        match self {
            Packing::Int8 => "int8".to_owned(),
            Packing::Int4 => "int4".to_owned(),
            Packing::Mixed { bytes, nibbles } => format!("mixed {bytes}×8 + {nibbles}×4 bits"),
        }
    }
}

/// Packed factors, one code a byte for reading.
#[derive(Debug, Clone, PartialEq)]
pub struct Packed {
    packing: Packing,
    k: usize,
    /// n × k.
    codes: Vec<i8>,
    scales: Vec<f32>,
    /// Step of each direction.
    steps: Vec<f32>,
    /// k × k, from factors to directions and back, for items; `None` when factors are not turned.
    turn: Option<(Vec<f32>, Vec<f32>)>,
}

impl Packed {
    /// Packs a model's items.
    pub fn new(model: &AlsModel, packing: Packing) -> Packed {
        let k = model.factors();
        let turn = matches!(packing, Packing::Mixed { .. }).then(|| directions(model));
        let values: Vec<f32> = match &turn {
            Some((inward, _)) => model.item_factors().chunks_exact(k).flat_map(|y| times(inward, y)).collect(),
            None => model.item_factors().to_vec(),
        };
        let greatest: Vec<f32> = (0..k)
            .map(|d| match packing {
                Packing::Int8 => BYTE,
                Packing::Int4 => NIBBLE,
                Packing::Mixed { bytes, .. } if d < bytes => BYTE,
                Packing::Mixed { bytes, nibbles } if d < bytes + nibbles => NIBBLE,
                Packing::Mixed { .. } => 0.0,
            })
            .collect();
        let steps: Vec<f32> = match packing {
            Packing::Int8 | Packing::Int4 => greatest.iter().map(|g| 1.0 / g).collect(),
            Packing::Mixed { .. } => {
                let size = |d: usize| {
                    let square: f64 = values.iter().skip(d).step_by(k).map(|&v| f64::from(v) * f64::from(v)).sum();
                    (square * k as f64 / values.len().max(1) as f64).sqrt() as f32
                };
                (0..k).map(|d| if greatest[d] > 0.0 { size(d) / greatest[d] } else { 0.0 }).collect()
            }
        };
        let rows: Vec<(f32, Vec<i8>)> =
            values.par_chunks_exact(k).map(|y| encode(y, &steps, &greatest, packing == Packing::Int8)).collect();
        let scales = rows.iter().map(|r| r.0).collect();
        let codes = rows.into_iter().flat_map(|r| r.1).collect();
        Packed { packing, k, codes, scales, steps, turn }
    }

    pub fn packing(&self) -> Packing {
        self.packing
    }

    /// Bytes of all items, and of what they share.
    pub fn bytes(&self) -> usize {
        let shared = if self.turn.is_some() { 4 * self.k * (self.k + 1) } else { 0 };
        self.scales.len() * self.packing.item_bytes(self.k) + shared
    }

    /// The factors that the codes stand for, n × k.
    pub fn factors(&self) -> Vec<f32> {
        let row = |(codes, scale): (&[i8], &f32)| {
            let y: Vec<f32> = codes.iter().zip(&self.steps).map(|(&q, step)| f32::from(q) * step * scale).collect();
            match &self.turn {
                Some((_, outward)) => times(outward, &y),
                None => y,
            }
        };
        self.codes.chunks_exact(self.k).zip(&self.scales).flat_map(row).collect()
    }

    /// Scores of all items for a user, in whole numbers times a scale.
    pub fn scores(&self, x: &[f32], out: &mut [f32]) {
        // x' = (Aᵀ)⁻¹ x where y' = A y.
        let mut visitor = match &self.turn {
            Some((_, outward)) => transposed_times(outward, x),
            None => x.to_vec(),
        };
        visitor.iter_mut().zip(&self.steps).for_each(|(v, step)| *v *= step);
        let largest = visitor.iter().fold(0f32, |m, v| m.max(v.abs()));
        let step = largest / if self.turn.is_some() { VISITOR_TURNED } else { VISITOR };
        let codes: Vec<i32> = visitor.iter().map(|v| if step > 0.0 { (v / step).round() as i32 } else { 0 }).collect();
        for ((o, y), scale) in out.iter_mut().zip(self.codes.chunks_exact(self.k)).zip(&self.scales) {
            let sum: i64 = codes.iter().zip(y).map(|(&a, &b)| i64::from(a) * i64::from(b)).sum();
            *o = sum as f32 * scale * step;
        }
    }

    /// Share of a user's first 20 items that the packed factors put among the first 20 too, mean over training users.
    /// The result does not depend on `threads`.
    pub fn overlap(&self, model: &AlsModel, threads: Threads) -> f64 {
        let (k, n) = (model.factors(), model.n_items());
        let every = model.n_users().div_ceil(LISTS_MAX).max(1);
        let users: Vec<&[f32]> =
            model.user_factors().chunks_exact(k).step_by(every).filter(|x| x.iter().any(|v| *v != 0.0)).collect();
        let shares: Vec<f64> = threads.run(|| {
            users
                .par_iter()
                .map_init(
                    || (vec![0.0; n], vec![0.0; n]),
                    |(exact, packed), x| {
                        for (s, y) in exact.iter_mut().zip(model.item_factors().chunks_exact(k)) {
                            *s = crate::linear::dot(x, y);
                        }
                        self.scores(x, packed);
                        let (mut a, b) = (rank(exact, LIST, |_| true), rank(packed, LIST, |_| true));
                        a.sort_unstable();
                        b.iter().filter(|i| a.binary_search(i).is_ok()).count() as f64 / a.len().max(1) as f64
                    },
                )
                .collect()
        });
        shares.iter().sum::<f64>() / shares.len().max(1) as f64
    }
}

/// Scale and codes of one item with the least error; codes to `greatest`.
fn encode(y: &[f32], steps: &[f32], greatest: &[f32], nearest_to_largest: bool) -> (f32, Vec<i8>) {
    // The scale at which no code is cut.
    let fits = |(v, (step, g)): (&f32, (&f32, &f32))| if *g > 0.0 && *step > 0.0 { v.abs() / (step * g) } else { 0.0 };
    let largest = y.iter().zip(steps.iter().zip(greatest)).map(fits).fold(0f32, f32::max);
    if largest <= 0.0 {
        return (0.0, vec![0; y.len()]);
    }
    let code = |v: f32, step: f32, g: f32, scale: f32| {
        if step > 0.0 { (v / (step * scale)).round().clamp(-g, g) } else { 0.0 }
    };
    let error = |scale: f32| -> f64 {
        let each =
            |(v, (step, g)): (&f32, (&f32, &f32))| f64::from(v - code(*v, *step, *g, scale) * step * scale).powi(2);
        y.iter().zip(steps.iter().zip(greatest)).map(each).sum()
    };
    let mut best = (f64::INFINITY, largest);
    // From no code cut down to half of the largest.
    for n in 0..if nearest_to_largest { 1 } else { SCALES } {
        let scale = largest * (1.0 - 0.5 * n as f32 / SCALES as f32);
        let scale = if nearest_to_largest { scale } else { shortened(scale) };
        let error = error(scale);
        if error < best.0 {
            best = (error, scale);
        }
    }
    let codes = y.iter().zip(steps.iter().zip(greatest)).map(|(v, (step, g))| code(*v, *step, *g, best.1) as i8);
    (best.1, codes.collect())
}

/// The upper half of an f32: eight bits of fraction.
fn shortened(scale: f32) -> f32 {
    f32::from_bits(scale.to_bits().saturating_add(0x8000) & 0xFFFF_0000)
}

/// A and A⁻¹ of the module.
fn directions(model: &AlsModel) -> (Vec<f32>, Vec<f32>) {
    let k = model.factors();
    let users = crate::als::second_moment(model.user_factors(), k);
    let items = crate::als::second_moment(model.item_factors(), k);
    let Eigen { values, vectors } = eigen::symmetric(&users, k);
    // A direction that no user has is not quite nothing, or it could not be turned back.
    let least = values.iter().fold(0f64, |m, v| m.max(*v)) * 1e-6 + f64::MIN_POSITIVE;
    let roots: Vec<f64> = values.iter().map(|v| v.max(least).sqrt()).collect();
    let power = |root: &dyn Fn(f64) -> f64| -> Vec<f64> {
        let cell = |n: usize| (0..k).map(|e| root(roots[e]) * vectors[e * k + n / k] * vectors[e * k + n % k]).sum();
        (0..k * k).map(cell).collect()
    };
    let (half, inverse_half) = (power(&|r| r), power(&|r| 1.0 / r));
    let product = |a: &[f64], b: &dyn Fn(usize, usize) -> f64| -> Vec<f64> {
        (0..k * k).map(|n| (0..k).map(|m| a[n / k * k + m] * b(m, n % k)).sum()).collect()
    };
    let inner = product(&half, &|m, c| f64::from(items[m * k + c]));
    let both: Vec<f32> = product(&inner, &|m, c| half[m * k + c]).iter().map(|&v| v as f32).collect();
    let Eigen { values, vectors } = eigen::symmetric(&both, k);
    let mut order: Vec<usize> = (0..k).collect();
    order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    let sorted: Vec<f64> = order.iter().flat_map(|&e| vectors[e * k..][..k].iter().copied()).collect();
    // Rows of `sorted` are the eigenvectors: Qᵀ.
    let inward = product(&sorted, &|m, c| half[m * k + c]);
    let outward = product(&inverse_half, &|m, c| sorted[c * k + m]);
    let narrow = |a: Vec<f64>| a.into_iter().map(|v| v as f32).collect();
    (narrow(inward), narrow(outward))
}

fn times(matrix: &[f32], v: &[f32]) -> Vec<f32> {
    matrix.chunks_exact(v.len()).map(|row| crate::linear::dot(row, v)).collect()
}

fn transposed_times(matrix: &[f32], v: &[f32]) -> Vec<f32> {
    let mut out = vec![0.0; v.len()];
    for (row, f) in matrix.chunks_exact(v.len()).zip(v) {
        out.iter_mut().zip(row).for_each(|(o, m)| *o += f * m);
    }
    out
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::als::{self, AlsConfig};
    use crate::interactions::Interactions;

    const K: usize = 24;

    /// People of six tastes over 240 items, with as much chance as taste.
    fn model() -> AlsModel {
        let mut state = 5u64;
        let mut below = |of: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 33) % of) as u32
        };
        let mut triples = Vec::new();
        for user in 0..400u32 {
            for n in 0..16 {
                let item = if n % 2 == 0 { 40 * (user % 6) + below(40) } else { below(240) };
                triples.push((user, item, 1.0));
            }
        }
        let matrix = Interactions::from_triples(400, 240, triples).expect("valid");
        let config = AlsConfig { factors: K, iterations_max: 8, ..AlsConfig::default() };
        als::fit(&matrix, &config, Threads::ONE, &mut |_| ControlFlow::Continue(())).expect("fits")
    }

    fn packings() -> [Packing; 4] {
        [Packing::Int8, Packing::mixed(K, 2 + K * 3 / 4), Packing::mixed(K, 2 + K / 2), Packing::Int4]
    }

    #[test]
    fn more_bytes_lose_less_and_turning_beats_not_turning() {
        let model = model();
        let overlaps = packings().map(|packing| Packed::new(&model, packing).overlap(&model, Threads::ONE));
        println!("{overlaps:?}");
        assert!(overlaps.windows(2).all(|w| w[0] >= w[1]), "in the order of their bytes: {overlaps:?}");
        assert!(overlaps[0] > 0.98 && overlaps[3] > 0.6, "{overlaps:?}");
        assert!(overlaps[2] > overlaps[3], "half a byte each, turned or not: {overlaps:?}");
        let again = Packed::new(&model, packings()[1]);
        assert_eq!(again.overlap(&model, Threads::new(3).expect("positive")), overlaps[1]);
    }

    #[test]
    fn scores_are_those_of_the_factors_that_the_codes_stand_for() {
        let model = model();
        for packing in packings() {
            let packed = Packed::new(&model, packing);
            let factors = packed.factors();
            let error: f64 = factors.iter().zip(model.item_factors()).map(|(a, b)| f64::from(a - b).powi(2)).sum();
            let size: f64 = model.item_factors().iter().map(|v| f64::from(*v).powi(2)).sum();
            assert!(error < 0.05 * size, "{}: {error} of {size}", packing.name());
            let mut scores = vec![0.0; model.n_items()];
            for x in model.user_factors().chunks_exact(K).step_by(50) {
                packed.scores(x, &mut scores);
                let exact: Vec<f32> = factors.chunks_exact(K).map(|y| crate::linear::dot(x, y)).collect();
                let largest = exact.iter().fold(0f32, |m, v| m.max(v.abs()));
                // Only the visitor is rounded between the two.
                let apart = exact.iter().zip(&scores).fold(0f32, |m, (a, b)| m.max((a - b).abs()));
                assert!(apart < 0.05 * largest, "{}: {apart} of {largest}", packing.name());
            }
        }
    }

    #[test]
    fn bytes_are_counted_and_never_more_than_asked() {
        assert_eq!(Packing::Int8.item_bytes(64), 68);
        assert_eq!(Packing::Int4.item_bytes(64), 36);
        for k in [1, 2, 7, 64, 128] {
            for asked in [2, 3, 10, k / 2 + 2, k / 2 + 3, k, k + 2, 2 * k] {
                let packing = Packing::mixed(k, asked);
                let Packing::Mixed { bytes, nibbles } = packing else { panic!("{packing:?}") };
                assert!(packing.item_bytes(k) <= asked.max(2) && bytes + nibbles <= k, "{k} {asked}: {packing:?}");
            }
        }
        assert_eq!(Packing::mixed(64, 35), Packing::Mixed { bytes: 2, nibbles: 62 });
        assert_eq!(Packing::mixed(64, 20), Packing::Mixed { bytes: 0, nibbles: 36 });
        let packed = Packed::new(&model(), Packing::mixed(K, 14));
        assert_eq!(packed.bytes(), 240 * 14 + 4 * K * (K + 1));
    }

    #[test]
    fn nothing_is_packed_as_nothing() {
        let model = model();
        let bare = model.with_items(vec![0.0; model.item_factors().len()]).expect("of the same shape");
        for packing in packings() {
            let packed = Packed::new(&bare, packing);
            assert!(packed.factors().iter().all(|v| *v == 0.0), "{}", packing.name());
            let mut scores = vec![1.0; bare.n_items()];
            packed.scores(&model.user_factors()[..K], &mut scores);
            assert!(scores.iter().all(|s| *s == 0.0));
        }
        assert!(model.with_items(vec![0.0; 3]).is_err() && model.with_items(vec![f32::NAN; 240 * K]).is_err());
    }
}
