//! The blend against a plain program that scores every item by the formula of its module, in f64.

use kenal_core::format::container::Outline;
use kenal_core::format::write::{BlendInput, HistoryInput, UserRowInput, write_blend, write_row};
use kenal_core::limits::{GOES_WITH_MAX, K_MAX};
use kenal_core::{
    Blend, Bundle, EventKind, ItemIdx, LiveEvent, Relation, Rules, Scratch, Sections, UserRow, Weights, because,
    personalise,
};
use proptest::prelude::*;

use crate::shop::{self, Random};

const DIMS: usize = 12;

/// The sections of a shop, with the lists that the blend was written from.
struct Shop {
    items: Vec<u8>,
    trending: Vec<u8>,
    revocations: Vec<u8>,
    blend: Vec<u8>,
    row: Vec<u8>,
}

impl Shop {
    fn new(seed: u64, n: usize, weights: Weights, most: usize, history: usize) -> Shop {
        let mut random = Random(seed ^ 0x5eed);
        let mut known: Vec<usize> = (0..history).map(|_| random.below(n)).collect();
        known.sort_unstable();
        known.dedup();
        let history: Vec<HistoryInput> = known
            .iter()
            .map(|&index| HistoryInput {
                item: shop::item(index),
                confidence: random.signed().abs() + 0.1,
                together: random.signed().abs(),
                again: if random.below(3) == 0 { random.signed().abs() } else { 0.0 },
            })
            .collect();
        let bought = known.iter().take(known.len() / 2).map(|&index| shop::item(index)).collect();
        let row = write_row(&UserRowInput { history, bought, ..UserRowInput::default() }, n).expect("a good row");
        let goes_with = shop::goes_with(seed, n, most);
        Shop {
            items: shop::items(seed, n, DIMS),
            trending: shop::trending(n),
            revocations: shop::revocations(0),
            blend: write_blend(&BlendInput { weights, goes_with: &goes_with }).expect("good lists"),
            row,
        }
    }

    fn bundle(&self) -> Bundle<'_> {
        Bundle::parse(&Sections {
            items: &self.items,
            trending: &self.trending,
            revocations: &self.revocations,
            users: None,
            churn: None,
            catalogue: None,
            blend: Some(&self.blend),
        })
        .expect("own output")
    }
}

/// The formula of `core/engine/src/blend.rs`, item by item.
fn plain(bundle: &Bundle<'_>, scratch: &Scratch, again: bool) -> Vec<f64> {
    let items = &bundle.items;
    let blend = bundle.blend.expect("a blend");
    let weights = blend.weights();
    let observations = scratch.visit.observations();
    let n = items.len();
    let total = observations.iter().map(|o| f64::from(o.together).powi(2)).sum::<f64>().sqrt().max(1.0);
    let mut together = vec![0f64; n];
    for o in observations {
        let strength = f64::from(o.together) + f64::from(o.pull) * f64::from(kenal_core::blend::PULL) * total;
        for (other, weight) in blend.goes_with(o.item) {
            together[other as usize] += strength * f64::from(weight);
        }
    }
    let taste: Vec<f64> = items
        .iter()
        .map(|item| {
            let mut y = [0.0; DIMS];
            assert!(items.dequantise(item, &mut y));
            y.iter().zip(scratch.fold_in.taste()).map(|(y, x)| f64::from(*y) * f64::from(*x)).sum()
        })
        .collect();
    let over_rms = |scores: &[f64], weight: f32| {
        let rms = (scores.iter().map(|s| s * s).sum::<f64>() / n as f64).sqrt();
        if rms > 0.0 { f64::from(weight) / rms } else { 0.0 }
    };
    let (a, b) = (over_rms(&together, weights.item_item), over_rms(&taste, weights.als));
    let due = |item: ItemIdx| observations.iter().find(|o| o.item == item).map_or(0.0, |o| f64::from(o.again));
    items
        .iter()
        .zip(together.iter().zip(&taste))
        .map(|(item, (s, t))| {
            let boost = f64::from(items.boost(item));
            let again = if again { due(item) * f64::from(weights.again) } else { 0.0 };
            (a * s + b * t).max(0.0) * boost + again
        })
        .collect()
}

