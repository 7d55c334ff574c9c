//! Exact top-k over all items, with pruning; and what is trending, under the same rules.

use crate::fold_in::UserVector;
use crate::format::items::{Items, ROOM, widen};
use crate::format::trending::Trending;
use crate::index::ItemIdx;
use crate::limits::{BLOCKS_MAX, LANES};
use crate::rules::Rules;
use crate::score::{Score, Scored};
use crate::simd;
use crate::topk::TopK;

/// Items whose dot products are computed together.
const GROUP: usize = 4;

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
    let whole = items.whole();
    let (scales, scales_rest) = items.rank_scales.get(..whole).unwrap_or_default().as_chunks::<GROUP>();
    let (norms, norms_rest) = items.norms.get(..whole).unwrap_or_default().as_chunks::<GROUP>();
    let groups = items.factors.chunks_exact(items.blocks * GROUP);
    let factors_rest = groups.remainder();
    // What a score must exceed to enter; at a tie the item that is there, with the lower index, stays.
    let mut floor = top.least().map_or(least, |floor| floor.max(least));
    let mut at = 0;
    for ((group, scales), norms) in groups.zip(scales).zip(norms) {
        if bound(user, norms) <= floor {
            return at;
        }
        let dots = simd::dot4(group, query);
        for (item, (dot, scale)) in (at..).zip(dots.into_iter().zip(scales)) {
            let score = score(dot, *scale, user.scale);
            if score > floor {
                floor = offer(allow, top, item, score).max(least);
            }
        }
        at += GROUP;
    }
    for ((factor, scale), norm) in factors_rest.chunks_exact(items.blocks).zip(scales_rest).zip(norms_rest) {
        if bound(user, core::slice::from_ref(norm)) <= floor {
            return at;
        }
        let score = score(simd::dot(factor, query), *scale, user.scale);
        if score > floor {
            floor = offer(allow, top, at, score).max(least);
        }
        at += 1;
    }
    scan_halves(items, user, (least, floor), allow, top)
}

/// The same for the items whose factors are half bytes, widened a group at a time.
fn scan_halves(
    items: &Items<'_>,
    user: &UserVector,
    (least, mut floor): (f32, f32),
    allow: &dyn Fn(ItemIdx) -> bool,
    top: &mut TopK,
) -> usize {
    let query = user.query(items.blocks);
    let mut at = items.whole();
    let mut room = [[0; LANES]; BLOCKS_MAX * GROUP];
    let size = items.blocks * LANES / 2;
    for group in items.halves.chunks(size * GROUP) {
        let norm = items.norms.get(at..at + 1).unwrap_or_default();
        if bound(user, norm) <= floor {
            return at;
        }
        // A last group that is not full is filled with zeros, which have no scale and are not looked at.
        let (widened, _) = room.split_at_mut(items.blocks * GROUP);
        for (row, half) in widened.chunks_exact_mut(items.blocks).zip(group.chunks_exact(size)) {
            widen(half, row.as_flattened_mut());
        }
        let dots = simd::dot4(widened, query);
        let scales = items.rank_scales.get(at..).unwrap_or_default();
        for (item, (dot, scale)) in (at..).zip(dots.into_iter().zip(scales)) {
            let score = score(dot, *scale, user.scale);
            if score > floor {
                floor = offer(allow, top, item, score).max(least);
            }
        }
        at += group.len() / size;
    }
    at
}

/// No score of these items, nor of any after them, is higher.
fn bound(user: &UserVector, norms: &[[u8; 4]]) -> f32 {
    norms.first().map_or(f32::INFINITY, |norm| user.norm * f32::from_le_bytes(*norm) * MARGIN)
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
