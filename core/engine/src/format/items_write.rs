//! Writes the items section that `items.rs` reads: quantises, orders, and multiplies out the gram.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::Kind;
use super::container_write::{container_of, float_part, text_table};
use super::items::{IN_STOCK, Items, Model, VERSION_WHOLE, bounds};
use super::write::{WriteError, check};
use crate::index::{CategoryIdx, ItemIdx};
use crate::limits::BOOST_MIN;
use crate::limits::{CATEGORIES_MAX, CONFIDENCE_MAX, DIMS_MAX, ITEMS_MAX, LANES, MARKETS_MAX, SCALE_MAX, SCALE_MIN};

/// What an items section is made of.
#[derive(Debug, Clone, Copy)]
pub struct ItemsInput<'a> {
    /// Parameters of the model.
    pub model: Model,
    /// Dimensions of the factors.
    pub dims: usize,
    /// Number of markets.
    pub markets: usize,
    /// Category names; an item names its category by position.
    pub categories: &'a [String],
    /// The items, in any order: the order in the section does not depend on it.
    pub items: &'a [ItemInput],
    /// How many of the items, the first in their order, take a byte a number; the others take half a byte. The first are in
    /// most lists, so they are the ones that must be exact.
    pub whole: usize,
    /// The section before this one: items keep their order as far as ranking is not slower for it, so that what did not
    /// change is the same bytes at the same place.
    pub previous: Option<&'a Items<'a>>,
}

/// One item.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemInput {
    /// Id outside the bundle.
    pub id: String,
    /// Factor y, `dims` numbers.
    pub factor: Vec<f32>,
    /// One bit per market in which it is sold.
    pub markets: u16,
    /// Its category.
    pub category: CategoryIdx,
    /// Price band, 0 the cheapest.
    pub price_band: u8,
    /// Whether it can be delivered now.
    pub in_stock: bool,
    /// What its score is multiplied with, between [`BOOST_MIN`] and 1; 1 for no boost.
    pub boost: f32,
}

/// A written items section.
#[derive(Debug, Clone)]
pub struct ItemsSection {
    /// The section.
    pub bytes: Vec<u8>,
    /// For each input item, in input order, where it stands in the section.
    pub index: Vec<ItemIdx>,
}

#[derive(Clone)]
struct Quantised {
    input: usize,
    q: Vec<i8>,
    scale: f32,
    /// scale · boost.
    rank_scale: f32,
    norm: f32,
}

/// Writes an items section. Deterministic: the same set of items gives the same bytes in any input order.
///
/// # Errors
/// When a number is outside the limits of `FORMAT.md` or an id occurs twice. Cost: O(n·dims²).
pub fn write_items(input: &ItemsInput<'_>) -> Result<ItemsSection, WriteError> {
    refuse_bad(input)?;
    let mut items = Vec::with_capacity(input.items.len());
    for (i, item) in input.items.iter().enumerate() {
        items.push(quantise(i, item, BYTE).ok_or(WriteError::Value { section: Kind::Items, entry: i })?);
    }
    let id = |q: &Quantised| input.items.get(q.input).map(|i| i.id.as_str()).unwrap_or_default();
    items.sort_by(|a, b| b.norm.total_cmp(&a.norm).then_with(|| id(a).cmp(id(b))));
    if let Some(previous) = input.previous {
        items = keep_order(items, |q| previous.find(id(q)).map(ItemIdx::get));
    }
    let halved = halve(&mut items, input);

    let mut index = vec![None; items.len()];
    let mut attributes = Vec::with_capacity(items.len() * 8);
    for (at, q) in items.iter().enumerate() {
        if let (Some(slot), Some(item)) = (index.get_mut(q.input), input.items.get(q.input)) {
            *slot = ItemIdx::new(at).ok();
            attributes.extend_from_slice(&item.markets.to_le_bytes());
            attributes.extend_from_slice(&item.category.get().to_le_bytes());
            let flags = if item.in_stock { IN_STOCK } else { 0 };
            attributes.extend_from_slice(&[item.price_band, flags, 0, 0]);
        }
    }
    let mut by_id: Vec<u32> = (0..items.len() as u32).collect();
    by_id.sort_by_key(|at| items.get(*at as usize).map(id));

    let stride = input.dims.next_multiple_of(LANES);
    let (whole, halves) = items.split_at(items.len() - halved);
    let mut factors = Vec::with_capacity(items.len() * stride);
    for q in whole {
        factors.extend(q.q.iter().map(|b| *b as u8));
        factors.resize(factors.len().next_multiple_of(LANES), 0);
    }
    for q in halves {
        let code = |d: usize| q.q.get(d).map_or(0, |q| *q as u8);
        factors.extend((0..stride / 2).map(|d| code(d) & 0xf | code(stride / 2 + d) << 4));
    }
    let (category_ends, category_names) = text_table(input.categories.iter().map(String::as_str));
    let (id_ends, ids) = text_table(items.iter().map(id));
    let version = if halved == 0 { VERSION_WHOLE } else { Kind::Items.version() };
    let bytes = container_of(
        Kind::Items,
        version,
        &[
            &parameters(input, stride, halved),
            &factors,
            &float_part(items.iter().map(|q| q.scale)),
            &float_part(items.iter().map(|q| q.norm)),
            &float_part(gram(&items, input.dims, input.model.alpha0).into_iter()),
            &attributes,
            &category_ends,
            &category_names,
            &id_ends,
            &ids,
            &by_id.iter().flat_map(|i| i.to_le_bytes()).collect::<Vec<u8>>(),
            &float_part(items.iter().map(|q| q.rank_scale)),
        ],
    )?;
    check(Items::parse(&bytes))?;
    Ok(ItemsSection { bytes, index: index.into_iter().flatten().collect() })
}

