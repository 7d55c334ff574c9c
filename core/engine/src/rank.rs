//! Exact top-k over all items, with pruning; and what is trending, under the same rules.

use crate::fold_in::UserVector;
use crate::format::items::{GROUP, Items, ROOM};
use crate::format::le;
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
        if bound(user, le::f32_at(items.norms, at)) <= floor {
            return at;
        }
        let dots = simd::dot4(items.group(at, &mut room), query);
        let scales = items.rank_scales.get(at..).unwrap_or_default();
        for (item, (dot, scale)) in (at..).zip(dots.into_iter().zip(scales)) {
            let score = score(dot, *scale, user.scale);
            if score > floor {
                floor = offer(allow, top, item, score).max(least);
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
    let scale = items.rank_scales.get(item.at())?;
    let mut room = ROOM;
    Some(score(simd::dot(items.factor(item, &mut room)?, user.query(items.blocks)), *scale, user.scale))
}

/// The dot product is a whole number below 2^30; its conversion and the products are rounded in this order.
fn score(dot: i32, scale: [u8; 4], user_scale: f32) -> f32 {
    dot as f32 * f32::from_le_bytes(scale) * user_scale
}

/// Puts an item into the list if the rules allow it, and returns the new floor. Rules are asked only about items that
/// would enter: that is rare, and asking costs more than scoring.
fn offer(allow: &dyn Fn(ItemIdx) -> bool, top: &mut TopK, at: usize, score: f32) -> f32 {
    if let (Ok(item), Some(score)) = (ItemIdx::new(at), Score::new(score))
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
