//! Item factors in few bytes, and what that costs: lists that differ, and hidden purchases that are not found.
//!
//! [`Packing::Int8`] is what a bundle holds: a byte a number with a scale an item. An item's largest number sets its scale,
//! so factors are turned first by a matrix in which none stays much larger than the others (`spread`): x and y alike, so
//! no score changes, and steps are finer. The codes are then chosen by what their errors do to
//! scores (`rounding`), and [`bundled`] gives the turned factors in which the bundle's writer, which rounds to the nearest,
//! finds these codes again; a visitor folded in with them is turned alike. In fewer bytes it also matters which numbers
//! are kept how well. With C the mean of x xᵀ over the users, [`Packing::Turned`] turns the factors by
//!
//! ```text
//! y' = Qᵀ C^½ y          Q: eigenvectors of C^½ S C^½, S the mean of y yᵀ over the items, largest first
//! x' = Qᵀ C^−½ x         x'·y' = x·y
//! ```
//!
//! In these directions every error counts the same, the directions are uncorrelated, and the first hold most of what
//! there is. So each gets as many bits as leave the least error in all: one at a time, where the next one takes most away
//! (reverse water-filling). A direction's step is the best of its bits for a normal distribution of its size, an item's
//! scale the one of [`SCALES`] with the least error. Scores stay whole numbers: the visitor is turned and multiplied by
//! the steps once, then quantised. No bundle holds it yet; it shows what the bytes could hold.

use rayon::prelude::*;

use crate::als::AlsModel;
use crate::eigen::{self, Eigen};
use crate::eval::rank;
use crate::rounding::{Cost, Rounded};
use crate::threads::Threads;

/// Scales tried for a turned item, between a third and three times the one of its size.
const SCALES: usize = 33;
/// Users whose lists are compared, evenly spread over all.
const LISTS_MAX: usize = 2000;
/// Length of those lists.
const LIST: usize = 20;
/// Bytes of an item's scale: f32 as the bundle has it, or the upper half of one.
const SCALE_BYTES: usize = 4;
const SHORT_SCALE_BYTES: usize = 2;
/// Greatest code of a visitor's number, as the core has it.
const VISITOR: f32 = 16_383.0;
/// Greatest code of a byte and of half a byte.
const BYTE: f32 = 127.0;
const NIBBLE: f32 = 7.0;
/// Most bits of a direction.
const BITS_MAX: usize = 8;
/// Of a normal distribution of size 1: the mean square that 0, 1, … bits leave, and the step of theirs that leaves least
/// (Max 1960, for even steps).
const LEFT: [f64; BITS_MAX + 1] =
    [1.0, 0.3634, 0.1188, 0.037_44, 0.011_54, 0.003_495, 0.001_041, 0.000_304_4, 0.000_087_7];
const STEPS: [f32; BITS_MAX + 1] = [0.0, 1.596, 0.9957, 0.586, 0.3352, 0.1881, 0.1041, 0.0569, 0.0308];

/// How factors are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// A byte a number.
    Int8,
    /// A byte a number for the third of the items with the greatest norms, half a byte for the others: what a bundle of
    /// about 50,000 items holds.
    Mixed,
    /// Half a byte a number.
    Int4,
    /// Turned, so many bytes in all: bits where they take most error away.
    Turned { item_bytes: usize },
}

impl Packing {
    /// Bytes an item's factor takes, with its scale; the mean where they differ.
    pub fn item_bytes(self, k: usize) -> usize {
        match self {
            Packing::Int8 => k + SCALE_BYTES,
            Packing::Mixed => (2 * k).div_ceil(3) + SCALE_BYTES,
            Packing::Int4 => k.div_ceil(2) + SCALE_BYTES,
            Packing::Turned { item_bytes } => item_bytes,
        }
    }

    /// For tables.
    pub fn name(self) -> String {
        match self {
            Packing::Int8 => "int8".to_owned(),
            Packing::Mixed => "int8 and int4".to_owned(),
            Packing::Int4 => "int4".to_owned(),
            Packing::Turned { item_bytes } => format!("turned, {item_bytes} bytes"),
        }
    }
}

