//! The ranking against a full sort of plainly computed scores.

use kenal_core::format::write::{UserRowInput, write_row};
use kenal_core::limits::{K_MAX, VISITOR_CODE_MAX};
use kenal_core::{
    EventKind, Items, LiveEvent, Rules, Score, Scored, TopK, Trending, UserRow, UserVector, Visit, rank, trending,
};
use proptest::prelude::*;

use crate::shop::{self, Random};

/// All allowed items in order, scored by the formula of `FORMAT.md` from the public view of the factors.
fn sorted(items: &Items<'_>, x: &[f32], rules: &Rules<'_>) -> Vec<Scored> {
    let scale_u = x.iter().fold(0f32, |m, x| m.max(x.abs())) / f32::from(VISITOR_CODE_MAX);
    let q_u: Vec<i32> = x.iter().map(|x| (x / scale_u).round() as i32).collect();
    let mut all: Vec<Scored> = items
        .iter()
        .filter(|item| rules.allow(items, *item))
        .map(|item| {
            let mut y = vec![0.0; items.dims()];
            assert!(items.dequantise(item, &mut y));
            let scale = items.scale(item).expect("every item has one");
            // In sixteenths of a code.
            let dot: i64 = y.iter().zip(&q_u).map(|(y, q)| (16.0 * y / scale).round() as i64 * i64::from(*q)).sum();
            let score = dot as f32 / 16.0 * (scale * items.boost(item)) * scale_u;
            Scored { item, score: Score::new(score).expect("finite") }
        })
        .collect();
    all.sort_by(|a, b| b.cmp(a));
    all
}

