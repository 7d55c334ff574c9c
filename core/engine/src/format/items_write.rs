//! Writes the items section that `items.rs` reads: quantises, orders, and multiplies out the gram.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::Kind;
use super::container_write::{container_of, float_part, text_table};
use super::items::{FINER, GROUP, IN_STOCK, Items, Model, bounds};
use super::tiers::{Grid, Tiers};
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
    /// How finely factors are written, by their place in the order.
    pub tiers: Tiers,
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

/// An item at its place.
#[derive(Clone, Copy)]
struct Placed<'a> {
    input: usize,
    item: &'a ItemInput,
    /// What its norm times its boost does not exceed, but for rounding.
    bound: f64,
}

struct Quantised<'a> {
    input: usize,
    item: &'a ItemInput,
    /// In sixteenths of a byte's code.
    q: Vec<i16>,
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
    let mut placed: Vec<Placed<'_>> = (0..).zip(input.items).map(|(i, item)| placed(i, item)).collect();
    placed.sort_by(|a, b| b.bound.total_cmp(&a.bound).then_with(|| a.item.id.cmp(&b.item.id)));
    if let Some(previous) = input.previous {
        placed = keep_order(placed, |p| previous.find(&p.item.id).map(ItemIdx::get));
    }
    let mut items = Vec::with_capacity(placed.len());
    for (at, p) in placed.iter().enumerate() {
        let quantised = quantise(p.input, p.item, input.tiers.grid(at));
        items.push(quantised.ok_or(WriteError::Value { section: Kind::Items, entry: p.input })?);
    }
    // Rounding changes norms a little, and items may have kept their places: a bound is raised to those after it.
    let mut bound = 0f32;
    for q in items.iter_mut().rev() {
        bound = bound.max(q.norm);
        q.norm = bound;
    }

    let mut index = vec![None; items.len()];
    let mut attributes = Vec::with_capacity(items.len() * 8);
    for (at, Quantised { input, item, .. }) in items.iter().enumerate() {
        if let Some(slot) = index.get_mut(*input) {
            *slot = ItemIdx::new(at).ok();
        }
        attributes.extend_from_slice(&item.markets.to_le_bytes());
        attributes.extend_from_slice(&item.category.get().to_le_bytes());
        let flags = if item.in_stock { IN_STOCK } else { 0 };
        attributes.extend_from_slice(&[item.price_band, flags, 0, 0]);
    }
    let mut by_id: Vec<u32> = (0..items.len() as u32).collect();
    by_id.sort_by_key(|at| items.get(*at as usize).map(|q| q.item.id.as_str()));

    let stride = input.dims.next_multiple_of(LANES);
    let (category_ends, category_names) = text_table(input.categories.iter().map(String::as_str));
    let (id_ends, ids) = text_table(items.iter().map(|q| q.item.id.as_str()));
    let bytes = container_of(
        Kind::Items,
        Kind::Items.version(),
        &[
            &parameters(input, stride),
            &factors(&items, stride, input.tiers),
            &float_part(items.iter().map(|q| q.scale)),
            &float_part(items.iter().step_by(GROUP).map(|q| q.norm)),
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

fn placed(input: usize, item: &ItemInput) -> Placed<'_> {
    let squares: f64 = item.factor.iter().map(|y| f64::from(*y) * f64::from(*y)).sum();
    Placed { input, item, bound: libm::sqrt(squares) * f64::from(item.boost) }
}

/// Bytes of the first items, half bytes of the others, half bytes that refine the very first.
fn factors(items: &[Quantised<'_>], stride: usize, tiers: Tiers) -> Vec<u8> {
    let (whole, halves) = items.split_at(tiers.whole.min(items.len()));
    // A half byte goes from -8 to 7, so the byte is the nearest.
    let byte = |code: i16| (code + 8) >> 4;
    let mut out = Vec::with_capacity(items.len() * stride);
    for q in whole {
        out.extend(q.q.iter().map(|code| byte(*code) as u8));
        out.resize(out.len().next_multiple_of(LANES), 0);
    }
    let mut pairs = |q: &Quantised<'_>, half: &dyn Fn(i16) -> i16| {
        let code = |d: usize| q.q.get(d).map_or(0, |code| half(*code) as u8 & 0xf);
        out.extend((0..stride / 2).map(|d| code(d) | code(stride / 2 + d) << 4));
    };
    halves.iter().for_each(|q| pairs(q, &byte));
    items.iter().take(tiers.fine).for_each(|q| pairs(q, &|code| code - 16 * byte(code)));
    out
}

/// Bounds may exceed norms by this much over all items, for the sake of an order that stays.
const SLACK_MAX: f64 = 1.02;

/// The items in the order of the section before; new ones at the place of their norm. When bounds would have to be raised
/// too much to prune by, the order by norm begins anew.
fn keep_order<'a>(sorted: Vec<Placed<'a>>, place: impl Fn(&Placed<'a>) -> Option<u32>) -> Vec<Placed<'a>> {
    let total: f64 = sorted.iter().map(|p| p.bound).sum();
    let mut new = Vec::new();
    let mut kept: Vec<(u32, Placed<'a>)> = Vec::with_capacity(sorted.len());
    for p in &sorted {
        match place(p) {
            Some(at) => kept.push((at, *p)),
            None => new.push(*p),
        }
    }
    kept.sort_unstable_by_key(|(at, _)| *at);
    let mut new = new.into_iter().peekable();
    let mut order: Vec<Placed<'a>> = Vec::with_capacity(sorted.len());
    for (_, p) in kept {
        while let Some(first) = new.next_if(|n| n.bound > p.bound) {
            order.push(first);
        }
        order.push(p);
    }
    order.extend(new);
    let (mut bound, mut raised) = (0f64, 0f64);
    for p in order.iter().rev() {
        bound = bound.max(p.bound);
        raised += bound;
    }
    if raised <= total * SLACK_MAX { order } else { sorted }
}

fn parameters(input: &ItemsInput<'_>, stride: usize) -> Vec<u8> {
    let m = &input.model;
    let n = input.items.len();
    let mut out = Vec::from((n as u32).to_le_bytes());
    for x in [input.dims, stride, input.categories.len(), input.markets] {
        out.extend_from_slice(&(x as u16).to_le_bytes());
    }
    out.extend(float_part([m.alpha0, m.reg, m.view, m.cart, m.purchase, m.half_life_s].into_iter()));
    for x in [n - input.tiers.whole.min(n), input.tiers.fine.min(n)] {
        out.extend_from_slice(&(x as u32).to_le_bytes());
    }
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

/// Scales tried for half bytes, as shares of the one that cuts no number: cutting the largest leaves the others finer.
const SHARES: [f32; 8] = [1.0, 0.94, 0.88, 0.82, 0.76, 0.7, 0.64, 0.58];

/// Nearest codes, with the scale at which the largest number has the greatest code, or for half bytes the one of least
/// error. `None` when a number is not finite or too large to scale.
fn quantise(input: usize, item: &ItemInput, grid: Grid) -> Option<Quantised<'_>> {
    let (factor, boost, Grid { greatest, sixteenths }) = (&item.factor, item.boost, grid);
    if factor.iter().any(|y| !y.is_finite()) {
        return None;
    }
    let largest = factor.iter().fold(0f32, |m, y| m.max(y.abs()));
    // What a code is worth, and the scale: what a byte's is.
    let uncut = largest / greatest;
    let to_scale = FINER / f32::from(sixteenths);
    if uncut * to_scale > SCALE_MAX {
        return None;
    }
    let code = |y: f32, worth: f32| libm::roundf(y / worth).clamp(-greatest, greatest);
    let error =
        |worth: f32| -> f32 { factor.iter().map(|y| y - code(*y, worth) * worth).fold(0.0, |sum, e| sum + e * e) };
    let shares = if greatest < 16.0 { &SHARES[..] } else { &[1.0] };
    let tried = shares.iter().map(|share| uncut * share);
    let worth = tried.min_by(|a, b| error(*a).total_cmp(&error(*b))).unwrap_or(uncut);
    // A factor below the least scale cannot matter in any sum; it is written as zero.
    let (scale, q): (f32, Vec<i16>) = if worth * to_scale < SCALE_MIN {
        (1.0, vec![0; factor.len()])
    } else {
        // The code is at most the greatest, so the cast does not clip.
        (worth * to_scale, factor.iter().map(|y| code(*y, worth) as i16 * sixteenths).collect())
    };
    let squares: i32 = q.iter().map(|code| i32::from(*code) * i32::from(*code)).sum();
    let rank_scale = (scale * boost).max(scale * BOOST_MIN);
    let mut norm = (libm::sqrt(f64::from(squares)) * f64::from(rank_scale / FINER)) as f32;
    while !bounds(norm, squares, rank_scale) {
        norm = norm.next_up();
    }
    Some(Quantised { input, item, q, scale, rank_scale, norm })
}

/// The lower triangle of α₀·YᵀY of the dequantised factors, summed in f64 over the items in their final order.
fn gram(items: &[Quantised<'_>], dims: usize, alpha0: f32) -> Vec<f32> {
    let mut sums = vec![0f64; dims * (dims + 1) / 2];
    let mut y = vec![0f64; dims];
    for item in items {
        for (y, q) in y.iter_mut().zip(&item.q) {
            *y = f64::from(*q) * f64::from(item.scale / FINER);
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