/// Bounds may exceed norms by this much over all items, for the sake of an order that stays.
const SLACK_MAX: f64 = 1.02;

/// The items in the order of the section before; new ones at the place of their norm. A bound is raised to those after it,
/// so bounds descend and stay true. When they would be raised too much to prune by, the order by norm begins anew.
fn keep_order(sorted: Vec<Quantised>, place: impl Fn(&Quantised) -> Option<u32>) -> Vec<Quantised> {
    let total: f64 = sorted.iter().map(|q| f64::from(q.norm)).sum();
    let mut new = Vec::new();
    let mut kept: Vec<(u32, &Quantised)> = Vec::with_capacity(sorted.len());
    for q in &sorted {
        match place(q) {
            Some(at) => kept.push((at, q)),
            None => new.push(q),
        }
    }
    kept.sort_unstable_by_key(|(at, _)| *at);
    let mut new = new.into_iter().peekable();
    let mut order: Vec<&Quantised> = Vec::with_capacity(sorted.len());
    for (_, q) in kept {
        while let Some(first) = new.next_if(|n| n.norm > q.norm) {
            order.push(first);
        }
        order.push(q);
    }
    order.extend(new);
    let mut bound = 0f32;
    let mut out: Vec<Quantised> = order.into_iter().cloned().collect();
    let mut raised = 0f64;
    for q in out.iter_mut().rev() {
        bound = bound.max(q.norm);
        q.norm = bound;
        raised += f64::from(bound);
    }
    if raised <= total * SLACK_MAX { out } else { sorted }
}

fn parameters(input: &ItemsInput<'_>, stride: usize, halved: usize) -> Vec<u8> {
    let m = &input.model;
    let mut out = Vec::from((input.items.len() as u32).to_le_bytes());
    for x in [input.dims, stride, input.categories.len(), input.markets] {
        out.extend_from_slice(&(x as u16).to_le_bytes());
    }
    out.extend(float_part([m.alpha0, m.reg, m.view, m.cart, m.purchase, m.half_life_s].into_iter()));
    out.extend_from_slice(&(halved as u32).to_le_bytes());
    out.resize(super::items::PARAMETER_BYTES, 0);
    out
}

/// What the narrowing casts of [`parameters`] rely on, and what deserves a better message than the reader's.
fn refuse_bad(input: &ItemsInput<'_>) -> Result<(), WriteError> {
    let limit = |what, found: usize, max: usize| {
        if found > max { Err(WriteError::Limit { section: Kind::Items, what, found, max }) } else { Ok(()) }
    };
    limit("items", input.items.len(), ITEMS_MAX)?;
    limit("dims", input.dims, DIMS_MAX)?;
    limit("categories", input.categories.len(), CATEGORIES_MAX)?;
    limit("markets", input.markets, MARKETS_MAX)?;
    let m = &input.model;
    let finite = [m.alpha0, m.reg, m.half_life_s].iter().all(|x| x.is_finite() && *x >= 0.0) && m.reg > 0.0;
    let sane = [m.view, m.cart, m.purchase].iter().all(|c| (0.0..=CONFIDENCE_MAX).contains(c));
    if !finite || !sane {
        return Err(WriteError::Model);
    }
    for (i, item) in input.items.iter().enumerate() {
        let factor_fits = item.factor.len() == input.dims;
        let boost_fits = (BOOST_MIN..=1.0).contains(&item.boost);
        if !factor_fits || !boost_fits || usize::from(item.category.get()) >= input.categories.len() {
            return Err(WriteError::Value { section: Kind::Items, entry: i });
        }
    }
    let mut ids: Vec<(&str, usize)> = input.items.iter().enumerate().map(|(i, item)| (item.id.as_str(), i)).collect();
    ids.sort_unstable();
    for pair in ids.windows(2) {
        if let [(a, _), (b, second)] = pair
            && a == b
        {
            return Err(WriteError::Duplicate { section: Kind::Items, entry: *second });
        }
    }
    Ok(())
}

