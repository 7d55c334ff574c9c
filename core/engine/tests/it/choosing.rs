//! Lists that are more than the best scores: mixed by category, alike to an item, narrowed by rules; each against a
//! plain program.

use kenal_core::diversity::candidates;
use kenal_core::limits::K_MAX;
use kenal_core::{Items, Rules, Scored, TopK, UserVector, diversify, rank, similar};
use proptest::prelude::*;
use proptest::test_runner::Config;

use crate::shop::{self, Random};

/// Maximal marginal relevance, picked one by one from what is left.
fn mixed(items: &Items<'_>, lambda: f32, k: usize, list: &[Scored]) -> Vec<u32> {
    let category = |s: &Scored| items.attributes(s.item).expect("an item").category;
    let best = list.first().map_or(1.0, |s| s.score.get()).max(f32::MIN_POSITIVE);
    let (mut left, mut out): (Vec<Scored>, Vec<Scored>) = (list.to_vec(), Vec::new());
    while out.len() < k && !left.is_empty() {
        let value = |s: &Scored| {
            let again = out.iter().any(|o| category(o) == category(s));
            (1.0 - lambda) * (s.score.get() / best) - if again { lambda } else { 0.0 }
        };
        let most = left.iter().map(value).fold(f32::NEG_INFINITY, f32::max);
        let at = left.iter().position(|s| value(s) == most).expect("one of them");
        out.push(left.remove(at));
    }
    out.iter().map(|s| s.item.get()).collect()
}

fn taste(seed: u64, dims: usize) -> UserVector {
    let mut random = Random(seed ^ 5);
    let x: Vec<f32> = (0..dims).map(|_| random.signed() + 1e-6).collect();
    UserVector::quantise(&x).expect("a taste")
}

proptest! {
    #![proptest_config(Config { cases: 200, failure_persistence: None, ..Config::default() })]

    #[test]
    fn mixing_is_maximal_marginal_relevance(seed: u64, n in 0usize..200, k in 0usize..40, lambda in 0.0f32..1.0) {
        let bytes = shop::items(seed, n, 12);
        let items = Items::parse(&bytes).expect("own output");
        let mut top = TopK::new();
        let list = rank(&items, &taste(seed, 12), &Rules::default(), candidates(k), &mut top).to_vec();
        let expected = mixed(&items, lambda, k, &list);
        let got: Vec<u32> = diversify(&items, lambda, k, &mut top).iter().map(|s| s.item.get()).collect();
        prop_assert_eq!(got, expected);
    }

    #[test]
    fn rules_leave_exactly_what_they_allow(seed: u64, least in 0u8..5, most in 0u8..5, category in 0usize..5) {
        let bytes = shop::items(seed, 150, 8);
        let items = Items::parse(&bytes).expect("own output");
        let not = [shop::category(category)];
        let rules = Rules { not_categories: &not, price_bands: Some((least, most)), ..Rules::default() };
        let mut top = TopK::new();
        let mut shown: Vec<u32> =
            rank(&items, &taste(seed, 8), &rules, 150, &mut top).iter().map(|s| s.item.get()).collect();
        shown.sort_unstable();
        let wanted = |item: &kenal_core::ItemIdx| {
            let a = items.attributes(*item).expect("an item");
            a.in_stock && a.category != not[0] && a.price_band >= least && a.price_band <= most
        };
        let expected: Vec<u32> = items.iter().filter(wanted).map(kenal_core::ItemIdx::get).collect();
        prop_assert_eq!(shown, expected);
    }

    #[test]
    fn like_an_item_is_what_points_its_way(seed: u64, n in 1usize..200, at: prop::sample::Index) {
        let bytes = shop::items(seed, n, 16);
        let items = Items::parse(&bytes).expect("own output");
        let item = shop::item(at.index(n));
        let mut y = [0.0; 16];
        prop_assert!(items.dequantise(item, &mut y));
        let rules = Rules { out_of_stock: true, ..Rules::default() };
        let mut top = TopK::new();
        let got = similar(&items, item, &rules, 10, &mut top).to_vec();
        prop_assert!(got.iter().all(|s| s.item != item && s.score.get() > 0.0));
        let Some(direction) = UserVector::quantise(&y) else { return Ok(()) };
        let mut all = TopK::new();
        let ranked = rank(&items, &direction, &Rules { exclude: &[item], ..rules }, K_MAX, &mut all);
        let expected: Vec<Scored> = ranked.iter().filter(|s| s.score.get() > 0.0).take(10).copied().collect();
        prop_assert_eq!(got, expected);
    }
}

#[test]
fn the_ends_of_mixing() {
    let bytes = shop::items(3, 120, 8);
    let items = Items::parse(&bytes).expect("own output");
    let mut top = TopK::new();
    let best = rank(&items, &taste(3, 8), &Rules::default(), candidates(10), &mut top).to_vec();
    let ids = |list: &[Scored]| list.iter().map(|s| s.item.get()).collect::<Vec<_>>();
    for odd in [0.0, -1.0, 1.5, f32::NAN] {
        rank(&items, &taste(3, 8), &Rules::default(), candidates(10), &mut top);
        assert_eq!(ids(diversify(&items, odd, 10, &mut top)), ids(&best[..10]), "{odd}");
    }
    rank(&items, &taste(3, 8), &Rules::default(), candidates(10), &mut top);
    let list = diversify(&items, 1.0, 5, &mut top);
    let mut categories: Vec<_> =
        list.iter().map(|s| items.attributes(s.item).expect("an item").category.get()).collect();
    categories.sort_unstable();
    categories.dedup();
    assert_eq!(categories.len(), 5, "five of five categories");
    assert_eq!(candidates(0), 0);
    assert_eq!(candidates(usize::MAX), K_MAX);
}
