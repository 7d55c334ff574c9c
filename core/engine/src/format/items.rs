//! The items section: quantised factors with what pruning, fold-in and the rules need. Its sibling is `items_write.rs`.

use super::Kind;
use super::container::{parse_since, within};
use super::le::{self, Entries, Fields};
use super::texts::Texts;
use crate::error::{Fault, SectionError};
use crate::index::{CategoryIdx, ItemIdx, MarketIdx};
use crate::limits::{
    BLOCKS_MAX, BOOST_MIN, CATEGORIES_MAX, CONFIDENCE_MAX, DIMS_MAX, ID_BYTES_MAX, ITEMS_MAX, LANES, MARKETS_MAX,
    SCALE_MAX, SCALE_MIN,
};

pub(crate) const PARAMETER_BYTES: usize = 48;
/// Versions from this on are read. Those before the newest have a norm for each item, and 0 for parameters that they did
/// not know.
const OLDEST: u16 = 1;

/// Parts of a version: the first knew no boosts.
const fn parts(version: u16) -> usize {
    if version == 1 { 11 } else { 12 }
}

/// Items whose dot products are computed together, and which share a bound.
pub(crate) const GROUP: usize = 4;
/// A code of a byte is so many of the steps that a half byte refines it by.
pub(crate) const FINER: f32 = 16.0;

/// Room for the codes of one factor.
pub(crate) type Codes = [[i16; LANES]; BLOCKS_MAX];
pub(crate) const CODES: Codes = [[0; LANES]; BLOCKS_MAX];
pub(crate) const IN_STOCK: u8 = 1;

/// The items of a bundle, in descending order of the norm of their factors times their boost.
#[derive(Debug, Clone, Copy)]
pub struct Items<'a> {
    model: Model,
    n: usize,
    markets: usize,
    pub(crate) dims: usize,
    /// Vectors of 16 numbers per factor.
    pub(crate) blocks: usize,
    /// Of the first items, whose factors take a byte a number.
    pub(crate) factors: Entries<'a, LANES>,
    /// Of the others, whose factors take half a byte a number; then what refines those of the very first.
    halves: &'a [u8],
    /// How many are refined.
    pub(crate) fine: usize,
    pub(crate) scales: Entries<'a, 4>,
    norms: Entries<'a, 4>,
    /// Items to a norm.
    bounded: usize,
    /// Scale times boost: what a score is made with.
    pub(crate) rank_scales: Entries<'a, 4>,
    pub(crate) gram: Entries<'a, 4>,
    attributes: Entries<'a, 8>,
    categories: Texts<'a>,
    ids: Texts<'a>,
    by_id: Entries<'a, 4>,
}

/// What the recommender was trained with, as far as folding in needs it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Model {
    /// α₀, the weight of what was not observed.
    pub alpha0: f32,
    /// Regularisation per observation (ν = 1 in Rendle et al. 2021).
    pub reg: f32,
    /// Confidence of a view.
    pub view: f32,
    /// Confidence of a cart addition.
    pub cart: f32,
    /// Confidence of a purchase.
    pub purchase: f32,
    /// Seconds after which a confidence has halved; 0 when it never does.
    pub half_life_s: f32,
}

/// What the rules need to know of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attributes {
    /// One bit per market in which the item is sold.
    pub markets: u16,
    /// Its category.
    pub category: CategoryIdx,
    /// Price band, 0 the cheapest.
    pub price_band: u8,
    /// Whether it can be delivered now.
    pub in_stock: bool,
}

impl Attributes {
    /// Whether the item is sold in `market`.
    pub const fn sold_in(&self, market: MarketIdx) -> bool {
        self.markets & market.mask() != 0
    }
}

impl<'a> Items<'a> {
    /// Reads an items section.
    ///
    /// # Errors
    /// When the bytes are not exactly as `FORMAT.md` says. Cost: one pass over the bytes, no allocation.
    pub fn parse(bytes: &'a [u8]) -> Result<Items<'a>, SectionError> {
        Items::reopen(bytes)?.checked()
    }

    /// This section, when every entry of it is as `FORMAT.md` says.
    pub(crate) fn checked(self) -> Result<Items<'a>, SectionError> {
        within(Kind::Items, self.check())?;
        Ok(self)
    }