fn compare(items: &Items<'_>, x: &[f32], rules: &Rules<'_>, k: usize, top: &mut TopK) {
    let user = UserVector::quantise(x).expect("a taste");
    let all = sorted(items, x, rules);
    let got = rank(items, &user, rules, k, top);
    assert_eq!(got.len(), all.len().min(k));
    let plain = |list: &[Scored]| list.iter().map(|s| s.item.get()).collect::<Vec<_>>();
    assert_eq!(plain(got), plain(&all[..got.len()]));
    for (a, b) in got.iter().zip(&all) {
        assert!((a.score.get() - b.score.get()).abs() <= 1e-6 * b.score.get().abs());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn top_k_equals_a_full_sort(seed: u64, n in 0usize..300, dims in 1usize..80, k in 0usize..60) {
        let (fine, whole) = [(0, n), (n / 5, n / 3), (0, 0), (n, n), (0, n / 3), (n / 3, n / 3)][seed as usize % 6];
        let bytes = shop::tiered_items(seed, n, dims, fine, whole);
        let items = Items::parse(&bytes).expect("own output");
        let mut random = Random(seed ^ 1);
        let x: Vec<f32> = (0..dims).map(|_| random.signed() + 1e-6).collect();
        let mut top = TopK::new();
        compare(&items, &x, &Rules { out_of_stock: true, ..Rules::default() }, k, &mut top);
        let excluded: Vec<_> = (0..n.min(20)).map(|i| shop::item(i * 7 % n)).collect();
        let rules = Rules {
            market: Some(shop::market(random.below(4))),
            category: (seed % 3 == 0).then(|| shop::category(random.below(5))),
            exclude: &excluded,
            ..Rules::default()
        };
        compare(&items, &x, &rules, k, &mut top);
    }
}

#[test]
fn pruning_stops_early_and_changes_nothing() {
    for (fine, whole) in [(0, 20_000), (0, 5_000), (3_000, 7_000)] {
        prunes(&shop::tiered_items(7, 20_000, 32, fine, whole));
    }
}

fn prunes(bytes: &[u8]) {
    let items = Items::parse(bytes).expect("own output");
    let mut top = TopK::new();
    let mut scanned = 0;
    for seed in 0..20 {
        let mut random = Random(seed);
        let x: Vec<f32> = (0..32).map(|_| random.signed()).collect();
        compare(&items, &x, &Rules { out_of_stock: true, ..Rules::default() }, 20, &mut top);
        scanned += top.scanned();
    }
    assert!(scanned < 20 * 20_000 / 4, "{scanned} items looked at in 20 rankings of 20000");
}

#[test]
fn ties_go_to_the_lower_index_even_at_the_edge_of_the_list() {
    let mut inputs = shop::item_inputs(1, 50, 4);
    for input in &mut inputs {
        input.factor = vec![1.0, 0.5, 0.25, 0.0];
    }
    let bytes = shop::items_of(&inputs, 4).bytes;
    let items = Items::parse(&bytes).expect("own output");
    let user = UserVector::quantise(&[1.0, 1.0, 1.0, 1.0]).expect("a taste");
    let mut top = TopK::new();
    let list = rank(&items, &user, &Rules { out_of_stock: true, ..Rules::default() }, 7, &mut top);
    assert!(list.iter().map(|s| s.item.get()).eq(0..7));
}

#[test]
fn a_list_is_full_while_enough_items_are_allowed() {
    let bytes = shop::items(5, 700, 8);
    let items = Items::parse(&bytes).expect("own output");
    // A taste that every item scores low on, so that scores are negative.
    let user = UserVector::quantise(&[-1.0; 8]).expect("a taste");
    let mut top = TopK::new();
    let rules = Rules { out_of_stock: true, ..Rules::default() };
    for (k, expected) in [(0, 0), (1, 1), (256, 256), (700, K_MAX)] {
        assert_eq!(rank(&items, &user, &rules, k, &mut top).len(), expected);
    }
    let few = Rules { category: Some(shop::category(2)), market: Some(shop::market(0)), ..Rules::default() };
    let allowed = items.iter().filter(|i| few.allow(&items, *i)).count();
    assert!(allowed > 10 && allowed < 200);
    assert_eq!(rank(&items, &user, &few, 200, &mut top).len(), allowed);
}

#[test]
fn what_is_bought_in_the_cart_or_just_seen_is_not_shown() {
    let bytes = shop::items(5, 60, 8);
    let items = Items::parse(&bytes).expect("own output");
    let input = UserRowInput {
        history: vec![shop::entry(1, 1.0)],
        bought: (0..20).map(shop::item).collect(),
        ..UserRowInput::default()
    };
    let row = write_row(&input, items.len()).expect("a good row");
    let row = UserRow::parse(&row, items.len()).expect("own output");
    let event = |index, at_s, kind| LiveEvent { item: shop::item(index), at_s, kind };
    let events = [
        event(30, 5, EventKind::Purchase),
        event(31, 5, EventKind::CartAdd),
        event(32, 5, EventKind::CartAdd),
        event(32, 6, EventKind::CartRemove),
        event(33, 7, EventKind::CartAdd),
        event(33, 6, EventKind::CartRemove),
        event(34, 7, EventKind::View),
        event(35, 5, EventKind::Purchase),
        event(35, 6, EventKind::CartRemove),
    ];
    let mut visit = Visit::new();
    visit.load(shop::permit(), &items, Some(&row), &events, 10).expect("few events");
    let exclude = [shop::item(40)];
    let rules =
        Rules { out_of_stock: true, exclude: &exclude, bought: row.bought(), visit: Some(&visit), ..Rules::default() };
    let user = UserVector::quantise(&[0.5; 8]).expect("a taste");
    let hidden: Vec<u32> = (0..20).chain([30, 31, 33, 34, 35, 40]).collect();
    let expected: Vec<u32> = (0..60).filter(|i| !hidden.contains(i)).collect();
    let lists = trending_of(60);
    let lists = Trending::parse(&lists).expect("own output");
    let mut top = TopK::new();
    for list in [rank(&items, &user, &rules, 100, &mut TopK::new()), trending(&lists, &items, &rules, 100, &mut top)] {
        let mut shown: Vec<u32> = list.iter().map(|s| s.item.get()).collect();
        shown.sort_unstable();
        assert_eq!(shown, expected);
    }
}

fn trending_of(n: usize) -> Vec<u8> {
    shop::trending(n)
}

#[test]
fn trending_goes_from_the_category_to_the_market_to_everything() {
    let inputs = shop::item_inputs(2, 12, 4);
    let mut same = inputs.clone();
    for (i, input) in same.iter_mut().enumerate() {
        (input.markets, input.in_stock) = (0b1111, true);
        input.category = shop::category(usize::from(i % 2 == 0));
    }
    let written = shop::items_of(&same, 4);
    let items = Items::parse(&written.bytes).expect("own output");
    let lists = trending_of(12);
    let lists = Trending::parse(&lists).expect("own output");
    let mut top = TopK::new();
    let mut show = |rules: &Rules<'_>, k| -> Vec<(u32, f32)> {
        trending(&lists, &items, rules, k, &mut top).iter().map(|s| (s.item.get(), s.score.get())).collect()
    };
    let market = Some(shop::market(1));
    // Market 1 lists 7, 4, 1, 10, 7, 4, 1 with scores 6 to 0: an item that is listed twice is shown once.
    let all = show(&Rules { market, ..Rules::default() }, 12);
    assert_eq!(all[..4], [(7, 6.0), (4, 5.0), (1, 4.0), (10, 3.0)]);
    assert!(all[4..].iter().map(|(i, _)| *i).eq([0, 2, 3, 5, 6, 8, 9, 11]));
    assert!(all[4..].iter().all(|(_, score)| *score == 0.0));
    let one = show(&Rules { market, category: Some(shop::category(1)), ..Rules::default() }, 12);
    assert_eq!(one.len(), 6);
    assert!(
        one.iter().all(|(i, _)| {
            items.attributes(shop::item(*i as usize)).is_some_and(|a| a.category == shop::category(1))
        })
    );
    assert!(show(&Rules::default(), 3).iter().map(|(i, _)| *i).eq(0..3), "without a market there is no list");
}
