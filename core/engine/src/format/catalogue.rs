//! The catalogue section: what a card needs to draw itself. Its sibling is `catalogue_write.rs`.

use super::Kind;
use super::container::{parse, within};
use super::le::{self, Entries, Fields};
use super::texts::Texts;
use crate::error::{Fault, SectionError};
use crate::index::{CategoryIdx, ItemIdx, MarketIdx};
use crate::limits::{CATEGORIES_MAX, ITEMS_MAX, MARKETS_MAX};

/// Titles, prices and categories, by item.
#[derive(Debug, Clone, Copy)]
pub struct Catalogue<'a> {
    items: usize,
    markets: usize,
    titles: Texts<'a>,
    prices: Entries<'a, 8>,
    categories: Entries<'a, 2>,
    /// Categories that there are.
    known: u16,
}

impl<'a> Catalogue<'a> {
    /// Reads a catalogue section.
    ///
    /// # Errors
    /// When the bytes are not exactly as `FORMAT.md` says.
    pub fn parse(bytes: &'a [u8]) -> Result<Catalogue<'a>, SectionError> {
        Catalogue::reopen(bytes)?.checked()
    }

    /// This section, when every entry of it is as `FORMAT.md` says.
    pub(crate) fn checked(self) -> Result<Catalogue<'a>, SectionError> {
        within(Kind::Catalogue, self.check())?;
        Ok(self)
    }

    /// The same of bytes that [`Catalogue::parse`] has accepted before: no entry is looked at.
    ///
    /// # Errors
    /// When they are no section of this kind, or a part has another length than its head says.
    pub fn reopen(bytes: &'a [u8]) -> Result<Catalogue<'a>, SectionError> {
        within(Kind::Catalogue, Catalogue::read(bytes))
    }

    fn read(bytes: &'a [u8]) -> Result<Catalogue<'a>, Fault> {
        let [head, ends, titles, prices, categories] = parse::<5>(bytes, Kind::Catalogue)?;
        let mut f = Fields::new(head, 16)?;
        let items = f.u32(|n| n as usize <= ITEMS_MAX) as usize;
        let markets = usize::from(f.u16(|m| m >= 1 && usize::from(m) <= MARKETS_MAX));
        let known = f.u16(|c| usize::from(c) <= CATEGORIES_MAX);
        f.zeros();
        f.end()?;
        let titles = Texts::read(ends, titles, 1, items)?;
        let prices = le::entries(prices, 3, items * markets)?;
        let categories = le::entries::<2>(categories, 4, items)?;
        Ok(Catalogue { items, markets, titles, prices, categories, known })
    }

    fn check(&self) -> Result<(), Fault> {
        self.titles.check(1, (1, usize::MAX))?;
        match self.categories.iter().position(|c| u16::from_le_bytes(*c) >= self.known) {
            Some(i) => Err(Fault::Value { part: 4, entry: i as u32 }),
            None => Ok(()),
        }
    }

    /// How many items there are.
    pub const fn len(&self) -> usize {
        self.items
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.items == 0
    }

    /// How many markets have prices.
    pub const fn markets(&self) -> usize {
        self.markets
    }

    /// The title of `item`.
    pub fn title(&self, item: ItemIdx) -> Option<&'a str> {
        self.titles.get(item.at())
    }

    /// The price of `item` in hundredths of the market's currency; `None` where it is not sold.
    pub fn price(&self, item: ItemIdx, market: MarketIdx) -> Option<u64> {
        let column = usize::from(market.get());
        if column >= self.markets {
            return None;
        }
        let at = item.at().checked_mul(self.markets)?.checked_add(column)?;
        self.prices.get(at).map(|p| u64::from_le_bytes(*p)).filter(|p| *p != 0)
    }

    /// The category of `item`.
    pub fn category(&self, item: ItemIdx) -> Option<CategoryIdx> {
        CategoryIdx::new(usize::from(u16::from_le_bytes(*self.categories.get(item.at())?))).ok()
    }
}
