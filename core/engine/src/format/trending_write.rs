//! Writes the trending section that `trending.rs` reads.

use alloc::vec::Vec;

use super::Kind;
use super::container_write::container;
use super::trending::{ALL, Trending};
use super::write::{WriteError, check};
use crate::index::{CategoryIdx, MarketIdx};
use crate::limits::TRENDING_MAX;
use crate::score::Scored;

/// What a trending section is made of.
#[derive(Debug, Clone, Copy)]
pub struct TrendingInput<'a> {
    /// How many items the bundle has.
    pub items: usize,
    /// The lists, in any order.
    pub lists: &'a [TrendingList],
}

/// One list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrendingList {
    /// Where it is shown.
    pub market: MarketIdx,
    /// Of which category; `None` for all.
    pub category: Option<CategoryIdx>,
    /// What is on it, in any order.
    pub entries: Vec<Scored>,
}

/// Writes a trending section; lists and entries are put in order.
///
/// # Errors
/// When a list is too long or there twice, or names an item the bundle has not.
pub fn write_trending(input: &TrendingInput<'_>) -> Result<Vec<u8>, WriteError> {
    let section = Kind::Trending;
    let mut lists: Vec<(usize, &TrendingList)> = input.lists.iter().enumerate().collect();
    let key = |l: &TrendingList| (l.market, l.category.map_or(ALL, CategoryIdx::get));
    lists.sort_by_key(|(_, l)| key(l));
    let mut table = Vec::new();
    let mut entries = Vec::new();
    let mut last = None;
    for (entry, list) in lists {
        if last == Some(key(list)) {
            return Err(WriteError::Duplicate { section, entry });
        }
        last = Some(key(list));
        if list.entries.len() > TRENDING_MAX {
            return Err(WriteError::Limit { section, what: "entries", found: list.entries.len(), max: TRENDING_MAX });
        }
        let mut sorted = list.entries.clone();
        sorted.sort_by(|a, b| b.cmp(a));
        for scored in sorted {
            entries.extend_from_slice(&scored.item.get().to_le_bytes());
            entries.extend_from_slice(&scored.score.to_bits().to_le_bytes());
        }
        table.extend_from_slice(&u16::from(list.market.get()).to_le_bytes());
        table.extend_from_slice(&key(list).1.to_le_bytes());
        table.extend_from_slice(&((entries.len() / 8) as u32).to_le_bytes());
    }
    let mut head = Vec::new();
    head.extend_from_slice(&(input.items as u32).to_le_bytes());
    head.extend_from_slice(&(input.lists.len() as u32).to_le_bytes());
    head.resize(16, 0);
    let bytes = container(section, &[&head, &table, &entries])?;
    check(Trending::parse(&bytes))?;
    Ok(bytes)
}
