//! One user's row: what the bundle knows about a person, which is little. Its sibling is `row_write.rs`.

use super::Kind;
use super::container::within;
use super::le::Entries;
use crate::consent::ConsentBits;
use crate::error::{Fault, SectionError};
use crate::index::{ItemIdx, MarketIdx};
use crate::limits::{AGAIN_MAX, CONFIDENCE_MAX, HISTORY_MAX};

pub(crate) const VERSION: u8 = 2;
/// The version before the blend: the same without the last part.
const VERSION_1: u8 = 1;
pub(crate) const NO_MARKET: u8 = u8::MAX;
pub(crate) const HEAD_BYTES: usize = 8;

/// A person as the bundle knows them.
#[derive(Debug, Clone, Copy)]
pub struct UserRow<'a> {
    consent: ConsentBits,
    churn_decile: u8,
    market: Option<MarketIdx>,
    history: Entries<'a, 8>,
    bought: ItemSet<'a>,
    /// Of each history entry what it counts for what goes with it, and how much it is due again; empty in version 1.
    ties: Entries<'a, 8>,
}

/// One item of a history.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entry {
    /// The item's number in the bundle.
    pub item: u32,
    /// c_uj, above 0.
    pub confidence: f32,
    /// How much it counts for what goes with it, 0 to 1; `None` in a row of version 1.
    pub together: Option<f32>,
    /// How much it is due to be bought again; 0 when it is not.
    pub again: f32,
}

/// Items in ascending order, read in place.
#[derive(Debug, Clone, Copy, Default)]
pub struct ItemSet<'a>(Entries<'a, 4>);

impl<'a> UserRow<'a> {
    /// Reads a row of a bundle with `items` items.
    ///
    /// # Errors
    /// When the bytes are not exactly as `FORMAT.md` says; the error names the user shard.
    pub fn parse(bytes: &'a [u8], items: usize) -> Result<UserRow<'a>, SectionError> {
        within(Kind::UserShard, UserRow::read(bytes, items))
    }

    fn read(bytes: &'a [u8], items: usize) -> Result<UserRow<'a>, Fault> {
        let Some((head, rest)) = bytes.split_first_chunk::<HEAD_BYTES>() else {
            return Err(Fault::TooShort { bytes: bytes.len() });
        };
        let [version, churn_decile, c0, c1, market, history, b0, b1] = *head;
        if version != VERSION && version != VERSION_1 {
            return Err(Fault::Version { found: u16::from(version), known: u16::from(VERSION) });
        }
        if churn_decile > 10 {
            return Err(Fault::Limit { at: 1 });
        }
        let consent = ConsentBits::from_bits(u16::from_le_bytes([c0, c1])).ok_or(Fault::Limit { at: 2 })?;
        let market = match market {
            NO_MARKET => None,
            m => Some(MarketIdx::new(usize::from(m)).map_err(|_| Fault::Limit { at: 4 })?),
        };
        let history_bytes = usize::from(history) * 8;
        if usize::from(history) > HISTORY_MAX {
            return Err(Fault::Limit { at: 5 });
        }
        let bought_bytes = usize::from(u16::from_le_bytes([b0, b1])) * 4;
        let ties_bytes = if version == VERSION_1 { 0 } else { history_bytes };
        let expected = history_bytes + bought_bytes + ties_bytes;
        let wrong = Fault::PartLength { part: 0, found: rest.len() as u32, expected: expected as u64 };
        if rest.len() != expected {
            return Err(wrong);
        }
        let (history, rest) = rest.split_at_checked(history_bytes).ok_or(wrong)?;
        let (bought, ties) = rest.split_at_checked(bought_bytes).ok_or(wrong)?;
        let row = UserRow {
            consent,
            churn_decile,
            market,
            history: history.as_chunks::<8>().0,
            bought: ItemSet(bought.as_chunks::<4>().0),
            ties: ties.as_chunks::<8>().0,
        };
        row.check(items)?;
        Ok(row)
    }

    /// Parts are numbered as in `FORMAT.md`: 1 the history, 2 what was bought, 3 the ties.
    fn check(&self, items: usize) -> Result<(), Fault> {
        let mut last = None;
        for (i, raw) in self.history.iter().enumerate() {
            let entry = i as u32;
            let (item, confidence) = pair(*raw);
            if item as usize >= items || !(confidence > 0.0 && confidence <= CONFIDENCE_MAX) {
                return Err(Fault::Value { part: 1, entry });
            }
            if last.is_some_and(|last| last >= item) {
                return Err(Fault::Order { part: 1, entry });
            }
            last = Some(item);
        }
        let mut last = None;
        for (i, raw) in self.bought.0.iter().enumerate() {
            let (entry, item) = (i as u32, u32::from_le_bytes(*raw));
            if item as usize >= items {
                return Err(Fault::Value { part: 2, entry });
            }
            if last.is_some_and(|last| last >= item) {
                return Err(Fault::Order { part: 2, entry });
            }
            last = Some(item);
        }
        for (i, raw) in self.ties.iter().enumerate() {
            let (together, again) = floats(*raw);
            if !(0.0..=1.0).contains(&together) || !(0.0..=AGAIN_MAX).contains(&again) {
                return Err(Fault::Value { part: 3, entry: i as u32 });
            }
        }
        Ok(())
    }

    /// What the person had agreed to when the bundle was built.
    pub const fn consent(&self) -> ConsentBits {
        self.consent
    }

    /// 1 (least likely to leave) to 10; `None` when unknown.
    pub const fn churn_decile(&self) -> Option<u8> {
        if self.churn_decile == 0 { None } else { Some(self.churn_decile) }
    }

    /// Where the person belongs.
    pub const fn market(&self) -> Option<MarketIdx> {
        self.market
    }

    /// What the person dealt with lately, and how much that says, by ascending item.
    pub fn history(&self) -> impl ExactSizeIterator<Item = Entry> + use<'a> {
        let ties = self.ties;
        self.history.iter().enumerate().map(move |(at, raw)| {
            let (item, confidence) = pair(*raw);
            let tie = ties.get(at).map(|raw| floats(*raw));
            Entry { item, confidence, together: tie.map(|t| t.0), again: tie.map_or(0.0, |t| t.1) }
        })
    }

    /// What the person has bought, ever.
    pub const fn bought(&self) -> ItemSet<'a> {
        self.bought
    }
}

impl ItemSet<'_> {
    /// Whether `item` is in the set. Cost: a binary search.
    pub fn contains(&self, item: ItemIdx) -> bool {
        self.0.binary_search_by_key(&item.get(), |raw| u32::from_le_bytes(*raw)).is_ok()
    }

    /// How many items there are.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The items, ascending.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = u32> {
        self.0.iter().map(|raw| u32::from_le_bytes(*raw))
    }
}

fn pair([i0, i1, i2, i3, c0, c1, c2, c3]: [u8; 8]) -> (u32, f32) {
    (u32::from_le_bytes([i0, i1, i2, i3]), f32::from_le_bytes([c0, c1, c2, c3]))
}

fn floats([a0, a1, a2, a3, b0, b1, b2, b3]: [u8; 8]) -> (f32, f32) {
    (f32::from_le_bytes([a0, a1, a2, a3]), f32::from_le_bytes([b0, b1, b2, b3]))
}
