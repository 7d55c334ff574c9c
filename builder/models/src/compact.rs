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

    /// Scores of all items for a user, in whole numbers times a scale; the user in codes up to `visitor_max`.
    pub fn scores(&self, x: &[f32], visitor_max: u16, out: &mut [f32]) {
        // x' = (Aᵀ)⁻¹ x where y' = A y.
        let mut visitor = match &self.turn {
            Some((_, outward)) => transposed_times(outward, x),
            None => x.to_vec(),
        };
        visitor.iter_mut().zip(&self.steps).for_each(|(v, step)| *v *= step);
        let largest = visitor.iter().fold(0f32, |m, v| m.max(v.abs()));
        let step = largest / f32::from(visitor_max);
        let codes: Vec<i32> = visitor.iter().map(|v| if step > 0.0 { (v / step).round() as i32 } else { 0 }).collect();
        for ((o, y), scale) in out.iter_mut().zip(self.codes.chunks_exact(self.k)).zip(&self.scales) {
            let sum: i64 = codes.iter().zip(y).map(|(&a, &b)| i64::from(a) * i64::from(b)).sum();
            *o = sum as f32 * scale * step;
        }
    }

    /// Share of a user's first 20 items that the packed factors put among the first 20 too, mean over users.
    pub fn overlap(&self, model: &AlsModel, visitor_max: u16, threads: Threads) -> f64 {
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
                        self.scores(x, visitor_max, packed);
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
