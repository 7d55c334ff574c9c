//! A reader of an older version gets the newer one, byte for byte, for the bytes that changed.

use kenal_bundle::{Hash, Publisher, apply_delta, write_delta};
use kenal_core::format::write::{CatalogueItem, ItemInput};
use kenal_core::{CategoryIdx, Items, Kind, Model};
use proptest::prelude::*;
use proptest::test_runner::Config;

use crate::sample;

fn check(old: &[u8], new: &[u8]) -> usize {
    let delta = write_delta(old, new);
    assert_eq!(apply_delta(old, &delta, &Hash::of(new)).expect("applies"), new);
    delta.len()
}

#[test]
fn unchanged_bytes_cost_next_to_nothing() {
    let bytes: Vec<u8> = (0..100_000u32).flat_map(u32::to_le_bytes).collect();
    assert!(check(&bytes, &bytes) < 64);
    assert!(check(&[], &[]) == 48);
    assert!(check(&bytes, &[]) == 48);
    assert!(check(&[], &bytes[..100]) < 160);
    let mut joined = b"one more".to_vec();
    joined.extend_from_slice(&bytes);
    assert!(check(&bytes, &joined) < 80, "what moved is found again");
    assert!(check(&vec![0; 1 << 20], &vec![0; 1 << 21]) < 1 << 10, "long runs of one byte end soon");
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::default() })]

    #[test]
    fn any_change_comes_back(
        old in proptest::collection::vec(0u8..4, 0..400),
        edits in proptest::collection::vec((any::<usize>(), any::<u8>(), 0..40usize, 0..40usize), 0..8),
    ) {
        let mut new = old.clone();
        for (at, byte, removed, added) in edits {
            let at = at % (new.len() + 1);
            let end = (at + removed).min(new.len());
            new.splice(at..end, std::iter::repeat_n(byte, added));
        }
        check(&old, &new);
    }

    #[test]
    fn any_bytes_as_a_delta_are_refused_or_right(
        old in proptest::collection::vec(any::<u8>(), 0..100),
        noise in proptest::collection::vec(any::<u8>(), 0..100),
    ) {
        let mut delta = write_delta(&old, &old);
        delta.truncate(48);
        delta[12] = 200;
        delta.extend_from_slice(&noise);
        prop_assert!(apply_delta(&old, &delta, &Hash::of(&old)).is_err());
        prop_assert!(apply_delta(&old, &noise, &Hash::of(&old)).is_err());
    }
}

const ITEMS: usize = 20_000;
const DIMS: usize = 64;

type GoesWith = Vec<Vec<(u32, f32)>>;

/// A shop of some size; where `changed`, one item in a hundred has another taste, price, stock and title.
fn inputs(changed: bool) -> (Vec<ItemInput>, Vec<CatalogueItem>, GoesWith) {
    let mut state = 11u32;
    let mut next = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 16_777_216.0 - 0.5
    };
    let category = |n: usize| CategoryIdx::new(n % 40).expect("small");
    let mut items = Vec::new();
    let mut cards = Vec::new();
    let mut goes_with = Vec::new();
    for n in 0..ITEMS {
        let size = 1.0 / (1.0 + n as f32 * 40.0 / ITEMS as f32);
        let fresh = changed && n % 100 == 7;
        let mut factor: Vec<f32> = (0..DIMS).map(|_| next() * size).collect();
        if fresh {
            factor.iter_mut().for_each(|y| *y = 1.02 * *y + 0.01 * size);
        }
        items.push(ItemInput {
            id: format!("{}", 7_000_000_000u64 + n as u64 * 7919),
            factor,
            markets: 0b11,
            category: category(n),
            price_band: (n % 5) as u8 + u8::from(fresh),
            in_stock: !fresh,
            boost: 1.0,
        });
        let title = if fresh { "Now cheaper: thing" } else { "Thing" };
        let price = 990 + n as u64 % 700 + u64::from(fresh);
        cards.push(CatalogueItem {
            title: format!("{title} {n}"),
            prices: vec![price, price * 3],
            category: category(n),
        });
        let near = |step: usize| ((n + step * step) as u32 % ITEMS as u32, 1.0 / step as f32 + next() * 0.01);
        let mut list: Vec<(u32, f32)> = (1..17).map(near).collect();
        list.sort_by_key(|entry| entry.0);
        goes_with.push(list);
    }
    (items, cards, goes_with)
}

/// The sections of the shop, by kind; following `previous` if there is one.
fn sections(changed: bool, previous: Option<&[u8]>) -> Vec<(Kind, Vec<u8>)> {
    let (items, cards, goes_with) = inputs(changed);
    let previous = previous.map(|bytes| Items::parse(bytes).expect("good"));
    let mut publisher = Publisher::new(sample::release()).following(previous);
    let model = Model { alpha0: 0.1, reg: 0.01, view: 1.0, cart: 1.0, purchase: 1.0, half_life_s: 0.0 };
    let names: Vec<String> = (0..40).map(|n| format!("category {n}")).collect();
    publisher.items(model, DIMS, &names, &items).expect("items");
    publisher.trending(&[]).expect("no lists");
    publisher.catalogue(&cards).expect("cards");
    let weights = kenal_core::Weights { item_item: 1.0, als: 1.0, again: 1.0 };
    publisher.blend(weights, &goes_with).expect("a blend");
    let files = publisher.finish(&sample::signer()).expect("a bundle");
    let manifest = kenal_bundle::verify(&files.last().expect("the manifest").bytes, &sample::trust()).expect("signed");
    let bytes = |hash: Hash| sample::file(&files, &hash.section_name()).to_vec();
    manifest.sections.iter().map(|entry| (entry.kind, bytes(entry.hash))).collect()
}

#[test]
fn one_item_in_a_hundred_costs_a_twentieth_at_most() {
    let old = sections(false, None);
    let items = |sections: &[(Kind, Vec<u8>)]| sections[0].1.clone();
    assert_eq!(old, sections(false, Some(&items(&old))), "nothing changed, and nothing changes");
    let new = sections(true, Some(&items(&old)));
    let (mut whole, mut fetched) = (0, 0);
    for ((kind, old), (_, new)) in old.iter().zip(&new) {
        let delta = if old == new { 0 } else { check(old, new) };
        println!("{:<12} {:>9} bytes, delta {delta:>7}", kind.name(), new.len());
        whole += new.len();
        fetched += delta;
    }
    println!("all          {whole:>9} bytes, delta {fetched:>7}: {:.1} %", 100.0 * fetched as f64 / whole as f64);
    assert!(fetched * 20 <= whole, "{fetched} of {whole} bytes");
}