/// The item factors that codes of [`Packing::Int8`] stand for: rounded to the nearest 127th of the largest number of each,
/// as a bundle's writer does it, they are those codes again.
pub fn bundled(model: &AlsModel) -> Vec<f32> {
    let packed = Packed::new(model, Packing::Int8);
    let row = |(codes, scale): (&[i8], &f32)| codes.iter().map(|&q| f32::from(q) * scale).collect::<Vec<f32>>();
    packed.codes.chunks_exact(packed.k).zip(&packed.scales).flat_map(row).collect()
}

/// Packed factors, one code in two bytes for reading.
#[derive(Debug, Clone, PartialEq)]
pub struct Packed {
    packing: Packing,
    k: usize,
    /// n × k. Of up to seven bits of a direction the codes are odd, a code of eight is any: so all fit a byte.
    codes: Vec<i8>,
    scales: Vec<f32>,
    /// What a code of each direction is worth.
    steps: Vec<f32>,
    /// k × k, from factors to directions and back, for items.
    turn: (Vec<f32>, Vec<f32>),
}

impl Packed {
    /// Packs a model's items.
    pub fn new(model: &AlsModel, packing: Packing) -> Packed {
        match packing {
            Packing::Int8 => Packed::straight(model, packing, |_| BYTE),
            Packing::Mixed => {
                let whole = first_third(model);
                Packed::straight(model, packing, |item| if whole[item] { BYTE } else { NIBBLE })
            }
            Packing::Int4 => Packed::straight(model, packing, |_| NIBBLE),
            Packing::Turned { item_bytes } => Packed::turned(model, item_bytes),
        }
    }

    fn straight(model: &AlsModel, packing: Packing, greatest: impl Fn(usize) -> f32 + Sync) -> Packed {
        let k = model.factors();
        let (inward, outward) = (spread(k), transposed(&spread(k), k));
        let users: Vec<f32> = model.user_factors().par_chunks_exact(k).flat_map_iter(|x| times(&inward, x)).collect();
        let cost = Cost::new(&crate::als::second_moment(&users, k), k);
        let items = model.item_factors().par_chunks_exact(k).enumerate();
        let rows: Vec<Rounded> = items.map(|(item, y)| cost.round(&times(&inward, y), greatest(item))).collect();
        let scales = rows.iter().map(|r| r.scale).collect();
        let codes = rows.into_iter().flat_map(|r| r.codes).collect();
        Packed { packing, k, codes, scales, steps: vec![1.0; k], turn: (inward, outward) }
    }

    fn turned(model: &AlsModel, item_bytes: usize) -> Packed {
        let k = model.factors();
        let (inward, outward) = directions(model);
        let values: Vec<f32> = model.item_factors().chunks_exact(k).flat_map(|y| times(&inward, y)).collect();
        let size = |d: usize| {
            let square: f64 = values.iter().skip(d).step_by(k).map(|&v| f64::from(v) * f64::from(v)).sum();
            square * k as f64 / values.len().max(1) as f64
        };
        let squares: Vec<f64> = (0..k).map(size).collect();
        let bits = shared_out(&squares, 8 * item_bytes.saturating_sub(SHORT_SCALE_BYTES));
        let grids: Vec<Grid> =
            squares.iter().zip(&bits).map(|(square, bits)| Grid::new(square.sqrt() as f32, *bits)).collect();
        let whole = squares.iter().sum::<f64>().sqrt() as f32;
        let rows: Vec<(f32, Vec<i8>)> = values.par_chunks_exact(k).map(|y| encode(y, &grids, whole)).collect();
        let scales = rows.iter().map(|r| r.0).collect();
        let codes = rows.into_iter().flat_map(|r| r.1).collect();
        let steps = grids.iter().map(|g| g.step).collect();
        Packed { packing: Packing::Turned { item_bytes }, k, codes, scales, steps, turn: (inward, outward) }
    }

    pub fn packing(&self) -> Packing {
        self.packing
    }

    /// Bytes of all items, and of what they share: the turn, steps, and bits of each direction.
    pub fn bytes(&self) -> usize {
        // A turn of equal lengths need not be known to anybody: visitors are folded in with what was turned.
        let turned = matches!(self.packing, Packing::Turned { .. });
        let shared = if turned { 4 * self.k * (self.k + 1) + self.k } else { 0 };
        self.scales.len() * self.packing.item_bytes(self.k) + shared
    }

