//! Item factors in few bytes, and what that costs: lists that differ, and hidden purchases that are not found.
//!
//! A code for each number and a scale for each item. An item's largest number sets its scale,
//! so factors are turned first by a matrix in which none stays much larger than the others (`spread`): x and y alike, so
//! no score changes, and steps are finer. The codes are then chosen by what their errors do to scores (`rounding`).
//!
//! [`Packing::Tiers`] is what a bundle holds: the items of the greatest norms, which fill nearly all lists, have a byte and
//! a half a number, the next ones a byte, the many others half a byte. [`bundled`] gives the turned factors in which the
//! bundle's writer, which rounds to the nearest, finds these codes again; a visitor folded in with them is turned alike.
//!
//! Which directions are kept how well brings little: with bits shared out over the eigenvectors of scores (reverse
//! water-filling), half a byte a number had lists of Online Retail at .950 instead of .940, and a byte at .994.

use rayon::prelude::*;

use kenal_core::format::write::Tiers;

use crate::als::AlsModel;
use crate::eval::rank;
use crate::rounding::{Cost, Rounded};
use crate::threads::Threads;

/// Users whose lists are compared, evenly spread over all.
const LISTS_MAX: usize = 2000;
/// Length of those lists.
const LIST: usize = 20;
/// Bytes of an item's scale, an f32.
const SCALE_BYTES: usize = 4;
/// Greatest code of a visitor's number, as the core has it.
const VISITOR: f32 = 16_383.0;
/// Greatest code of a byte and of half a byte.
const BYTE: f32 = 127.0;
const NIBBLE: f32 = 7.0;
/// Of so many items the shares of [`Tiers`] are whole numbers.
const MANY: usize = 100;
/// How factors are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// A byte a number.
    Int8,
    /// From a byte and a half to half a byte a number, by an item's place: what a bundle holds.
    Tiers,
    /// Half a byte a number.
    Int4,
}

impl Packing {
    /// Bytes an item's factor takes, with its scale; the mean of many items where they differ.
    pub fn item_bytes(self, k: usize) -> usize {
        match self {
            Packing::Int8 => k + SCALE_BYTES,
            Packing::Tiers => {
                let Tiers { fine, whole } = Tiers::of(MANY);
                (k * (MANY + whole + fine)).div_ceil(2 * MANY) + SCALE_BYTES
            }
            Packing::Int4 => k.div_ceil(2) + SCALE_BYTES,
        }
    }

    /// For tables.
    pub fn name(self) -> String {
        match self {
            Packing::Int8 => "int8".to_owned(),
            Packing::Tiers => "12, 8 and 4 bits".to_owned(),
            Packing::Int4 => "int4".to_owned(),
        }
    }
}

/// The item factors that codes of [`Packing::Tiers`] stand for, turned: rounded by the grids of their tiers, as a bundle's
/// writer does it, they are those codes again. `boosts` are what the writer multiplies norms by to order the items.
///
/// # Panics
/// When there is not a boost for every item.
pub fn bundled(model: &AlsModel, boosts: &[f32]) -> Vec<f32> {
    assert_eq!(boosts.len(), model.n_items(), "a boost for every item");
    let packed = Packed::straight(model, Packing::Tiers, in_tiers(model, |item| boosts[item].into()));
    let row = |(codes, scale): (&[i16], &f32)| codes.iter().map(|&q| f32::from(q) * scale).collect::<Vec<f32>>();
    packed.codes.chunks_exact(packed.k).zip(&packed.scales).flat_map(row).collect()
}

/// Packed factors, one code in two bytes for reading.
#[derive(Debug, Clone, PartialEq)]
pub struct Packed {
    packing: Packing,
    k: usize,
    /// n × k.
    codes: Vec<i16>,
    /// What a code is worth.
    scales: Vec<f32>,
    /// k × k, from factors to directions and back, for items.
    turn: (Vec<f32>, Vec<f32>),
}

impl Packed {
    /// Packs a model's items.
    pub fn new(model: &AlsModel, packing: Packing) -> Packed {
        match packing {
            Packing::Int8 => Packed::straight(model, packing, vec![BYTE; model.n_items()]),
            Packing::Tiers => Packed::straight(model, packing, in_tiers(model, |_| 1.0)),
            Packing::Int4 => Packed::straight(model, packing, vec![NIBBLE; model.n_items()]),
        }
    }

    /// `greatest`: the greatest code of each item.
    fn straight(model: &AlsModel, packing: Packing, greatest: Vec<f32>) -> Packed {
        let k = model.factors();
        let (inward, outward) = (spread(k), transposed(&spread(k), k));
        let users: Vec<f32> = model.user_factors().par_chunks_exact(k).flat_map_iter(|x| times(&inward, x)).collect();
        let cost = Cost::new(&crate::als::second_moment(&users, k), k);
        let items = model.item_factors().par_chunks_exact(k).zip(greatest);
        let rows: Vec<Rounded> = items.map(|(y, greatest)| cost.round(&times(&inward, y), greatest)).collect();
        let scales = rows.iter().map(|r| r.scale).collect();
        let codes = rows.into_iter().flat_map(|r| r.codes).collect();
        Packed { packing, k, codes, scales, turn: (inward, outward) }
    }

    pub fn packing(&self) -> Packing {
        self.packing
    }

    /// Bytes of all items. The turn need not be known to anybody: visitors are folded in with what was turned.
    pub fn bytes(&self) -> usize {
        match self.packing {
            Packing::Tiers => {
                let Tiers { fine, whole } = Tiers::of(self.scales.len());
                self.scales.len() * SCALE_BYTES + (self.scales.len() + whole + fine) * self.k.div_ceil(2)
            }
            packing => self.scales.len() * packing.item_bytes(self.k),
        }
    }

