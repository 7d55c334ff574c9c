//! Writes the row that `row.rs` reads.

use alloc::vec::Vec;

use super::Kind;
use super::row::{NO_MARKET, UserRow, VERSION};
use super::write::{WriteError, check};
use crate::consent::ConsentBits;
use crate::index::{ItemIdx, MarketIdx};
use crate::limits::HISTORY_MAX;

/// What a row is made of.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UserRowInput {
    /// What the person has agreed to.
    pub consent: ConsentBits,
    /// 1 to 10, or `None`.
    pub churn_decile: Option<u8>,
    /// Where the person belongs.
    pub market: Option<MarketIdx>,
    /// Recent items; each once, at most `HISTORY_MAX`.
    pub history: Vec<HistoryInput>,
    /// Everything the person has bought; repetition does not matter.
    pub bought: Vec<ItemIdx>,
}

/// One item of a history, as at build time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HistoryInput {
    /// The item.
    pub item: ItemIdx,
    /// c_uj, above 0, at most `CONFIDENCE_MAX`.
    pub confidence: f32,
    /// How much it counts for what goes with it, 0 to 1.
    pub together: f32,
    /// How much it is due to be bought again, 0 to `AGAIN_MAX`.
    pub again: f32,
}

/// Writes a row for a bundle with `items` items; entries are put in order.
///
/// # Errors
/// When there is too much history, an item is not the bundle's, or a confidence is outside its range.
pub fn write_row(input: &UserRowInput, items: usize) -> Result<Vec<u8>, WriteError> {
    let section = Kind::UserShard;
    let limit = |what, found: usize, max: usize| {
        if found > max { Err(WriteError::Limit { section, what, found, max }) } else { Ok(()) }
    };
    limit("history entries", input.history.len(), HISTORY_MAX)?;
    let mut history = input.history.clone();
    history.sort_by_key(|entry| entry.item);
    let mut bought = input.bought.clone();
    bought.sort_unstable();
    bought.dedup();
    limit("bought items", bought.len(), usize::from(u16::MAX))?;
    let consent = input.consent.bits().to_le_bytes();
    let market = input.market.map_or(NO_MARKET, MarketIdx::get);
    let mut out = Vec::from([VERSION, input.churn_decile.unwrap_or(0)]);
    out.extend_from_slice(&consent);
    out.extend_from_slice(&[market, history.len() as u8]);
    out.extend_from_slice(&(bought.len() as u16).to_le_bytes());
    for entry in &history {
        out.extend_from_slice(&entry.item.get().to_le_bytes());
        out.extend_from_slice(&entry.confidence.to_le_bytes());
    }
    out.extend(bought.iter().flat_map(|item| item.get().to_le_bytes()));
    for entry in &history {
        out.extend_from_slice(&entry.together.to_le_bytes());
        out.extend_from_slice(&entry.again.to_le_bytes());
    }
    check(UserRow::parse(&out, items))?;
    Ok(out)
}
