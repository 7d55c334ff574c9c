//! What everybody may be shown: decayed popularity per market and category. No person is in it.
//!
//! ```text
//! heat(i, market, category) = Σ_e weight_e · 2^(−age_e / half_life)      over events e with item i
//! ```
//!
//! Lists are best first, ties by lower item. A market's list over all categories and the list over all markets are
//! there too, so that a fallback always exists.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One event of anybody.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Heat {
    pub item: u32,
    /// Position of the market, as in the bundle's mask.
    pub market: u8,
    /// The item's category.
    pub category: u16,
    /// Days between the event and the cut; never negative.
    pub age_days: f32,
    /// How much this kind of event counts.
    pub weight: f32,
}

/// How fast fashion fades and how long the lists are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TrendingConfig {
    pub half_life_days: f32,
    /// Longest list kept.
    pub length_max: usize,
    /// Events needed in a (market, category) before it gets a list of its own.
    pub events_min: u32,
}

impl Default for TrendingConfig {
    /// 7 days: the half-life with the best Recall@20 of popularity alone on the last 30 days of Online Retail.
    fn default() -> Self {
        TrendingConfig { half_life_days: 7.0, length_max: 100, events_min: 1 }
    }
}

/// Which list; `None` means all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ListKey {
    pub market: Option<u8>,
    pub category: Option<u16>,
}

/// An item and its heat.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Hot {
    pub item: u32,
    pub heat: f32,
}

/// The lists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trending {
    lists: BTreeMap<ListKey, Vec<Hot>>,
}

impl Trending {
    /// The list of exactly this key, best first.
    pub fn list(&self, key: ListKey) -> Option<&[Hot]> {
        self.lists.get(&key).map(Vec::as_slice)
    }

    /// The narrowest list there is: market and category, then the market, then everything; empty without any event.
    pub fn best(&self, market: u8, category: Option<u16>) -> &[Hot] {
        let keys = [
            ListKey { market: Some(market), category },
            ListKey { market: Some(market), category: None },
            ListKey { market: None, category: None },
        ];
        keys.into_iter().find_map(|key| self.list(key)).unwrap_or(&[])
    }

    /// All lists in the order of their keys.
    pub fn lists(&self) -> impl Iterator<Item = (ListKey, &[Hot])> {
        self.lists.iter().map(|(k, v)| (*k, v.as_slice()))
    }
}

/// Why there are no lists.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum TrendingError {
    /// An event after the cut, or a number that is none.
    #[error("event {row}: age {age_days} days and weight {weight} must be finite and at least 0")]
    BadEvent { row: usize, age_days: f32, weight: f32 },
    /// The half-life is not above zero.
    #[error("the half-life must be above 0 days, not {half_life_days}")]
    HalfLife { half_life_days: f32 },
}

/// Builds all lists. The order of `events` does not matter. O(n log n).
///
/// # Errors
/// See [`TrendingError`].
pub fn trending(mut events: Vec<Heat>, config: &TrendingConfig) -> Result<Trending, TrendingError> {
    if config.half_life_days.is_nan() || config.half_life_days <= 0.0 {
        return Err(TrendingError::HalfLife { half_life_days: config.half_life_days });
    }
    let sound = |v: f32| v.is_finite() && v >= 0.0;
    if let Some((row, e)) = events.iter().enumerate().find(|(_, e)| !sound(e.age_days) || !sound(e.weight)) {
        return Err(TrendingError::BadEvent { row, age_days: e.age_days, weight: e.weight });
    }
    // One order of additions, whatever order the events came in.
    events.sort_unstable_by(|a, b| {
        (a.item, a.market, a.category)
            .cmp(&(b.item, b.market, b.category))
            .then(a.age_days.total_cmp(&b.age_days))
            .then(a.weight.total_cmp(&b.weight))
    });
    let mut heat: BTreeMap<(ListKey, u32), (f64, u32)> = BTreeMap::new();
    for e in &events {
        let add = f64::from(e.weight) * (-f64::from(e.age_days) / f64::from(config.half_life_days)).exp2();
        for market in [Some(e.market), None] {
            for category in [Some(e.category), None] {
                let slot = heat.entry((ListKey { market, category }, e.item)).or_default();
                slot.0 += add;
                slot.1 += 1;
            }
        }
    }
    let mut lists: BTreeMap<ListKey, (Vec<Hot>, u32)> = BTreeMap::new();
    for ((key, item), (sum, events)) in heat {
        let list = lists.entry(key).or_default();
        list.0.push(Hot { item, heat: sum as f32 });
        list.1 += events;
    }
    let whole = ListKey { market: None, category: None };
    lists.retain(|key, (_, events)| *key == whole || *events >= config.events_min);
    let lists = lists
        .into_iter()
        .map(|(key, (mut list, _))| {
            list.sort_unstable_by(|a, b| b.heat.total_cmp(&a.heat).then(a.item.cmp(&b.item)));
            list.truncate(config.length_max);
            (key, list)
        })
        .collect();
    Ok(Trending { lists })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heat(item: u32, market: u8, category: u16, age_days: f32) -> Heat {
        Heat { item, market, category, age_days, weight: 1.0 }
    }

    fn items(list: &[Hot]) -> Vec<u32> {
        list.iter().map(|h| h.item).collect()
    }

    #[test]
    fn fresh_beats_old_and_lists_are_per_market_and_category() {
        let config = TrendingConfig { half_life_days: 7.0, length_max: 2, events_min: 2 };
        let mut events = vec![
            heat(1, 0, 5, 0.0),
            heat(2, 0, 5, 7.0),
            heat(2, 0, 5, 14.0),
            heat(3, 0, 6, 1.0),
            heat(4, 0, 5, 0.0),
            heat(9, 1, 5, 0.0),
        ];
        let t = trending(events.clone(), &config).expect("valid");
        assert_eq!(items(t.best(0, Some(5))), [1, 4], "a tie goes to the lower item; the list ends at its length");
        assert_eq!(items(t.best(0, None)), [1, 4]);
        assert_eq!(items(t.best(0, Some(6))), [1, 4], "one event is too few for a list, so the market's is used");
        assert_eq!(items(t.best(1, Some(5))), [1, 4], "nor does market 1 have enough");
        assert_eq!(t.best(0, Some(5))[0].heat, 1.0);
        events.reverse();
        assert_eq!(trending(events, &config).expect("valid"), t, "order does not matter");
        assert!(trending(Vec::new(), &config).expect("valid").best(0, None).is_empty());
    }

    #[test]
    fn impossible_events_are_refused() {
        let config = TrendingConfig::default();
        for bad in [heat(0, 0, 0, -1.0), heat(0, 0, 0, f32::NAN), Heat { weight: -1.0, ..heat(0, 0, 0, 0.0) }] {
            let got = trending(vec![heat(1, 0, 0, 0.0), bad], &config);
            assert!(matches!(got, Err(TrendingError::BadEvent { row: 1, .. })), "{got:?}");
        }
        let got = trending(Vec::new(), &TrendingConfig { half_life_days: 0.0, ..config });
        assert_eq!(got, Err(TrendingError::HalfLife { half_life_days: 0.0 }));
    }
}