    /// The factors that the codes stand for, n × k.
    pub fn factors(&self) -> Vec<f32> {
        let row = |(codes, scale): (&[i16], &f32)| {
            let y: Vec<f32> = codes.iter().map(|&q| f32::from(q) * scale).collect();
            times(&self.turn.1, &y)
        };
        self.codes.chunks_exact(self.k).zip(&self.scales).flat_map(row).collect()
    }

    /// Scores of all items for a user, in whole numbers times a scale.
    pub fn scores(&self, x: &[f32], out: &mut [f32]) {
        let visitor = times(&self.turn.0, x);
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

/// The greatest code of each item, by its place in the order of norms times what they are multiplied by.
fn in_tiers(model: &AlsModel, times: impl Fn(usize) -> f64) -> Vec<f32> {
    let square = |y: &[f32]| y.iter().map(|v| f64::from(*v) * f64::from(*v)).sum::<f64>();
    let norms = model.item_factors().chunks_exact(model.factors()).enumerate();
    let norms: Vec<f64> = norms.map(|(item, y)| square(y).sqrt() * times(item)).collect();
    let mut order: Vec<usize> = (0..norms.len()).collect();
    order.sort_by(|&a, &b| norms[b].total_cmp(&norms[a]).then(a.cmp(&b)));
    let tiers = Tiers::of(order.len());
    let mut greatest = vec![0.0; order.len()];
    order.into_iter().enumerate().for_each(|(at, item)| greatest[item] = tiers.grid(at).greatest);
    greatest
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

fn times(matrix: &[f32], v: &[f32]) -> Vec<f32> {
    matrix.chunks_exact(v.len()).map(|row| crate::linear::dot(row, v)).collect()
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::als::{self, AlsConfig};
    use crate::interactions::Interactions;

    use kenal_core::format::write::{ItemInput, ItemsInput, write_items};
    use kenal_core::{CategoryIdx, Items, Model};

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

    const PACKINGS: [Packing; 3] = [Packing::Int8, Packing::Tiers, Packing::Int4];

    #[test]
    fn fewer_bytes_lose_more_where_no_item_is_more_popular() {
        let model = model();
        let [int8, tiers, int4] = PACKINGS.map(|packing| Packed::new(&model, packing).overlap(&model, Threads::ONE));
        println!("{int8} {tiers} {int4}");
        assert!(int8 > 0.98 && tiers > int4 && int8 > tiers && int4 > 0.6, "{int8} {tiers} {int4}");
        let again = Packed::new(&model, Packing::Tiers);
        assert_eq!(again.overlap(&model, Threads::new(3).expect("positive")), tiers);
    }

    #[test]
    fn scores_are_those_of_the_factors_that_the_codes_stand_for() {
        let model = model();
        for packing in PACKINGS {
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
    fn bytes_are_counted() {
        assert_eq!(PACKINGS.map(|packing| packing.item_bytes(64)), [68, 52, 36]);
        let bytes = PACKINGS.map(|packing| Packed::new(&model(), packing).bytes());
        // 36 of 240 have a byte and a half a number, 48 a byte, the others half of one.
        assert_eq!(bytes, [240 * 28, 36 * 40 + 48 * 28 + 156 * 16, 240 * 16]);
    }

    #[test]
    fn a_bundles_writer_finds_the_codes_again() {
        let model = model();
        let boosts: Vec<f32> = (0..240).map(|item| [1.0, 0.5, 0.8][item % 3]).collect();
        let factors = bundled(&model, &boosts);
        let input = |(item, factor): (usize, &[f32])| ItemInput {
            id: item.to_string(),
            factor: factor.to_vec(),
            markets: 1,
            category: CategoryIdx::new(0).expect("small"),
            price_band: 0,
            in_stock: true,
            boost: boosts[item],
        };
        let items: Vec<ItemInput> = factors.chunks_exact(K).enumerate().map(input).collect();
        let parameters = Model { alpha0: 0.1, reg: 0.01, view: 1.0, cart: 2.0, purchase: 5.0, half_life_s: 0.0 };
        let written = write_items(&ItemsInput {
            model: parameters,
            dims: K,
            markets: 1,
            categories: &["all".to_owned()],
            items: &items,
            tiers: Tiers::of(240),
            previous: None,
        });
        let written = written.expect("good items");
        let section = Items::parse(&written.bytes).expect("own output");
        let mut other = 0;
        for (item, at) in items.iter().zip(&written.index) {
            let mut y = [0.0; K];
            assert!(section.dequantise(*at, &mut y));
            let largest = y.iter().fold(0f32, |m, v| m.max(v.abs()));
            let same = y.iter().zip(&item.factor).all(|(a, b)| (a - b).abs() <= 1e-5 * largest);
            other += usize::from(!same);
        }
        // Rounding moves norms, so that an item at the edge of a tier may fall into the next.
        assert!(other <= 4, "{other} of 240 have other codes");
    }

    #[test]
    fn nothing_is_packed_as_nothing() {
        let model = model();
        let bare = model.with_items(vec![0.0; model.item_factors().len()]).expect("of the same shape");
        for packing in PACKINGS {
            let packed = Packed::new(&bare, packing);
            assert!(packed.factors().iter().all(|v| *v == 0.0), "{}", packing.name());
            let mut scores = vec![1.0; bare.n_items()];
            packed.scores(&model.user_factors()[..K], &mut scores);
            assert!(scores.iter().all(|s| *s == 0.0));
        }
        assert!(model.with_items(vec![0.0; 3]).is_err() && model.with_items(vec![f32::NAN; 240 * K]).is_err());
    }
}
