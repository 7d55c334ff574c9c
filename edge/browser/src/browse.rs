//! The catalogue of a market, a page at a time: what a shop page draws when nobody asks for a recommendation.
//!
//! It says nothing about anybody, so it needs no consent. What is trending comes first, then the bundle's own order.

use std::collections::HashSet;

use kenal_core::{Attributes, Catalogue, CategoryIdx, ItemIdx, Items, MarketIdx, Rules, TopK, Trending, trending};
use kenal_edge::json::Writer;
use kenal_edge::{Edge, Price};

/// Items on one page at most: some screens of cards.
pub const PAGE_ITEMS_MAX: usize = 200;

/// Items that lead a list because they are trending: the first page of a shop.
const LEADERS: usize = 24;

/// Part of a market's catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub items: Vec<Entry>,
    /// Items of the market and category in all.
    pub total: usize,
    /// Categories of the market with something in them, the largest first.
    pub categories: Vec<CategoryCount>,
}

/// One item of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub id: String,
    pub title: Option<String>,
    pub category: Option<String>,
    pub price: Option<Price>,
}

impl Page {
    /// The JSON that JavaScript reads.
    pub fn to_json(&self) -> String {
        let mut w = Writer::default();
        w.raw("{\"items\":").list(&self.items, |w, entry| {
            w.raw("{\"id\":").text(&entry.id);
            w.raw(",\"title\":").optional(entry.title.as_deref());
            w.raw(",\"category\":").optional(entry.category.as_deref());
            w.raw(",\"price\":");
            Price::write(entry.price.as_ref(), w);
            w.raw("}");
        });
        w.raw(",\"total\":").number(self.total as u64);
        w.raw(",\"categories\":").list(&self.categories, |w, category| {
            w.raw("{\"name\":").text(&category.name);
            w.raw(",\"count\":").number(category.count as u64).raw("}");
        });
        w.raw("}");
        w.finish()
    }
}

/// A category and how many items of the market it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryCount {
    pub name: String,
    pub count: usize,
}

/// Why there is no page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BrowseError {
    /// The items, the trending lists or the catalogue have not arrived, or the bundle has no catalogue.
    NotLoaded,
    /// The bundle has no such market.
    Market { given: String },
    /// The bundle has no such category.
    Category { given: String },
}

impl std::fmt::Display for BrowseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            BrowseError::NotLoaded => f.write_str("the bundle's items, trending lists and catalogue are not all here"),
            BrowseError::Market { given } => write!(f, "the bundle has no market \"{given}\""),
            BrowseError::Category { given } => write!(f, "the bundle has no category \"{given}\""),
        }
    }
}

impl std::error::Error for BrowseError {}

/// The sections of an open bundle that a catalogue is made of.
#[derive(Debug)]
pub struct Shelf<'a> {
    edge: &'a Edge,
    items: &'a Items<'a>,
    trending: &'a Trending<'a>,
    catalogue: &'a Catalogue<'a>,
}

impl<'a> Shelf<'a> {
    /// Finds the sections in a bundle.
    ///
    /// # Errors
    /// [`BrowseError::NotLoaded`].
    pub fn read(edge: &'a Edge) -> Result<Shelf<'a>, BrowseError> {
        let bundle = edge.bundle().ok_or(BrowseError::NotLoaded)?;
        let catalogue = bundle.catalogue.as_ref().ok_or(BrowseError::NotLoaded)?;
        Ok(Shelf { edge, items: &bundle.items, trending: &bundle.trending, catalogue })
    }

    /// Items `offset .. offset + count` of a market and, if given, a category; at most [`PAGE_ITEMS_MAX`].
    ///
    /// # Errors
    /// When the bundle has no such market or category. Cost: O(items).
    pub fn page(&self, market: &str, category: Option<&str>, offset: usize, count: usize) -> Result<Page, BrowseError> {
        let markets = &self.edge.manifest().markets;
        let unknown = || BrowseError::Market { given: market.to_owned() };
        let entry = markets.iter().find(|m| m.code == market).ok_or_else(unknown)?;
        let market = self.edge.manifest().market(market).ok_or_else(unknown)?;
        let category = match category {
            None => None,
            Some(name) => {
                let unknown = || BrowseError::Category { given: name.to_owned() };
                Some(self.items.category(name).ok_or_else(unknown)?)
            }
        };
        let order = self.order(market, category);
        let shown = order.iter().skip(offset).take(count.min(PAGE_ITEMS_MAX));
        let items = shown.filter_map(|&item| self.entry(item, market, &entry.currency)).collect();
        Ok(Page { items, total: order.len(), categories: self.count(market) })
    }

    fn sold(&self, market: MarketIdx) -> impl Iterator<Item = (ItemIdx, Attributes)> + '_ {
        let of = |item| Some((item, self.items.attributes(item)?));
        self.items.iter().filter_map(of).filter(move |(_, a)| a.sold_in(market) && a.in_stock)
    }

    fn order(&self, market: MarketIdx, category: Option<CategoryIdx>) -> Vec<ItemIdx> {
        let rules = Rules { market: Some(market), category, ..Rules::default() };
        let mut top = TopK::new();
        let leaders = trending(self.trending, self.items, &rules, LEADERS, &mut top);
        let mut order: Vec<ItemIdx> = leaders.iter().map(|scored| scored.item).collect();
        let led: HashSet<u32> = order.iter().map(|item| item.get()).collect();
        let rest = self
            .sold(market)
            .filter(|(item, a)| !led.contains(&item.get()) && category.is_none_or(|category| a.category == category));
        order.extend(rest.map(|(item, _)| item));
        order
    }

    fn count(&self, market: MarketIdx) -> Vec<CategoryCount> {
        let mut counts = vec![0; self.items.categories().len()];
        for (_, attributes) in self.sold(market) {
            if let Some(count) = counts.get_mut(usize::from(attributes.category.get())) {
                *count += 1;
            }
        }
        let named = self.items.categories().iter().zip(counts);
        let mut categories: Vec<CategoryCount> = named
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| CategoryCount { name: name.to_owned(), count })
            .collect();
        // Stable, so that equal counts keep the bundle's order.
        categories.sort_by_key(|category| std::cmp::Reverse(category.count));
        categories
    }

    fn entry(&self, item: ItemIdx, market: MarketIdx, currency: &str) -> Option<Entry> {
        let category = usize::from(self.items.attributes(item)?.category.get());
        let price = self
            .catalogue
            .price(item, market)
            .map(|hundredths| Price { amount: Price::amount_of(hundredths), currency: currency.to_owned() });
        Some(Entry {
            id: self.items.id(item)?.to_owned(),
            title: self.catalogue.title(item).map(str::to_owned),
            category: self.items.categories().get(category).map(str::to_owned),
            price,
        })
    }
}