    /// The factors that the codes stand for, n × k.
    pub fn factors(&self) -> Vec<f32> {
        let row = |(codes, scale): (&[i8], &f32)| {
            let y: Vec<f32> = codes.iter().zip(&self.steps).map(|(&q, step)| f32::from(q) * step * scale).collect();
            times(&self.turn.1, &y)
        };
        self.codes.chunks_exact(self.k).zip(&self.scales).flat_map(row).collect()
    }

    /// Scores of all items for a user, in whole numbers times a scale.
    pub fn scores(&self, x: &[f32], out: &mut [f32]) {
        // x' = (Aᵀ)⁻¹ x where y' = A y.
        let mut visitor = transposed_times(&self.turn.1, x);
        visitor.iter_mut().zip(&self.steps).for_each(|(v, step)| *v *= step);
        let largest = visitor.iter().fold(0f32, |m, v| m.max(v.abs()));
        let step = largest / VISITOR;
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

/// Which items are among the third with the greatest norms.
fn first_third(model: &AlsModel) -> Vec<bool> {
    let square = |y: &[f32]| y.iter().map(|v| f64::from(*v) * f64::from(*v)).sum::<f64>();
    let squares: Vec<f64> = model.item_factors().chunks_exact(model.factors()).map(square).collect();
    let mut order: Vec<usize> = (0..squares.len()).collect();
    order.sort_by(|&a, &b| squares[b].total_cmp(&squares[a]).then(a.cmp(&b)));
    let mut first = vec![false; order.len()];
    order.iter().take(order.len().div_ceil(3)).for_each(|&item| first[item] = true);
    first
}

/// The codes of a direction.
#[derive(Debug, Clone, Copy)]
struct Grid {
    /// What a code is worth at a scale of 1.
    step: f32,
    greatest: f32,
    /// Codes are odd, so that two bits are four values around zero and not three.
    odd: bool,
}

impl Grid {
    /// Of a direction of this size (root mean square) with so many bits.
    fn new(size: f32, bits: usize) -> Grid {
        let odd = (1..BITS_MAX).contains(&bits);
        let codes = (1usize << bits) as f32;
        // Odd codes lie two apart.
        let step = if odd { size * STEPS[bits] / 2.0 } else { size * STEPS[bits] };
        Grid { step, greatest: if odd { codes - 1.0 } else { codes / 2.0 - 1.0 }.max(0.0), odd }
    }

    /// The code nearest to `v` in steps.
    fn code(self, v: f32) -> f32 {
        let nearest = if self.odd { 2.0 * (v / 2.0).floor() + 1.0 } else { v.round() };
        nearest.clamp(-self.greatest, self.greatest)
    }
}

/// Bits for directions of these mean squares, so that they leave the least mean square in all.
fn shared_out(squares: &[f64], bits: usize) -> Vec<usize> {
    let mut out = vec![0; squares.len()];
    let gain = |square: f64, bits: usize| square * (LEFT[bits] - LEFT[bits + 1]);
    for _ in 0..bits {
        let open = (0..squares.len()).filter(|&d| out[d] < BITS_MAX);
        let most = open.max_by(|&a, &b| gain(squares[a], out[a]).total_cmp(&gain(squares[b], out[b])).then(b.cmp(&a)));
        let Some(most) = most else { break };
        out[most] += 1;
    }
    out
}

/// Scale and codes of one item with the least error; `whole` is the size of all directions together.
fn encode(y: &[f32], grids: &[Grid], whole: f32) -> (f32, Vec<i8>) {
    let square: f64 = y.iter().map(|&v| f64::from(v) * f64::from(v)).sum();
    let own = square.sqrt() as f32;
    if own <= 0.0 || whole <= 0.0 {
        return (0.0, vec![0; y.len()]);
    }
    let code = |v: f32, grid: &Grid, scale: f32| {
        if grid.step > 0.0 { grid.code(v / (grid.step * scale)) } else { 0.0 }
    };
    let error = |scale: f32| -> f64 {
        let each = |(v, grid): (&f32, &Grid)| f64::from(v - code(*v, grid, scale) * grid.step * scale).powi(2);
        y.iter().zip(grids).map(each).sum()
    };
    let mut best = (f64::INFINITY, 0.0);
    for n in 0..SCALES {
        let scale = shortened(own / whole * 3f32.powf(2.0 * n as f32 / (SCALES - 1) as f32 - 1.0));
        let error = error(scale);
        if error < best.0 {
            best = (error, scale);
        }
    }
    (best.1, y.iter().zip(grids).map(|(v, grid)| code(*v, grid, best.1) as i8).collect())
}

/// The upper half of an f32: eight bits of fraction.
fn shortened(scale: f32) -> f32 {
    f32::from_bits(scale.to_bits().saturating_add(0x8000) & 0xFFFF_0000)
}

/// An orthogonal matrix that spreads every number over all: the cosine transform (DCT-II) of numbers whose signs were
/// thrown once and for all, so that what has not changed is turned as before.
fn spread(k: usize) -> Vec<f32> {
    let n = k as f64;
    let sign = |d: usize| {
        // The finaliser of SplitMix64 of the position.
        let mut z = (d as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        if (z ^ (z >> 31)) & 1 == 0 { 1.0 } else { -1.0 }
    };
    let cell = |at: usize| {
        let (row, d) = (at / k, at % k);
        let size = if row == 0 { (1.0 / n).sqrt() } else { (2.0 / n).sqrt() };
        let angle = std::f64::consts::PI * row as f64 * (2 * d + 1) as f64 / (2.0 * n);
        (size * angle.cos() * sign(d)) as f32
    };
    (0..k * k).map(cell).collect()
}

fn transposed(matrix: &[f32], k: usize) -> Vec<f32> {
    (0..k * k).map(|at| matrix[at % k * k + at / k]).collect()
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

    fn packings() -> [Packing; 5] {
        let turned = |item_bytes| Packing::Turned { item_bytes };
        [turned(K + 4), Packing::Int8, Packing::Mixed, turned(K / 2 + 4), Packing::Int4]
    }

    #[test]
    fn more_bytes_lose_less_and_few_are_better_shared_out_by_direction() {
        let model = model();
        let overlaps = packings().map(|packing| Packed::new(&model, packing).overlap(&model, Threads::ONE));
        println!("{overlaps:?}");
        let [whole, half] = [&overlaps[..2], &overlaps[3..]];
        assert!(overlaps[1] >= overlaps[2] && overlaps[2] >= overlaps[4], "{overlaps:?}");
        assert!(whole.iter().all(|a| half.iter().all(|b| a >= b)), "in the order of their bytes: {overlaps:?}");
        assert!(overlaps[0] > 0.98 && overlaps[4] > 0.6, "{overlaps:?}");
        assert!(overlaps[3] > overlaps[4], "half a byte each, turned or not: {overlaps:?}");
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
        let squares: Vec<f64> = (0..64).map(|d| 0.9f64.powi(d)).collect();
        for asked in [0, 1, 100, 272, 511, 512, 9_999] {
            let bits = shared_out(&squares, asked);
            assert_eq!(bits.iter().sum::<usize>(), asked.min(8 * 64));
            assert!(bits.is_sorted_by(|a, b| a >= b), "the larger ones first: {bits:?}");
        }
        let packed = Packed::new(&model(), Packing::Turned { item_bytes: 14 });
        assert_eq!(packed.bytes(), 240 * 14 + 4 * K * (K + 1) + K);
    }

    #[test]
    fn a_bits_codes_are_as_many_as_it_can_tell_apart() {
        for bits in 0..=BITS_MAX {
            let grid = Grid::new(1.0, bits);
            let mut codes: Vec<i8> = (-4000..=4000).map(|n| grid.code(n as f32 / 10.0) as i8).collect();
            codes.dedup();
            assert_eq!(codes.len(), if bits == BITS_MAX { 255 } else { 1 << bits }, "{bits} bits");
        }
    }

    #[test]
    fn a_bundles_writer_finds_the_codes_again() {
        let model = model();
        let packed = Packed::new(&model, Packing::Int8);
        for (y, codes) in bundled(&model).chunks_exact(K).zip(packed.codes.chunks_exact(K)) {
            // As the writer of a bundle's items.
            let scale = y.iter().fold(0f32, |m, v| m.max(v.abs())) / 127.0;
            let again: Vec<i8> = y.iter().map(|v| (v / scale).round() as i8).collect();
            assert_eq!(again, codes);
        }
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
