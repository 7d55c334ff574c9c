//! A list that is not all of one kind: maximal marginal relevance by category.
//!
//! Carbonell and Goldstein (1998), equation 1, with relevance as the share of the best score and two items alike when
//! they are of one category: the next item is the one with the highest `(1 − λ) · score / best − λ · seen`, where *seen* is
//! 1 when its category is in the list already. Which items are candidates is the ranking's: the more of them, the more
//! there is to choose from.

use crate::format::items::Items;
use crate::limits::CATEGORIES_MAX;
use crate::score::Scored;
use crate::topk::TopK;

/// How many candidates to rank for a list of `k`, so that other categories are among them.
pub const fn candidates(k: usize) -> usize {
    let wanted = k.saturating_mul(4);
    if wanted < crate::limits::K_MAX { wanted } else { crate::limits::K_MAX }
}

/// Puts into the first `k` places of the list what diversity `lambda` chooses from all of it, and drops the rest; scores
/// stay as they are. 0 changes nothing but the length, 1 looks at categories alone; other values are taken for 0. At a
/// tie the better item comes first. Cost: O(k · length), no allocation.
pub fn diversify<'t>(items: &Items<'_>, lambda: f32, k: usize, top: &'t mut TopK) -> &'t [Scored] {
    let lambda = if (0.0..=1.0).contains(&lambda) { lambda } else { 0.0 };
    let mut seen = [0u64; CATEGORIES_MAX.div_ceil(64)];
    let category = |scored: &Scored| usize::from(items.attributes(scored.item).map_or(0, |a| a.category.get()));
    let best = top.list().first().map_or(0.0, |s| s.score.get()).max(f32::MIN_POSITIVE);
    let list = top.list_mut();
    for place in 0..k.min(list.len()) {
        let Some(rest) = list.get_mut(place..) else { break };
        let value = |scored: &Scored| {
            let at = category(scored);
            let again = seen.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1);
            (1.0 - lambda) * (scored.score.get() / best) - if again { lambda } else { 0.0 }
        };
        let mut chosen = (0, f32::NEG_INFINITY);
        for (at, scored) in rest.iter().enumerate() {
            let value = value(scored);
            if value > chosen.1 {
                chosen = (at, value);
            }
        }
        if let Some(moved) = rest.get_mut(..=chosen.0) {
            moved.rotate_right(1);
        }
        if let Some(at) = rest.first().map(category)
            && let Some(word) = seen.get_mut(at / 64)
        {
            *word |= 1 << (at % 64);
        }
    }
    top.truncate(k);
    top.list()
}
