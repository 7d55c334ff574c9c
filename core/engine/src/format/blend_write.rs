//! Writes the blend section that `blend.rs` reads.

use alloc::vec::Vec;

use super::Kind;
use super::blend::{Blend, SHORT_MAX, Weights};
use super::container_write::{container, float_part};
use super::write::{WriteError, check};
use crate::index::ItemIdx;
use crate::limits::{GOES_WITH_MAX, ITEMS_MAX, SCALE_MAX, SCALE_MIN, WEIGHT_MAX};

/// What a blend section is made of.
#[derive(Debug, Clone, Copy)]
pub struct BlendInput<'a> {
    /// How much each part counts.
    pub weights: Weights,
    /// Of each item, in the order of the bundle, the items it speaks for and how much; in any order, each once.
    pub goes_with: &'a [Vec<(ItemIdx, f32)>],
}

/// Writes a blend section. Of a list that is too long the greatest weights are kept, at a tie those of the lower items.
///
/// # Errors
/// When a number is not finite or too large, or an item is not the bundle's or twice in a list.
pub fn write_blend(input: &BlendInput<'_>) -> Result<Vec<u8>, WriteError> {
    let section = Kind::Blend;
    let n = input.goes_with.len();
    if n > ITEMS_MAX {
        return Err(WriteError::Limit { section, what: "items", found: n, max: ITEMS_MAX });
    }
    let w = &input.weights;
    if [w.item_item, w.als, w.again].iter().any(|w| !(0.0..=WEIGHT_MAX).contains(w)) {
        return Err(WriteError::Model);
    }
    let (mut ends, mut targets, mut weights, mut scales) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (entry, list) in input.goes_with.iter().enumerate() {
        let list = strongest(list);
        let largest = list.iter().fold(0f32, |m, (_, w)| m.max(w.abs()));
        let finite = list.iter().all(|(item, w)| w.is_finite() && (item.get() as usize) < n);
        if !finite || largest / 127.0 > SCALE_MAX {
            return Err(WriteError::Value { section, entry });
        }
        if list.windows(2).any(|pair| matches!(pair, [a, b] if a.0 == b.0)) {
            return Err(WriteError::Duplicate { section, entry });
        }
        // Weights below the least scale cannot matter in any sum.
        let (scale, tiny) = if largest / 127.0 < SCALE_MIN { (1.0, true) } else { (largest / 127.0, false) };
        for (item, weight) in list {
            // |weight / scale| is at most 127 and a rounding, so the cast does not clip.
            let q = if tiny { 0 } else { libm::roundf(weight / scale) as i8 };
            if q == 0 {
                continue;
            }
            weights.push(q as u8);
            if n <= SHORT_MAX {
                targets.extend_from_slice(&(item.get() as u16).to_le_bytes());
            } else {
                targets.extend_from_slice(&item.get().to_le_bytes());
            }
        }
        scales.push(scale);
        // Past u32 is past SECTION_BYTES_MAX as well, which `container` refuses.
        ends.extend_from_slice(&(weights.len() as u32).to_le_bytes());
    }
    let mut head = Vec::from((n as u32).to_le_bytes());
    head.extend(float_part([w.item_item, w.als, w.again].into_iter()));
    head.resize(32, 0);
    let bytes = container(section, &[&head, &ends, &targets, &weights, &float_part(scales.into_iter())])?;
    check(Blend::parse(&bytes))?;
    Ok(bytes)
}

/// At most [`GOES_WITH_MAX`] entries, ascending by item.
fn strongest(list: &[(ItemIdx, f32)]) -> Vec<(ItemIdx, f32)> {
    let mut list = Vec::from(list);
    if list.len() > GOES_WITH_MAX {
        list.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
        list.truncate(GOES_WITH_MAX);
    }
    list.sort_by_key(|(item, _)| *item);
    list
}
