//! The items as an edge needs them: factors, attributes, prices, and what is trending.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context as _, Result};
use kenal_bundle::Publisher;
use kenal_consent::Snapshot;
use kenal_core::format::write::{CatalogueItem, ItemInput, TrendingList};
use kenal_core::{CategoryIdx, ItemIdx, MarketIdx, Score, Scored};
use kenal_features::Rates;
use kenal_models::confidence::{Event, Kind};
use kenal_models::trending::{Heat, TrendingConfig, trending};
use kenal_types::{Item, Market, Money, Timestamp, Variant};

use crate::stage::matter::ItemNumbers;
use crate::stage::models::ModelFiles;
use crate::stage::people::People;

/// Upper ends of the price bands, in Singapore dollars; the last band is open.
const PRICE_BANDS_SGD: [f64; 5] = [5.0, 10.0, 25.0, 50.0, 100.0];
/// Category of items that have none.
const OTHER: &str = "Other";

/// All items, in the order of [`ItemNumbers`].
pub struct Shelf<'a> {
    categories: Vec<String>,
    entries: Vec<Entry<'a>>,
}

struct Entry<'a> {
    item: &'a Item,
    category: CategoryIdx,
    /// In the shop's own currency; `None` when no variant has a price.
    price_sgd: Option<f64>,
    /// One per market, in hundredths of its currency.
    prices: Vec<u64>,
    in_stock: bool,
}

impl<'a> Shelf<'a> {
    pub fn new(items: &'a [Item], variants: &[Variant], numbers: &ItemNumbers, rates: &Rates) -> Result<Self> {
        let name = |item: &'a Item| item.category.as_deref().filter(|c| !c.is_empty()).unwrap_or(OTHER);
        let mut categories: Vec<String> = items.iter().map(|i| name(i).to_owned()).collect();
        categories.sort_unstable();
        categories.dedup();
        let mut cheapest: HashMap<&str, (Money, bool)> = HashMap::new();
        for variant in variants {
            let slot = cheapest.entry(variant.item_id.as_str()).or_insert((variant.price, false));
            slot.0 = slot.0.min(variant.price);
            slot.1 |= variant.stock > 0;
        }
        let unit = |m: Market| rates.sgd(Money(100), m.currency());
        let unit_sgd: Vec<f64> = Market::ALL.into_iter().map(unit).collect::<Result<_, _>>()?;
        let by_id: HashMap<&str, &'a Item> = items.iter().map(|i| (i.item_id.as_str(), i)).collect();
        let entry = |id: &String| {
            let item = *by_id.get(id.as_str())?;
            let at = categories.binary_search_by(|c| c.as_str().cmp(name(item))).ok()?;
            let (price, stock) = cheapest.get(id.as_str()).copied().unzip();
            let price_sgd = price.map(Money::units);
            let local = |m: Market| (price_sgd.unwrap_or(0.0) / unit_sgd[m as usize] * 100.0).round() as u64;
            Some(Entry {
                item,
                category: CategoryIdx::new(at).ok()?,
                price_sgd,
                prices: Market::ALL.into_iter().map(local).collect(),
                in_stock: item.active && stock.unwrap_or(false),
            })
        };
        let entries: Option<Vec<Entry<'a>>> = numbers.ids().iter().map(entry).collect();
        Ok(Shelf { entries: entries.context("there are more categories than a bundle can hold")?, categories })
    }

    /// Writes items, blend and catalogue; gives the bundle's index of each item number.
    pub fn write(&self, publisher: &mut Publisher, models: &ModelFiles, numbers: &ItemNumbers) -> Result<Vec<ItemIdx>> {
        let band =
            |price: Option<f64>| PRICE_BANDS_SGD.iter().filter(|end| price.is_some_and(|p| p >= **end)).count() as u8;
        let input = |(number, entry): (usize, &Entry<'_>)| ItemInput {
            id: entry.item.item_id.clone(),
            factor: models.item(number).factors.clone(),
            markets: (1 << Market::ALL.len()) - 1,
            category: entry.category,
            price_band: band(entry.price_sgd),
            in_stock: entry.in_stock,
            boost: models.item(number).boost,
        };
        let inputs: Vec<ItemInput> = self.entries.iter().enumerate().map(input).collect();
        let index = publisher.items(models.parameters(), models.dims(), &self.categories, &inputs)?.to_vec();
        let goes_with = |number: usize| {
            let item = models.item(number);
            let others = item.goes_with.iter().map(|id| numbers.number(id).context("an item of another catalogue"));
            others.zip(&item.goes_with_weights).map(|(other, weight)| Ok((other?, *weight))).collect()
        };
        let goes_with: Vec<Vec<(u32, f32)>> = (0..self.entries.len()).map(goes_with).collect::<Result<_>>()?;
        publisher.blend(models.weights(), &goes_with)?;
        let card = |entry: &Entry<'_>| CatalogueItem {
            title: entry.item.title.clone(),
            prices: entry.prices.clone(),
            category: entry.category,
        };
        publisher.catalogue(&self.entries.iter().map(card).collect::<Vec<_>>())?;
        Ok(index)
    }

    /// Writes the trending lists, counted over people who permit learning; no list names anybody.
    pub fn write_trending(
        &self,
        publisher: &mut Publisher,
        learnt: &People<'_>,
        snapshot: &Snapshot,
        index: &[ItemIdx],
        cut: Timestamp,
    ) -> Result<()> {
        let of_part = |part| {
            let buyers = learnt.buyers(part)?;
            let mut heat = Vec::new();
            for buyer in buyers.get() {
                for Event { item, age_days, .. } in buyer.purchases(cut).filter(|e| e.kind == Kind::Purchase) {
                    let category = self.entries[item as usize].category.get();
                    for ruling in snapshot.of(buyer.person) {
                        heat.push(Heat { item, market: ruling.market as u8, category, age_days, weight: 1.0 });
                    }
                }
            }
            Ok(heat)
        };
        let heat = learnt.in_parts(&learnt.parts(), of_part, |parts| parts.collect::<Result<Vec<_>>>())?.concat();
        let lists = trending(heat, &TrendingConfig::default())?;
        let mut written: BTreeMap<(u8, Option<u16>), TrendingList> = BTreeMap::new();
        for market in 0..Market::ALL.len() as u8 {
            let categories = (0..self.categories.len() as u16).map(Some).chain([None]);
            for category in categories {
                // A market without purchases yet shows what the whole shop buys.
                let entries = lists.best(market, category).iter().filter_map(|hot| {
                    Some(Scored { item: *index.get(hot.item as usize)?, score: Score::new(hot.heat)? })
                });
                let category = category.and_then(|c| CategoryIdx::new(usize::from(c)).ok());
                let list =
                    TrendingList { market: MarketIdx::new(market.into())?, category, entries: entries.collect() };
                written.insert((market, category.map(CategoryIdx::get)), list);
            }
        }
        Ok(publisher.trending(&written.into_values().collect::<Vec<_>>())?)
    }
}
