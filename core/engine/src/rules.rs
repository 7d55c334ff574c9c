//! The shop's rules: what may be shown at all, whatever the scores say. They apply before top-k, so an answer is full
//! while there are enough items that they allow.

use crate::format::items::Items;
use crate::format::row::ItemSet;
use crate::index::{CategoryIdx, ItemIdx, MarketIdx};
use crate::limits::NOT_CATEGORIES_MAX;
use crate::visit::Visit;

/// What may be shown.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rules<'a> {
    /// Only items sold here; also chooses the trending lists.
    pub market: Option<MarketIdx>,
    /// Only items of this category.
    pub category: Option<CategoryIdx>,
    /// Not items of these categories. At most [`crate::limits::NOT_CATEGORIES_MAX`] are looked at.
    pub not_categories: &'a [CategoryIdx],
    /// Only items of these price bands: from the first to the second, both among them.
    pub price_bands: Option<(u8, u8)>,
    /// Also items that cannot be delivered now.
    pub out_of_stock: bool,
    /// Not these: what the page shows already, or what the page itself knows to be in the cart. At most
    /// [`crate::limits::EXCLUDE_MAX`] are looked at.
    pub exclude: &'a [ItemIdx],
    /// Not what the person has bought.
    pub bought: ItemSet<'a>,
    /// Not what was bought, put in the cart or just looked at during the visit.
    pub visit: Option<&'a Visit>,
}

impl Rules<'_> {
    /// Whether `item` may be shown.
    pub fn allow(&self, items: &Items<'_>, item: ItemIdx) -> bool {
        let Some(attributes) = items.attributes(item) else { return false };
        self.market.is_none_or(|market| attributes.sold_in(market))
            && self.category.is_none_or(|category| attributes.category == category)
            && !self.not_categories.iter().take(NOT_CATEGORIES_MAX).any(|c| *c == attributes.category)
            && self.price_bands.is_none_or(|(least, most)| (least..=most).contains(&attributes.price_band))
            && (self.out_of_stock || attributes.in_stock)
            && !self.exclude.iter().take(crate::limits::EXCLUDE_MAX).any(|e| *e == item)
            && !self.bought.contains(item)
            && !self.visit.is_some_and(|visit| visit.hides(item))
    }
}