fn compare(seed: u64, n: usize, weights: Weights, most: usize, history: usize, again: bool, k: usize) {
    let shop = Shop::new(seed, n, weights, most, history);
    let bundle = shop.bundle();
    let row = UserRow::parse(&shop.row, n).expect("own output");
    let mut random = Random(seed);
    let events: Vec<LiveEvent> = (0..random.below(5))
        .map(|_| LiveEvent { item: shop::item(random.below(n)), at_s: 90, kind: EventKind::CartAdd })
        .collect();
    let mut scratch = Box::new(Scratch::new());
    scratch.visit.load(shop::permit(), &bundle.items, Some(&row), &events, 100).expect("few events");
    let bought = if again { kenal_core::ItemSet::default() } else { row.bought() };
    let rules = Rules { market: Some(shop::market(1)), bought, ..Rules::default() };
    let Ok(list) = personalise(&bundle, &rules, again, k, &mut scratch) else { return };
    let list = list.to_vec();
    let scores = plain(&bundle, &scratch, again);
    let shown = Rules { visit: Some(&scratch.visit), ..rules };
    let mut allowed: Vec<ItemIdx> = bundle.items.iter().filter(|i| shown.allow(&bundle.items, *i)).collect();
    assert_eq!(list.len(), allowed.len().min(k), "full while enough items are allowed");
    allowed.sort_by(|a, b| scores[b.get() as usize].total_cmp(&scores[a.get() as usize]).then(a.cmp(b)));
    // The taste is quantised, so a score is right to a hundredth of the part that taste has in it.
    let largest = allowed.first().map_or(0.0, |i| scores[i.get() as usize]);
    let near = |a: f64, b: f64| (a - b).abs() <= 0.03 * f64::from(weights.als) * 10.0 + 1e-4 * largest;
    for (place, scored) in list.iter().enumerate() {
        assert!(shown.allow(&bundle.items, scored.item));
        let expected = scores[scored.item.get() as usize];
        if f64::from(scored.score.get()) > 0.0 && expected > 0.0 {
            let as_good = scores[allowed[place].get() as usize];
            assert!(near(expected, as_good), "place {place}: {expected} where {as_good} belongs");
        }
    }
    let listed: Vec<ItemIdx> = list.iter().map(|s| s.item).collect();
    let mut distinct = listed.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), listed.len(), "no item twice");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_list_is_that_of_the_formula(
        seed: u64, n in 1usize..250, most in 0usize..12, history in 1usize..40, again: bool, k in 1usize..40,
        als in prop_oneof![Just(0.0f32), 0.01f32..2.0],
    ) {
        let weights = Weights { item_item: 1.0, als, again: 5.0 };
        compare(seed, n, weights, most, history, again, k);
    }
}

#[test]
fn without_taste_the_scores_are_exact() {
    let shop = Shop::new(11, 60, Weights { item_item: 2.0, als: 0.0, again: 3.0 }, 8, 20);
    let bundle = shop.bundle();
    let row = UserRow::parse(&shop.row, 60).expect("own output");
    let mut scratch = Box::new(Scratch::new());
    scratch.visit.load(shop::permit(), &bundle.items, Some(&row), &[], 0).expect("no events");
    let rules = Rules { out_of_stock: true, ..Rules::default() };
    let list = personalise(&bundle, &rules, true, K_MAX, &mut scratch).expect("a solution").to_vec();
    let scores = plain(&bundle, &scratch, true);
    assert_eq!(list.len(), 60);
    assert!(list.iter().filter(|s| s.score.get() > 0.0).count() > 10);
    for scored in list.iter().filter(|s| s.score.get() > 0.0) {
        let expected = scores[scored.item.get() as usize];
        assert!((f64::from(scored.score.get()) - expected).abs() < 1e-5 * expected, "{scored:?} for {expected}");
    }
}

#[test]
fn what_is_due_again_leads_and_says_why_and_a_reason_is_what_spoke_most() {
    let weights = Weights { item_item: 1.0, als: 0.0, again: 100.0 };
    let mut goes_with = vec![Vec::new(); 9];
    goes_with[2] = vec![(shop::item(5), 1.0), (shop::item(6), 0.25)];
    goes_with[3] = vec![(shop::item(5), 0.5), (shop::item(6), 0.75)];
    let mut shop = Shop::new(1, 9, weights, 0, 1);
    shop.blend = write_blend(&BlendInput { weights, goes_with: &goes_with }).expect("good lists");
    let mut history = vec![shop::entry(2, 1.0), shop::entry(3, 1.0)];
    history[0].again = 0.5;
    let bought = vec![shop::item(2), shop::item(3)];
    let input = UserRowInput { history, bought, ..UserRowInput::default() };
    shop.row = write_row(&input, 9).expect("a good row");
    let bundle = shop.bundle();
    let row = UserRow::parse(&shop.row, 9).expect("own output");
    let mut scratch = Box::new(Scratch::new());
    let rules = Rules { out_of_stock: true, ..Rules::default() };
    let mut ask = |rules: &Rules<'_>, again, item| {
        scratch.visit.load(shop::permit(), &bundle.items, Some(&row), &[], 0).expect("no events");
        let list = personalise(&bundle, rules, again, 9, &mut scratch).expect("a solution").to_vec();
        (list, because(&bundle, again, shop::item(item), &mut scratch).map(|b| (b.item.get(), b.relation)))
    };
    let (list, why) = ask(&rules, true, 2);
    assert_eq!(list[0].item.get(), 2, "bought, and due again");
    assert_eq!(why, Some((2, Relation::Bought)));
    assert_eq!(ask(&rules, true, 5).1, Some((2, Relation::Bought)), "item 2 speaks loudest for item 5");
    assert_eq!(ask(&rules, true, 6).1, Some((3, Relation::Bought)), "and item 3 for item 6");
    let (list, _) = ask(&Rules { bought: row.bought(), ..rules }, false, 5);
    assert!(list.iter().all(|s| ![2, 3].contains(&s.item.get())), "nothing bought where only new things are wanted");
    assert_eq!(list.len(), 7, "filled with what is trending");
}

