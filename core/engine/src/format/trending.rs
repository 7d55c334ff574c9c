//! The trending section: what everybody sees who is not personalised. Its sibling is `trending_write.rs`.

use super::Kind;
use super::container::{parse, within};
use super::le::{self, Entries, Fields};
use crate::error::{Fault, SectionError};
use crate::index::{CategoryIdx, ItemIdx, MarketIdx};
use crate::limits::{CATEGORIES_MAX, ITEMS_MAX, MARKETS_MAX, TRENDING_MAX};
use crate::score::{Score, Scored};

/// Stands for all categories.
pub(crate) const ALL: u16 = u16::MAX;

/// Lists of items per market and category, best first. No personal data is in them.
#[derive(Debug, Clone, Copy)]
pub struct Trending<'a> {
    items: u32,
    lists: Entries<'a, 8>,
    entries: Entries<'a, 8>,
}

struct List {
    market: u16,
    category: u16,
    end: u32,
}

fn list([m0, m1, c0, c1, e0, e1, e2, e3]: [u8; 8]) -> List {
    List {
        market: u16::from_le_bytes([m0, m1]),
        category: u16::from_le_bytes([c0, c1]),
        end: u32::from_le_bytes([e0, e1, e2, e3]),
    }
}

fn scored([i0, i1, i2, i3, s0, s1, s2, s3]: [u8; 8]) -> Option<Scored> {
    let item = ItemIdx::new(u32::from_le_bytes([i0, i1, i2, i3]) as usize).ok()?;
    Some(Scored { item, score: Score::new(f32::from_le_bytes([s0, s1, s2, s3]))? })
}

impl<'a> Trending<'a> {
    /// Reads a trending section.
    ///
    /// # Errors
    /// When the bytes are not exactly as `FORMAT.md` says.
    pub fn parse(bytes: &'a [u8]) -> Result<Trending<'a>, SectionError> {
        Trending::reopen(bytes)?.checked()
    }

    /// This section, when every entry of it is as `FORMAT.md` says.
    pub(crate) fn checked(self) -> Result<Trending<'a>, SectionError> {
        within(Kind::Trending, self.check())?;
        Ok(self)
    }

    /// The same of bytes that [`Trending::parse`] has accepted before: no entry is looked at.
    ///
    /// # Errors
    /// When they are no section of this kind, or a part has another length than its head says.
    pub fn reopen(bytes: &'a [u8]) -> Result<Trending<'a>, SectionError> {
        within(Kind::Trending, Trending::read(bytes))
    }

    fn read(bytes: &'a [u8]) -> Result<Trending<'a>, Fault> {
        let [head, lists, entries] = parse::<3>(bytes, Kind::Trending)?;
        let mut f = Fields::new(head, 16)?;
        let items = f.u32(|n| n as usize <= ITEMS_MAX);
        let count = f.u32(|n| n as usize <= MARKETS_MAX * (CATEGORIES_MAX + 1)) as usize;
        f.zeros();
        f.end()?;
        let lists = le::entries::<8>(lists, 1, count)?;
        let total = lists.last().map_or(0, |l| list(*l).end) as usize;
        let entries = le::entries::<8>(entries, 2, total)?;
        Ok(Trending { items, lists, entries })
    }

    fn check(&self) -> Result<(), Fault> {
        let mut start = 0;
        let mut last: Option<(u16, u16)> = None;
        for (i, row) in self.lists.iter().enumerate() {
            let at = i as u32;
            let List { market, category, end } = list(*row);
            if usize::from(market) >= MARKETS_MAX || (usize::from(category) >= CATEGORIES_MAX && category != ALL) {
                return Err(Fault::Value { part: 1, entry: at });
            }
            let wrong = Fault::Order { part: 1, entry: at };
            let entries = self.entries.get(start as usize..end as usize).ok_or(wrong)?;
            if last.is_some_and(|last| last >= (market, category)) {
                return Err(wrong);
            }
            if entries.len() > TRENDING_MAX {
                return Err(Fault::Value { part: 1, entry: at });
            }
            self.check_list(entries, start)?;
            start = end;
            last = Some((market, category));
        }
        Ok(())
    }

    fn check_list(&self, entries: &[[u8; 8]], start: u32) -> Result<(), Fault> {
        let mut above: Option<Scored> = None;
        for (entry, raw) in (start..).zip(entries) {
            let here = scored(*raw).filter(|s| s.item.get() < self.items).ok_or(Fault::Value { part: 2, entry })?;
            if above.is_some_and(|above| above <= here) {
                return Err(Fault::Order { part: 2, entry });
            }
            above = Some(here);
        }
        Ok(())
    }

    /// How many items the bundle has.
    pub const fn items(&self) -> u32 {
        self.items
    }

    /// How many lists there are.
    pub const fn len(&self) -> usize {
        self.lists.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    /// The list of `market` and `category` (`None`: all categories), best first; empty when there is none.
    pub fn list(
        &self,
        market: MarketIdx,
        category: Option<CategoryIdx>,
    ) -> impl Iterator<Item = Scored> + Clone + use<'a> {
        self.raw(market, category).iter().filter_map(|e| scored(*e))
    }

    fn raw(&self, market: MarketIdx, category: Option<CategoryIdx>) -> &'a [[u8; 8]] {
        let key = (u16::from(market.get()), category.map_or(ALL, CategoryIdx::get));
        let Ok(at) = self.lists.binary_search_by_key(&key, |l| (list(*l).market, list(*l).category)) else {
            return &[];
        };
        let end = self.lists.get(at).map_or(0, |l| list(*l).end) as usize;
        let start = at.checked_sub(1).and_then(|at| self.lists.get(at)).map_or(0, |l| list(*l).end) as usize;
        self.entries.get(start..end).unwrap_or_default()
    }
}
