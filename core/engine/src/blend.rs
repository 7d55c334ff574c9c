//! Ranking by everything a bundle knows: what goes with the history, taste, what is in fashion, what is due again.
//!
//! ```text
//! goes(u, i)  = a · Σ_j s_j·w_ji / rms_u  +  b · x_u·y_i / rms_u         each divided by its root mean square over all items
//! score(u, i) = max(0, goes(u, i)) · boost_i  +  c · again(u, i)
//! ```
//!
//! j runs over the observations, s_j is how much each counts, w the sparse item–item weights of the blend section, and
//! boost_i the item's trend as the builder compiled it into the items section. `kenal-models` has the same formula with
//! the way its weights are learnt (its module `blend`). The first sum touches few items, so they are scored one by one
//! and first; the other items have only their taste, for which the scan of [`mod@crate::rank`] with its pruning is exact.
//!
//! All sums are of f32 in the order of the observations, so every host gets the same bits.

use core::fmt;

use crate::Scratch;
use crate::bundle::Bundle;
use crate::consent::FallbackReason;
use crate::fold_in::{Because, UserVector};
use crate::format::blend::Blend;
use crate::format::items::Items;
use crate::index::ItemIdx;
use crate::limits::TOUCHED_MAX;
use crate::rank::{fill, rank, scan, score_of};
use crate::rules::Rules;
use crate::score::{Score, Scored};
use crate::topk::TopK;
use crate::visit::{Observation, Relation, Visit};

/// Slots of the table: twice the items it may hold, so that a search ends soon.
const SLOTS: usize = 2 * TOUCHED_MAX;
/// Bits of a slot's number.
const SLOT_BITS: u32 = SLOTS.trailing_zeros();

/// How much more a pull weighs among what goes together than by taste: an item speaks for few others, and of a long
/// history so many that what was clicked last would bring one or two into a list of twelve, where it should bring four.
pub const PULL: f32 = 2.0;

const _: () = assert!(SLOTS.is_power_of_two() && SLOTS <= 1 << 16);

/// What the history speaks for, summed by item: a table of fixed size that only remembers what it was asked to.
pub struct Together {
    /// An item and what was added up for it, or nothing.
    slots: [(Option<ItemIdx>, f32); SLOTS],
    /// The slots in use, in the order in which they were taken.
    used: [u16; TOUCHED_MAX],
    len: usize,
    /// a / rms, b / rms of the last ranking.
    item_item: f32,
    als: f32,
    /// What an observation's pull adds to s_j.
    pull: f32,
}

impl fmt::Debug for Together {
    /// Counts only: what a person has bought does not belong in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Together").field("len", &self.len).finish_non_exhaustive()
    }
}

impl Default for Together {
    fn default() -> Self {
        Together::new()
    }
}

impl Together {
    /// An empty table.
    pub const fn new() -> Together {
        Together { slots: [(None, 0.0); SLOTS], used: [0; TOUCHED_MAX], len: 0, item_item: 0.0, als: 0.0, pull: 0.0 }
    }

    /// Forgets the visit. Cost: the slots in use.
    pub fn clear(&mut self) {
        for at in self.used.get(..self.len).unwrap_or_default() {
            if let Some(slot) = self.slots.get_mut(usize::from(*at)) {
                *slot = (None, 0.0);
            }
        }
        (self.len, self.item_item, self.als, self.pull) = (0, 0.0, 0.0, 0.0);
    }

    /// Adds `weight` to what speaks for `item`; nothing once there are [`TOUCHED_MAX`] others.
    fn add(&mut self, item: ItemIdx, weight: f32) {
        let Some(at) = self.find(item) else { return };
        let Some(slot) = self.slots.get_mut(at) else { return };
        if slot.0.is_none() {
            let Some(used) = self.used.get_mut(self.len) else { return };
            *used = at as u16;
            self.len += 1;
            slot.0 = Some(item);
        }
        slot.1 += weight;
    }

    /// The slot that has `item`, or the free one where it would be.
    fn find(&self, item: ItemIdx) -> Option<usize> {
        // Fibonacci hashing: the product's highest bits.
        let first = (item.get().wrapping_mul(0x9e37_79b9) >> (32 - SLOT_BITS)) as usize;
        (0..SLOTS)
            .map(|step| (first + step) % SLOTS)
            .find(|at| self.slots.get(*at).is_some_and(|slot| slot.0.is_none_or(|there| there == item)))
    }

    fn has(&self, item: ItemIdx) -> bool {
        self.find(item).and_then(|at| self.slots.get(at)).is_some_and(|slot| slot.0.is_some())
    }

    fn touched(&self) -> impl Iterator<Item = (ItemIdx, f32)> {
        let used = self.used.get(..self.len).unwrap_or_default();
        used.iter().filter_map(|at| self.slots.get(usize::from(*at)).and_then(|(item, sum)| Some(((*item)?, *sum))))
    }

