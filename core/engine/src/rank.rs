//! Exact top-k over all items, with pruning; and what is trending, under the same rules.

use crate::fold_in::UserVector;
use crate::format::items::{CODES, FINER, GROUP, Items};
use crate::format::trending::Trending;
use crate::index::ItemIdx;
use crate::limits::{BLOCKS_MAX, LANES};
use crate::rules::Rules;
use crate::score::{Score, Scored};
use crate::simd;
use crate::topk::TopK;

/// Grows a bound beyond all rounding: the norms, their product and the score are each off by at most a few 2^-24,
/// together less than 2^-20.
const MARGIN: f32 = 1.0 + 1.0 / (1 << 18) as f32;

/// The `k` items with the highest scores among those that `rules` allow; among equal scores the lower index. Exactly
/// `k` while enough items are allowed (and `k` ≤ [`crate::limits::K_MAX`]).
///
/// The score is `dot(q_u, q_i) · rank scale_i · scale_u`, the same bits on every host. Items are in descending order of
/// norm, so by Cauchy and Schwarz no item after one with `‖x‖ · norm ≤ least score` can enter, and the scan stops
/// there. Cost: O(n·dims) at worst, no allocation.
pub fn rank<'t>(items: &Items<'_>, user: &UserVector, rules: &Rules<'_>, k: usize, top: &'t mut TopK) -> &'t [Scored] {
    top.start(k);
    if k > 0 {
        scan(items, user, f32::NEG_INFINITY, &|item| rules.allow(items, item), top);
    }
    top.list()
}

/// Puts into the list what scores above `least` and is allowed.
///
/// `allow` is called through a pointer: only items that would enter are asked about, and this loop is in the module once.
pub(crate) fn scan(items: &Items<'_>, user: &UserVector, least: f32, allow: &dyn Fn(ItemIdx) -> bool, top: &mut TopK) {
    let scanned = scan_until(items, user, least, allow, top);
    top.set_scanned(scanned);
}

fn scan_until(
    items: &Items<'_>,
    user: &UserVector,
    least: f32,
    allow: &dyn Fn(ItemIdx) -> bool,
    top: &mut TopK,
) -> usize {
    let query = user.query(items.blocks);
    let mut room = [[0; LANES]; BLOCKS_MAX * GROUP];
    // What a score must exceed to enter; at a tie the item that is there, with the lower index, stays.
    let mut floor = top.least().map_or(least, |floor| floor.max(least));
    for at in (0..items.len()).step_by(GROUP) {
        if bound(user, items.norm(at)) <= floor {
            return at;
        }
        let dots = simd::dot4(items.group(at, &mut room), query);
        let scales = items.rank_scales.get(at..).unwrap_or_default();
        for (item, (dot, scale)) in (at..).zip(dots.into_iter().zip(scales)) {
            // What refines a code adds less than the reach. Rounding keeps the order, so nothing that enters is missed.
            let reach = if item < items.fine { user.reach } else { 0 };
            if score((dot + reach) as f32, *scale, user.scale) > floor {
                floor = offer(items, user, allow, floor, top, item).max(least);
            }
        }
    }
    items.len()
}

/// No score of these items, nor of any after them, is higher.
fn bound(user: &UserVector, norm: Option<f32>) -> f32 {
    norm.map_or(f32::INFINITY, |norm| user.norm * norm * MARGIN)
}

/// The score of one item.
pub(crate) fn score_of(items: &Items<'_>, user: &UserVector, item: ItemIdx) -> Option<f32> {
    let mut room = CODES;
    let codes = items.codes(item, &mut room)?;
    let mut sum = 0i64;
    for (codes, query) in codes.iter().zip(user.query(items.blocks)) {
        // Sixteen products below 2^25.1.
        sum += i64::from(codes.iter().zip(query).map(|(c, q)| i32::from(*c) * i32::from(*q)).sum::<i32>());
    }
    Some(score(sum as f32 / FINER, *items.rank_scales.get(item.at())?, user.scale))
}

/// The dot product is a whole number of sixteenths below 2^34, which its conversion and the products round in this order.
fn score(dot: f32, scale: [u8; 4], user_scale: f32) -> f32 {
    dot * f32::from_le_bytes(scale) * user_scale
}

/// Puts an item into the list if it scores above the floor and the rules allow it, and returns the new floor. Rules are
/// asked only about items that would enter: that is rare, and asking costs more than scoring.
fn offer(
    items: &Items<'_>,
    user: &UserVector,
    allow: &dyn Fn(ItemIdx) -> bool,
    floor: f32,
    top: &mut TopK,
    at: usize,
) -> f32 {
    if let Ok(item) = ItemIdx::new(at)
        && let Some(score) = score_of(items, user, item).filter(|score| *score > floor).and_then(Score::new)
        && allow(item)
    {
        top.insert(Scored { item, score });
    }
    top.least().unwrap_or(f32::NEG_INFINITY)
}

/// What everybody else sees: the list of the market and category, then that of the market, then the items in order.
///
/// Under the same rules as [`rank`], and exactly `k` too while enough items are allowed. Items from the lists keep
/// their lists' order and scores; items beyond the lists have score 0.
pub fn trending<'t>(
    trending: &Trending<'_>,
    items: &Items<'_>,
    rules: &Rules<'_>,
    k: usize,
    top: &'t mut TopK,
) -> &'t [Scored] {
    top.start(k);
    fill(trending, items, rules, true, top);
    top.list()
}

/// Puts what is trending behind what is in the list already, until it is full: with its heat as the score, or
/// with 0.
pub(crate) fn fill(trending: &Trending<'_>, items: &Items<'_>, rules: &Rules<'_>, with_heat: bool, top: &mut TopK) {
    if let Some(market) = rules.market {
        let own = rules.category.map(|category| trending.list(market, Some(category)));
        for scored in own.into_iter().flatten().chain(trending.list(market, None)) {
            if top.is_full() {
                break;
            }
            if rules.allow(items, scored.item) {
                top.append(if with_heat { scored } else { Scored { score: Score::ZERO, ..scored } });
            }
        }
    }
    for item in items.iter() {
        if top.is_full() {
            break;
        }
        if rules.allow(items, item) {
            top.append(Scored { item, score: Score::ZERO });
        }
    }
}