#[test]
fn the_last_click_counts_however_long_the_history_is() {
    let n = 200;
    let weights = Weights { item_item: 1.0, als: 0.0, again: 0.0 };
    // Item i speaks for i + 100; a history of 60, and one click on item 99.
    let goes_with: Vec<_> = (0..n).map(|i| if i < 100 { vec![(shop::item(i + 100), 1.0)] } else { vec![] }).collect();
    let mut shop = Shop::new(1, n, weights, 0, 1);
    shop.blend = write_blend(&BlendInput { weights, goes_with: &goes_with }).expect("good lists");
    let history = (0..60).map(|index| shop::entry(index, 1.0)).collect();
    shop.row = write_row(&UserRowInput { history, ..UserRowInput::default() }, n).expect("a good row");
    let bundle = shop.bundle();
    let row = UserRow::parse(&shop.row, n).expect("own output");
    let click = LiveEvent { item: shop::item(99), at_s: 100, kind: EventKind::View };
    let mut scratch = Box::new(Scratch::new());
    scratch.visit.load(shop::permit(), &bundle.items, Some(&row), &[click], 100).expect("one event");
    let rules = Rules { out_of_stock: true, ..Rules::default() };
    let list = personalise(&bundle, &rules, false, 5, &mut scratch).expect("a solution");
    // The boosts of the items differ by up to four, which the click outweighs.
    assert_eq!(list[0].item.get(), 199);
}

#[test]
fn lists_that_are_too_long_keep_their_strongest_and_large_shops_take_wider_numbers() {
    let n = (1 << 16) + 10;
    let mut goes_with = vec![Vec::new(); n];
    goes_with[7] = (0..n).step_by(13).map(|i| (shop::item(i), 1.0 + (i % 100) as f32)).collect();
    let bytes = write_blend(&BlendInput { weights: shop::WEIGHTS, goes_with: &goes_with }).expect("good lists");
    let blend = Blend::parse(&bytes).expect("own output");
    let list: Vec<(u32, f32)> = blend.goes_with(shop::item(7)).collect();
    assert_eq!(list.len(), GOES_WITH_MAX);
    assert!(list.iter().all(|(_, weight)| *weight > 78.0), "the strongest");
    for (other, weight) in list {
        assert_eq!(blend.weight(shop::item(7), shop::item(other as usize)), weight);
    }
    assert_eq!(blend.weight(shop::item(7), shop::item(1)), 0.0);
    assert_eq!(blend.goes_with(shop::item(8)).count(), 0);
}

#[test]
fn a_list_comes_to_an_end_also_where_nobody_checked_it() {
    let goes_with = vec![vec![(shop::item(1), 1.0)]; 2];
    let bytes = write_blend(&BlendInput { weights: shop::WEIGHTS, goes_with: &goes_with }).expect("good lists");
    let ends = Outline::read(&bytes).expect("own output").parts()[1];
    let at = ends.as_ptr() as usize - bytes.as_ptr() as usize;
    let mut changed = bytes.clone();
    changed[at..at + 4].fill(0xff);
    assert!(Blend::parse(&changed).is_err());
    let blend = Blend::reopen(&changed).expect("its lengths are right");
    assert_eq!(blend.goes_with(shop::item(0)).count(), 2, "as far as there are entries");
    assert_eq!(blend.goes_with(shop::item(1)).count(), 0);
    assert_eq!(blend.weight(shop::item(0), shop::item(0)), 0.0);
}