    /// How much an observation counts for what goes with it.
    fn strength(&self, observation: &Observation) -> f32 {
        observation.together + observation.pull * self.pull
    }

    fn gather(&mut self, items: &Items<'_>, blend: &Blend<'_>, visit: &Visit, again: bool) {
        self.clear();
        // A pull is in units of the whole history, so that the last click counts however long the history is.
        let squares = visit.observations().iter().fold(0f32, |sum, o| sum + o.together * o.together);
        self.pull = PULL * libm::sqrtf(squares).max(1.0);
        for observation in visit.observations() {
            if again && observation.again > 0.0 {
                self.add(observation.item, 0.0);
            }
        }
        for observation in visit.observations() {
            let strength = self.strength(observation);
            if strength <= 0.0 {
                continue;
            }
            for (target, weight) in blend.goes_with(observation.item) {
                if let Some(item) = items.idx(target) {
                    self.add(item, strength * weight);
                }
            }
        }
        let squares = self.touched().fold(0f32, |sum, (_, s)| sum + s * s);
        let rms = libm::sqrtf(squares / items.len().max(1) as f32);
        self.item_item = ratio(blend.weights().item_item, rms);
    }
}

/// `weight / rms`, and 0 when nothing speaks for anything.
fn ratio(weight: f32, rms: f32) -> f32 {
    let ratio = weight / rms;
    if rms > 0.0 && ratio.is_finite() { ratio } else { 0.0 }
}

/// What a person may be shown who has been loaded into `scratch.visit`: the `k` items with the highest scores among
/// those that `rules` allow, at a tie the lower index. `rules.visit` is filled in here.
///
/// With a blend section the score is that of this module, what is due `again` counts if asked, and the list is filled
/// with what is trending, with a score of 0; without one it is the taste alone ([`rank`]). Exactly `k` while enough items
/// are allowed. No allocation.
///
/// # Errors
/// As [`crate::FoldIn::solve`]: nothing is known, or it cannot be solved.
pub fn personalise<'s>(
    bundle: &Bundle<'_>,
    rules: &Rules<'_>,
    again: bool,
    k: usize,
    scratch: &'s mut Scratch,
) -> Result<&'s [Scored], FallbackReason> {
    let Scratch { visit, fold_in, together, top } = scratch;
    let items = &bundle.items;
    let user = fold_in.solve(items, visit)?;
    let rules = Rules { visit: Some(visit), ..*rules };
    let Some(blend) = &bundle.blend else { return Ok(rank(items, &user, &rules, k, top)) };
    together.gather(items, blend, visit, again);
    together.als = ratio(blend.weights().als, fold_in.rms(items));
    top.start(k);
    let taste = user.weighted(together.als);
    score_touched(items, blend, taste.as_ref(), visit, again, &rules, together, top);
    if let Some(taste) = &taste {
        scan(items, taste, 0.0, &|item| !together.has(item) && rules.allow(items, item), top);
    }
    fill(&bundle.trending, items, &rules, false, top);
    Ok(top.list())
}

#[expect(clippy::too_many_arguments, reason = "one inner loop over what the request brings together")]
fn score_touched(
    items: &Items<'_>,
    blend: &Blend<'_>,
    taste: Option<&UserVector>,
    visit: &Visit,
    again: bool,
    rules: &Rules<'_>,
    together: &Together,
    top: &mut TopK,
) {
    for (item, sum) in together.touched() {
        let taste = taste.and_then(|taste| score_of(items, taste, item)).unwrap_or(0.0);
        let goes = (sum * together.item_item * items.boost(item) + taste).max(0.0);
        let due = if again { visit.observation(item).map_or(0.0, |o| o.again * blend.weights().again) } else { 0.0 };
        if let Some(score) = Score::new(goes + due)
            && score > Score::ZERO
            && rules.allow(items, item)
        {
            top.insert(Scored { item, score });
        }
    }
}

/// Which observation spoke most for `item` in the last [`personalise`]: by what goes with it and by taste, or for itself
/// if it is due again and that weighs more than all the others. `None` when nothing spoke for it. Ask only
/// about items that scored above 0: the others are trending. Cost: O(dims² + n_u · (dims + log of a list)).
pub fn because(bundle: &Bundle<'_>, again: bool, item: ItemIdx, scratch: &mut Scratch) -> Option<Because> {
    let Scratch { visit, fold_in, together, .. } = scratch;
    let items = &bundle.items;
    let Some(blend) = &bundle.blend else { return fold_in.because(items, visit, item) };
    let most = fold_in.because_with(items, visit, item, together.als, |_, observation| {
        together.strength(observation) * blend.weight(observation.item, item) * together.item_item
    });
    let due = visit.observation(item).filter(|o| again && o.again > 0.0).map(|o| Because {
        item,
        relation: Relation::Bought,
        contribution: o.again * blend.weights().again,
    });
    match (most, due) {
        (Some(most), Some(due)) if due.contribution > most.contribution * items.boost(item) => Some(due),
        (None, due) => due,
        (most, _) => most,
    }
}