/// Writes the items after the first ones in half bytes, and returns how many. Their norms change a little, so bounds are
/// raised to those after them, as far as that is needed.
fn halve(items: &mut [Quantised], input: &ItemsInput<'_>) -> usize {
    let Some((_, rest)) = items.split_at_mut_checked(input.whole) else { return 0 };
    for q in &mut *rest {
        // A byte held it, so half a byte does.
        if let Some(half) = input.items.get(q.input).and_then(|item| quantise(q.input, item, HALF)) {
            *q = half;
        }
    }
    let halved = rest.len();
    let mut bound = 0f32;
    for q in items.iter_mut().rev().filter(|_| halved > 0) {
        bound = bound.max(q.norm);
        q.norm = bound;
    }
    halved
}

/// Greatest codes of a byte and of half a byte.
const BYTE: f32 = 127.0;
const HALF: f32 = 7.0;
/// Scales tried for half bytes, as shares of the one that cuts no number: cutting the largest leaves the others finer.
const SHARES: [f32; 8] = [1.0, 0.94, 0.88, 0.82, 0.76, 0.7, 0.64, 0.58];

/// Nearest codes: signed bytes with scale max|y|/127, or half bytes with the scale of least error. `None` when a number is
/// not finite or too large to scale.
fn quantise(input: usize, item: &ItemInput, greatest: f32) -> Option<Quantised> {
    let (factor, boost) = (&item.factor, item.boost);
    if factor.iter().any(|y| !y.is_finite()) {
        return None;
    }
    let largest = factor.iter().fold(0f32, |m, y| m.max(y.abs()));
    let uncut = largest / greatest;
    if uncut > SCALE_MAX {
        return None;
    }
    let code = |y: f32, scale: f32| libm::roundf(y / scale).clamp(-greatest, greatest);
    let error =
        |scale: f32| -> f32 { factor.iter().map(|y| y - code(*y, scale) * scale).fold(0.0, |sum, e| sum + e * e) };
    let shares = if greatest == HALF { &SHARES[..] } else { &[1.0] };
    let scales = shares.iter().map(|share| uncut * share);
    let scale = scales.min_by(|a, b| error(*a).total_cmp(&error(*b))).unwrap_or(uncut);
    // A factor below the least scale cannot matter in any sum; it is written as zero.
    let (scale, q): (f32, Vec<i8>) = if scale < SCALE_MIN {
        (1.0, vec![0; factor.len()])
    } else {
        // The code is at most the greatest, so the cast does not clip.
        (scale, factor.iter().map(|y| code(*y, scale) as i8).collect())
    };
    let squares: i32 = q.iter().map(|b| i32::from(*b) * i32::from(*b)).sum();
    let rank_scale = (scale * boost).max(scale * BOOST_MIN);
    let mut norm = (libm::sqrt(f64::from(squares)) * f64::from(rank_scale)) as f32;
    while !bounds(norm, squares, rank_scale) {
        norm = norm.next_up();
    }
    Some(Quantised { input, q, scale, rank_scale, norm })
}

/// The lower triangle of α₀·YᵀY of the dequantised factors, summed in f64 over the items in their final order.
fn gram(items: &[Quantised], dims: usize, alpha0: f32) -> Vec<f32> {
    let mut sums = vec![0f64; dims * (dims + 1) / 2];
    let mut y = vec![0f64; dims];
    for item in items {
        for (y, q) in y.iter_mut().zip(&item.q) {
            *y = f64::from(*q) * f64::from(item.scale);
        }
        let mut rest = sums.as_mut_slice();
        for (r, y_r) in y.iter().enumerate() {
            let Some((row, after)) = rest.split_at_mut_checked(r + 1) else { break };
            for (sum, y_c) in row.iter_mut().zip(&y) {
                *sum += y_r * y_c;
            }
            rest = after;
        }
    }
    sums.into_iter().map(|s| (s * f64::from(alpha0)) as f32).collect()
}
