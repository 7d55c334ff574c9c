//! Writes the catalogue section that `catalogue.rs` reads.

use alloc::string::String;
use alloc::vec::Vec;

use super::Kind;
use super::catalogue::Catalogue;
use super::container_write::{container, text_table};
use super::write::{WriteError, check};
use crate::index::CategoryIdx;
use crate::limits::{CATEGORIES_MAX, MARKETS_MAX};

/// What a catalogue section is made of.
#[derive(Debug, Clone, Copy)]
pub struct CatalogueInput<'a> {
    /// Number of markets.
    pub markets: usize,
    /// Number of categories.
    pub categories: usize,
    /// The items in the order of the items section.
    pub items: &'a [CatalogueItem],
}

/// What a card shows of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueItem {
    /// Its title.
    pub title: String,
    /// Its price in hundredths, one per market; 0 where it is not sold.
    pub prices: Vec<u64>,
    /// Its category.
    pub category: CategoryIdx,
}

/// Writes a catalogue section.
///
/// # Errors
/// When an item has an empty title, not one price per market, or an unknown category.
pub fn write_catalogue(input: &CatalogueInput<'_>) -> Result<Vec<u8>, WriteError> {
    let section = Kind::Catalogue;
    for (what, found, max) in
        [("markets", input.markets, MARKETS_MAX), ("categories", input.categories, CATEGORIES_MAX)]
    {
        if found > max {
            return Err(WriteError::Limit { section, what, found, max });
        }
    }
    for (entry, item) in input.items.iter().enumerate() {
        let known = usize::from(item.category.get()) < input.categories;
        if item.title.is_empty() || item.prices.len() != input.markets || !known {
            return Err(WriteError::Value { section, entry });
        }
    }
    let mut head = Vec::from((input.items.len() as u32).to_le_bytes());
    head.extend_from_slice(&(input.markets as u16).to_le_bytes());
    head.extend_from_slice(&(input.categories as u16).to_le_bytes());
    head.resize(16, 0);
    let (ends, titles) = text_table(input.items.iter().map(|i| i.title.as_str()));
    let prices: Vec<u8> = input.items.iter().flat_map(|i| &i.prices).flat_map(|p| p.to_le_bytes()).collect();
    let categories: Vec<u8> = input.items.iter().flat_map(|i| i.category.get().to_le_bytes()).collect();
    let bytes = container(section, &[&head, &ends, &titles, &prices, &categories])?;
    check(Catalogue::parse(&bytes))?;
    Ok(bytes)
}