    /// The same of bytes that [`Items::parse`] has accepted before: no entry is looked at.
    ///
    /// # Errors
    /// When they are no section of this kind, or a part has another length than its head says.
    pub fn reopen(bytes: &'a [u8]) -> Result<Items<'a>, SectionError> {
        within(Kind::Items, Items::read(bytes))
    }

    fn read(bytes: &'a [u8]) -> Result<Items<'a>, Fault> {
        let (version, parts) = parse_since::<12>(bytes, Kind::Items, OLDEST, &parts)?;
        let [
            head,
            factors,
            scales,
            norms,
            gram,
            attributes,
            category_ends,
            category_names,
            id_ends,
            ids,
            by_id,
            rank_scales,
        ] = parts;
        let rank_scales = if version == 1 { scales } else { rank_scales };
        let bounded = if version < 4 { 1 } else { GROUP };
        let mut f = Fields::new(head, PARAMETER_BYTES)?;
        let n = f.u32(|n| n as usize <= ITEMS_MAX) as usize;
        let dims = f.u16(|d| d >= 1 && usize::from(d) <= DIMS_MAX);
        let dims = usize::from(dims);
        let stride = usize::from(f.u16(|s| usize::from(s) == dims.next_multiple_of(LANES)));
        let categories = usize::from(f.u16(|c| usize::from(c) <= CATEGORIES_MAX));
        let markets = usize::from(f.u16(|m| m >= 1 && usize::from(m) <= MARKETS_MAX));
        let confidence = |c: f32| (0.0..=CONFIDENCE_MAX).contains(&c);
        let model = Model {
            alpha0: f.f32(|a| a >= 0.0),
            reg: f.f32(|r| r > 0.0),
            view: f.f32(confidence),
            cart: f.f32(confidence),
            purchase: f.f32(confidence),
            half_life_s: f.f32(|h| h >= 0.0),
        };
        let halved = f.u32(|halved| halved as usize <= n) as usize;
        let fine = f.u32(|fine| fine as usize <= n.saturating_sub(halved)) as usize;
        f.zeros();
        f.end()?;
        let blocks = stride / LANES;
        // Neither is more than ITEMS_MAX · DIMS_MAX, which fits.
        let (whole, halves) = (n.saturating_sub(halved) * blocks, (halved + fine) * stride / 2);
        let split = factors.split_at_checked(whole * LANES).filter(|(_, rest)| rest.len() == halves);
        let expected = (whole * LANES + halves) as u64;
        let wrong = Fault::PartLength { part: 1, found: factors.len() as u32, expected };
        let (factors, halves) = split.ok_or(wrong)?;
        let items = Items {
            model,
            n,
            markets,
            dims,
            blocks,
            factors: le::entries(factors, 1, whole)?,
            halves,
            fine,
            scales: le::entries(scales, 2, n)?,
            norms: le::entries(norms, 3, n.div_ceil(bounded))?,
            bounded,
            rank_scales: le::entries(rank_scales, 11, n)?,
            gram: le::entries(gram, 4, dims * (dims + 1) / 2)?,
            attributes: le::entries(attributes, 5, n)?,
            categories: Texts::read(category_ends, category_names, 6, categories)?,
            ids: Texts::read(id_ends, ids, 8, n)?,
            by_id: le::entries(by_id, 10, n)?,
        };
        Ok(items)
    }

    fn check(&self) -> Result<(), Fault> {
        le::check_floats(self.scales, 2, SCALE_MIN..=SCALE_MAX)?;
        le::check_floats(self.norms, 3, le::NOT_NEGATIVE)?;
        le::check_floats(self.gram, 4, le::FINITE)?;
        self.categories.check(6, (1, usize::MAX))?;
        self.ids.check(8, (1, ID_BYTES_MAX))?;
        self.check_norms()?;
        self.check_attributes()?;
        self.check_order_of_ids()
    }

    /// Pruning is exact only when each norm bounds its factors and the norms descend.
    fn check_norms(&self) -> Result<(), Fault> {
        let mut above = f32::INFINITY;
        let mut room = CODES;
        let scales = self.scales.iter().zip(self.rank_scales);
        for (item, (scale, rank_scale)) in self.iter().zip(scales) {
            let entry = item.get();
            let codes = self.codes(item, &mut room).ok_or(Fault::Value { part: 1, entry })?.as_flattened();
            let [scale, rank_scale] = [*scale, *rank_scale].map(f32::from_le_bytes);
            if !(rank_scale >= scale * BOOST_MIN && rank_scale <= scale) {
                return Err(Fault::Value { part: 11, entry });
            }
            let group = entry / self.bounded as u32;
            let norm = self.norm(item.at()).ok_or(Fault::Value { part: 3, entry: group })?;
            if norm > above {
                return Err(Fault::Order { part: 3, entry: group });
            }
            above = norm;
            if codes.get(self.dims..).unwrap_or_default().iter().any(|c| *c != 0) {
                return Err(Fault::Value { part: 1, entry });
            }
            if !bounds(norm, squares(codes), rank_scale) {
                return Err(Fault::Value { part: 3, entry: group });
            }
        }
        Ok(())
    }

    fn check_attributes(&self) -> Result<(), Fault> {
        let no_market = u16::MAX.checked_shl(self.markets as u32).unwrap_or(0);
        for (i, [m0, m1, c0, c1, _, flags, z0, z1]) in self.attributes.iter().enumerate() {
            let category = usize::from(u16::from_le_bytes([*c0, *c1]));
            let sold = u16::from_le_bytes([*m0, *m1]);
            if sold & no_market != 0 || category >= self.categories.len() || flags & !IN_STOCK != 0 || (z0 | z1) != 0 {
                return Err(Fault::Value { part: 5, entry: i as u32 });
            }
        }
        Ok(())
    }

    /// Strictly ascending ids at in-range indices prove that the list is a permutation and that no id is there twice.
    fn check_order_of_ids(&self) -> Result<(), Fault> {
        let mut last: Option<&str> = None;
        for (i, index) in self.by_id.iter().enumerate() {
            let entry = i as u32;
            let id = self.ids.get(u32::from_le_bytes(*index) as usize).ok_or(Fault::Value { part: 10, entry })?;
            if last.is_some_and(|last| last.as_bytes() >= id.as_bytes()) {
                return Err(Fault::Order { part: 10, entry });
            }
            last = Some(id);
        }
        Ok(())
    }

    /// How many items there are.
    pub const fn len(&self) -> usize {
        self.n
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// Dimensions of a factor.
    pub const fn dims(&self) -> usize {
        self.dims
    }

    /// How many markets the market masks know.
    pub const fn markets(&self) -> usize {
        self.markets
    }

    /// What the model was trained with.
    pub const fn model(&self) -> &Model {
        &self.model
    }

    /// The item at position `index`, if there is one.
    pub fn idx(&self, index: u32) -> Option<ItemIdx> {
        if (index as usize) < self.n { ItemIdx::new(index as usize).ok() } else { None }
    }

    /// All items, in descending order of norm.
    pub fn iter(&self) -> impl Iterator<Item = ItemIdx> + use<> {
        (0..self.n).filter_map(|i| ItemIdx::new(i).ok())
    }

    /// The id of `item` outside this bundle; `None` when the index is another bundle's and too large.
    pub fn id(&self, item: ItemIdx) -> Option<&'a str> {
        self.ids.get(item.at())
    }

    /// The item with this id. Cost: a binary search.
    pub fn find(&self, id: &str) -> Option<ItemIdx> {
        let at = self
            .by_id
            .binary_search_by(|index| {
                let here = self.ids.get(u32::from_le_bytes(*index) as usize).unwrap_or_default();
                here.as_bytes().cmp(id.as_bytes())
            })
            .ok()?;
        self.idx(le::u32_at(self.by_id, at)?)
    }

    /// What the rules need to know of `item`.
    pub fn attributes(&self, item: ItemIdx) -> Option<Attributes> {
        let [m0, m1, c0, c1, price_band, flags, _, _] = *self.attributes.get(item.at())?;
        Some(Attributes {
            markets: u16::from_le_bytes([m0, m1]),
            category: CategoryIdx::new(usize::from(u16::from_le_bytes([c0, c1]))).ok()?,
            price_band,
            in_stock: flags & IN_STOCK != 0,
        })
    }

    /// The names of the categories.
    pub const fn categories(&self) -> &Texts<'a> {
        &self.categories
    }

    /// The category with this name.
    pub fn category(&self, name: &str) -> Option<CategoryIdx> {
        CategoryIdx::new(self.categories.iter().position(|c| c == name)?).ok()
    }

    /// How many of the items, the first, have a byte a number.
    pub(crate) const fn whole(&self) -> usize {
        match self.factors.len().checked_div(self.blocks) {
            Some(whole) => whole,
            None => 0,
        }
    }

    /// The factors of the [`GROUP`] items from `first` on, one after the other, without what refines them; `room` is where
    /// half bytes are widened. Behind the last item there is anything.
    pub(crate) fn group<'r>(&self, first: usize, room: &'r mut [[u8; LANES]]) -> Entries<'r, LANES>
    where
        'a: 'r,
    {
        let (start, size) = (first * self.blocks, GROUP * self.blocks);
        if let Some(group) = self.factors.get(start..start + size) {
            return group;
        }
        for (at, row) in (first..).zip(room.chunks_exact_mut(self.blocks).take(GROUP)) {
            let _ = self.bytes(at, row);
        }
        room.get(..size).unwrap_or_default()
    }

