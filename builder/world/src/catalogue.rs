//! What the shop sells, and what it costs in each market.

use kenal_types::{Market, Money};

use crate::dice::{Dice, For, mix};
use crate::permute::Permutation;

/// Items of the generative model. Constant, so that memory does not grow with the number of people.
const MODEL_ITEMS: u32 = 3000;
/// Exponent of the popularity of an item by its rank within the category.
const ZIPF: f64 = 0.9;
/// Tastes within a category: rustic, plain, playful, …
pub(crate) const STYLES: u8 = 6;

/// Price in the market's currency for one pound: a stated fixed table, near the rates of 2025, never updated, so that
/// the same purchases give the same prices.
const PER_POUND: [f64; 4] = [1.70, 5.80, 45.00, 20_500.00];

/// Amount in the currency of a market.
pub(crate) fn price_in(market: Market, pence: i64) -> Money {
    Money(libm::round(pence as f64 * PER_POUND[market as usize]) as i64)
}

/// One product.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    /// Number of the Shopify product.
    pub(crate) id: u64,
    pub(crate) code: String,
    pub(crate) title: String,
    pub(crate) category: usize,
    pub(crate) pence: i64,
    /// Suffix of the SKU and name; the first is the default.
    pub(crate) variants: Vec<(&'static str, &'static str)>,
    pub(crate) style: u8,
    pub(crate) active: bool,
}

impl Item {
    pub(crate) fn sku(&self, variant: u8) -> String {
        let (suffix, _) = self.variants[usize::from(variant) % self.variants.len()];
        format!("{}{suffix}", self.code)
    }

    pub(crate) fn variant_id(&self, variant: u8) -> u64 {
        self.id * 16 + u64::from(variant)
    }
}

/// All items, with what is needed to pick one.
#[derive(Debug, Clone)]
pub(crate) struct Catalogue {
    pub(crate) categories: Vec<&'static str>,
    pub(crate) items: Vec<Item>,
    /// Items of each category, the most popular first, with the running sum of their weights.
    by_category: Vec<Vec<(f64, u32)>>,
}

impl Catalogue {
    /// `popularity` is one weight per item.
    pub(crate) fn new(categories: Vec<&'static str>, items: Vec<Item>, popularity: &[f64]) -> Catalogue {
        let mut by_category = vec![Vec::new(); categories.len()];
        let mut order: Vec<u32> = (0..items.len() as u32).collect();
        order.sort_by(|a, b| popularity[*b as usize].total_cmp(&popularity[*a as usize]).then(a.cmp(b)));
        for at in order {
            let list: &mut Vec<(f64, u32)> = &mut by_category[items[at as usize].category];
            let before = list.last().map_or(0.0, |l| l.0);
            list.push((before + popularity[at as usize], at));
        }
        Catalogue { categories, items, by_category }
    }

    /// An item of a category by popularity, or of any when the category is empty.
    pub(crate) fn popular(&self, category: usize, dice: &mut Dice) -> u32 {
        match self.by_category[category].last() {
            None => dice.below(self.items.len() as u64) as u32,
            Some((sum, _)) => {
                let wanted = dice.unit() * sum;
                let list = &self.by_category[category];
                list[list.partition_point(|(upto, _)| *upto <= wanted).min(list.len() - 1)].1
            }
        }
    }

    /// Distinct numbers of products that do not follow popularity or category.
    pub(crate) fn ids(seed: u64, count: u64) -> Permutation {
        Permutation::new(count.max(1), seed, 3)
    }
}

/// Base of product numbers, which look like Shopify's.
pub(crate) const PRODUCT_BASE: u64 = 7_300_000_000;

/// A category of the model: share of lines, median price in pence, variants, whether it is bought again and again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ModelCategory {
    pub(crate) name: &'static str,
    pub(crate) share: f64,
    median_pence: f64,
    nouns: &'static [&'static str],
    variants: &'static [(&'static str, &'static str)],
    pub(crate) consumable: bool,
    /// Factor of demand in each month.
    pub(crate) peak: Option<(u8, f64)>,
}

const PLAIN: &[(&str, &str)] = &[("", "Default Title")];
const SIZES: &[(&str, &str)] = &[("-S", "S"), ("-M", "M"), ("-L", "L")];
const COLOURS: &[(&str, &str)] = &[("-BK", "Black"), ("-WH", "White"), ("-RD", "Red")];