    /// The signed bytes of the factor of the item at `at`, padded to whole vectors.
    fn bytes(&self, at: usize, row: &mut [[u8; LANES]]) -> Option<()> {
        let start = at.checked_mul(self.blocks)?;
        match self.factors.get(start..start.checked_add(self.blocks)?) {
            Some(factor) => row.copy_from_slice(factor),
            None => self.widen(at.checked_sub(self.whole())?, row)?,
        }
        Some(())
    }

    /// Half bytes as bytes: the first half of the numbers lies in the low halves, the second in the high ones.
    fn widen(&self, slot: usize, row: &mut [[u8; LANES]]) -> Option<()> {
        let (low, high) = row.as_flattened_mut().split_at_mut(self.blocks * LANES / 2);
        let start = slot.checked_mul(low.len())?;
        let halves = self.halves.get(start..start.checked_add(low.len())?)?;
        for ((low, high), byte) in low.iter_mut().zip(high).zip(halves) {
            *low = ((byte << 4) as i8 >> 4) as u8;
            *high = (*byte as i8 >> 4) as u8;
        }
        Some(())
    }

    /// The codes of the factor of `item` in sixteenths, padded to whole vectors.
    pub(crate) fn codes<'r>(&self, item: ItemIdx, codes: &'r mut Codes) -> Option<&'r [[i16; LANES]]> {
        let mut row = [[0; LANES]; BLOCKS_MAX];
        let row = row.get_mut(..self.blocks)?;
        let codes = codes.get_mut(..self.blocks)?;
        self.bytes(item.at(), row)?;
        for (code, byte) in codes.as_flattened_mut().iter_mut().zip(row.as_flattened()) {
            *code = i16::from(*byte as i8) * FINER as i16;
        }
        if item.at() < self.fine {
            self.widen(self.n.checked_sub(self.whole())?.checked_add(item.at())?, row)?;
            for (code, byte) in codes.as_flattened_mut().iter_mut().zip(row.as_flattened()) {
                *code += i16::from(*byte as i8);
            }
        }
        Some(codes)
    }

    /// What the norms of the item at `at` and of all after it do not exceed.
    pub(crate) fn norm(&self, at: usize) -> Option<f32> {
        le::f32_at(self.norms, at.checked_div(self.bounded)?)
    }

    /// What a code of a byte of `item`'s factor is worth.
    pub fn scale(&self, item: ItemIdx) -> Option<f32> {
        le::f32_at(self.scales, item.at())
    }

    /// What `item` counts for beside its factor, between [`BOOST_MIN`] and 1; 0 when there is no such item.
    pub fn boost(&self, item: ItemIdx) -> f32 {
        match (le::f32_at(self.rank_scales, item.at()), le::f32_at(self.scales, item.at())) {
            (Some(rank_scale), Some(scale)) => rank_scale / scale,
            _ => 0.0,
        }
    }

    /// Writes the factor of `item`, y = scale · q, to `out`; `false` when there is no such item.
    pub fn dequantise(&self, item: ItemIdx, out: &mut [f32]) -> bool {
        let mut room = CODES;
        let (Some(codes), Some(scale)) = (self.codes(item, &mut room), self.scale(item)) else { return false };
        let Some(out) = out.get_mut(..self.dims) else { return false };
        for (y, code) in out.iter_mut().zip(codes.as_flattened()) {
            *y = f32::from(*code) * (scale / FINER);
        }
        true
    }
}

/// The sum of squares of codes. Each is at most 2056 in size, so 31 bits hold it.
fn squares(codes: &[i16]) -> i32 {
    codes.iter().map(|c| i32::from(*c) * i32::from(*c)).sum()
}

/// Whether `norm` ≥ √squares · scale / 16. In f64 each side is off by at most a few parts in 2^53, which the margin of
/// pruning (2^-18) swallows.
pub(crate) fn bounds(norm: f32, squares: i32, scale: f32) -> bool {
    let (norm, scale) = (f64::from(norm), f64::from(scale / FINER));
    norm * norm >= f64::from(squares) * (scale * scale)
}