/// Fashion, electronics and home goods, as the case has them.
pub(crate) const MODEL_CATEGORIES: &[ModelCategory] = &[
    category("Dresses", 0.09, 2200.0, &["wrap dress", "shirt dress", "maxi dress", "batik dress"], SIZES, false, None),
    category("Tops", 0.12, 1100.0, &["t-shirt", "blouse", "polo", "linen shirt", "baju kurung"], SIZES, false, None),
    category("Trousers", 0.07, 1800.0, &["chinos", "jeans", "shorts", "palazzo trousers"], SIZES, false, None),
    category("Shoes", 0.07, 2600.0, &["sneakers", "sandals", "loafers", "flip-flops"], SIZES, false, None),
    category("Bags", 0.06, 2400.0, &["tote bag", "backpack", "sling bag", "wallet"], COLOURS, false, None),
    category(
        "Audio",
        0.06,
        3500.0,
        &["earbuds", "headphones", "speaker", "microphone"],
        COLOURS,
        false,
        Some((11, 2.0)),
    ),
    category("Phone accessories", 0.09, 800.0, &["phone case", "charger", "cable", "power bank"], COLOURS, true, None),
    category("Computers", 0.03, 9000.0, &["keyboard", "mouse", "monitor arm", "webcam"], PLAIN, false, Some((11, 2.0))),
    category("Kitchen", 0.10, 1300.0, &["wok", "rice bowl set", "kettle", "food box", "knife"], PLAIN, false, None),
    category("Bedding", 0.05, 2500.0, &["bed sheet set", "pillow", "duvet cover"], PLAIN, false, None),
    category(
        "Lighting",
        0.04,
        1700.0,
        &["desk lamp", "night light", "lantern", "string lights"],
        PLAIN,
        false,
        Some((12, 1.8)),
    ),
    category("Storage", 0.05, 900.0, &["storage box", "shelf", "hanger set", "basket"], PLAIN, false, Some((1, 1.8))),
    category("Beauty", 0.09, 1000.0, &["sunscreen", "face wash", "sheet mask", "lip tint"], PLAIN, true, None),
    category(
        "Household",
        0.08,
        500.0,
        &["laundry pods", "dish soap", "air freshener", "bin liners"],
        PLAIN,
        true,
        None,
    ),
    category(
        "Toys",
        0.04,
        1200.0,
        &["puzzle", "building blocks", "plush", "board game"],
        PLAIN,
        false,
        Some((12, 2.2)),
    ),
    category(
        "Festive",
        0.02,
        900.0,
        &["lanterns", "gift box", "garland", "greeting cards"],
        PLAIN,
        false,
        Some((12, 3.0)),
    ),
];

const fn category(
    name: &'static str,
    share: f64,
    median_pence: f64,
    nouns: &'static [&'static str],
    variants: &'static [(&'static str, &'static str)],
    consumable: bool,
    peak: Option<(u8, f64)>,
) -> ModelCategory {
    ModelCategory { name, share, median_pence, nouns, variants, consumable, peak }
}

const STYLE_WORDS: [&[&str]; STYLES as usize] = [
    &["Rattan", "Teak", "Linen"],
    &["Plain", "Everyday", "Classic"],
    &["Rainbow", "Panda", "Polka dot"],
    &["Slim", "Matte", "Studio"],
    &["Batik", "Floral", "Peranakan"],
    &["Sport", "Travel", "Outdoor"],
];
const MODEL_WORDS: &[&str] =
    &["Aman", "Bintang", "Cahaya", "Damai", "Elang", "Fajar", "Gaya", "Harum", "Indah", "Jaya"];

/// The catalogue of the generative model. Popularity within a category is Zipf: w(rank) = rank^−0.9; prices are
/// lognormal around the category's median with σ = 0.5.
pub(crate) fn model(seed: u64) -> Catalogue {
    let ids = Catalogue::ids(seed, u64::from(MODEL_ITEMS));
    let mut dice = Dice::new(seed, For::Catalogue, 0);
    let mut items = Vec::with_capacity(MODEL_ITEMS as usize);
    let mut popularity = Vec::with_capacity(MODEL_ITEMS as usize);
    let mut rank = [0_u32; 64];
    for at in 0..MODEL_ITEMS {
        // An equal number in each category: its share of lines comes from people's tastes.
        let category = at as usize % MODEL_CATEGORIES.len();
        let kind = &MODEL_CATEGORIES[category];
        let style = dice.below(u64::from(STYLES)) as u8;
        let noun = dice.pick(kind.nouns);
        let title = format!("{} {noun} {}", dice.pick(STYLE_WORDS[usize::from(style)]), dice.pick(MODEL_WORDS));
        let pence = (kind.median_pence * libm::exp(0.5 * dice.normal())).max(100.0);
        rank[category] += 1;
        popularity.push(libm::pow(f64::from(rank[category]), -ZIPF));
        items.push(Item {
            id: PRODUCT_BASE + ids.at(u64::from(at)) * 3,
            code: format!("K{:05}", mix(seed, For::Catalogue, 1) % 10_000 + ids.at(u64::from(at))),
            title,
            category,
            // Prices end in 0 or 5, as on labels.
            pence: (pence / 5.0) as i64 * 5,
            variants: kind.variants.to_vec(),
            style,
            active: !dice.chance(0.03),
        });
    }
    Catalogue::new(MODEL_CATEGORIES.iter().map(|c| c.name).collect(), items, &popularity)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_and_numbers_are_unique_and_popular_items_come_first() {
        let catalogue = model(9);
        let codes: BTreeSet<_> = catalogue.items.iter().map(|i| &i.code).collect();
        let ids: BTreeSet<_> = catalogue.items.iter().map(|i| i.id).collect();
        assert_eq!((codes.len(), ids.len()), (MODEL_ITEMS as usize, MODEL_ITEMS as usize));
        let mut dice = Dice::new(1, For::Orders, 0);
        let mut counts = vec![0; catalogue.items.len()];
        for _ in 0..20_000 {
            counts[catalogue.popular(3, &mut dice) as usize] += 1;
        }
        let first = catalogue.by_category[3][0].1 as usize;
        assert_eq!(counts.iter().max(), Some(&counts[first]));
        assert!(catalogue.items.iter().zip(&counts).all(|(item, n)| *n == 0 || item.category == 3));
        let shares: f64 = MODEL_CATEGORIES.iter().map(|c| c.share).sum();
        assert!((shares - 1.06).abs() < 0.2, "{shares}");
    }

    #[test]
    fn prices_by_market() {
        assert_eq!(price_in(Market::Singapore, 255), Money(434));
        assert_eq!(price_in(Market::Indonesia, 255), Money(5_227_500));
    }
}
