//! Bytes from an enemy: nothing panics or goes on for long, and what still opens can be ranked.

use kenal_core::format::container::Outline;
use kenal_core::limits::GOES_WITH_MAX;
use kenal_core::{
    Blend, Catalogue, Churn, EventKind, FoldIn, Items, LiveEvent, Revocations, Rules, TopK, Trending, UserRow,
    UserShard, Users, Visit, rank, trending,
};
use proptest::prelude::*;

use crate::shop;

/// Reads `bytes` as everything they could be, and uses what can be read.
fn exercise(bytes: &[u8]) {
    let _ = Outline::read(bytes).map(|o| o.parts().len());
    let _ = (Blend::parse(bytes).is_ok(), Catalogue::parse(bytes).is_ok());
    let _ = (Trending::parse(bytes).is_ok(), Churn::parse(bytes).is_ok());
    let items = Items::reopen(bytes);
    if let Ok(items) = &items {
        use_items(items, Items::parse(bytes).is_ok());
    }
    if let Ok(lists) = Trending::reopen(bytes) {
        let own = shop::items(1, 9, 8);
        let own = Items::parse(&own).expect("good");
        let rules = Rules { market: Some(shop::market(1)), ..Rules::default() };
        assert!(trending(&lists, &own, &rules, 5, &mut TopK::new()).len() <= 5);
    }
    if let Ok(churn) = Churn::reopen(bytes) {
        let _ = churn.probability(&vec![1.0; churn.names().len()]);
    }
    if let Ok(filter) = Revocations::parse(bytes) {
        let _ = (0..100).filter(|k| filter.contains(k << 40)).count();
    }
    if let Ok(users) = Users::parse(bytes) {
        let _ = users.shard(&[0xff; 16]);
    }
    if let Ok(shard) = UserShard::parse(bytes) {
        for (key, row) in shard.iter() {
            assert!(shard.row(key).is_some());
            let _ = UserRow::parse(row, 9);
        }
    }
    if let Ok(catalogue) = Catalogue::reopen(bytes) {
        let _ = catalogue.price(shop::item(3), shop::market(1));
    }
    if let Ok(blend) = Blend::reopen(bytes) {
        for item in (0..9).map(shop::item) {
            assert!(blend.goes_with(item).count() <= GOES_WITH_MAX);
            let _ = blend.weight(item, shop::item(3));
        }
    }
    if let Ok(row) = UserRow::parse(bytes, 9) {
        assert!(row.history().len() <= 64);
    }
}

fn use_items(items: &Items<'_>, sound: bool) {
    let events: Vec<LiveEvent> =
        (0..5).map(|i| LiveEvent { item: shop::item(i), at_s: 3, kind: EventKind::View }).collect();
    let mut visit = Visit::new();
    visit.load(shop::permit(), items, None, &events, 9).expect("few events");
    let mut fold_in = FoldIn::new();
    if let Ok(user) = fold_in.solve(items, &visit) {
        let mut top = TopK::new();
        let rules = Rules { out_of_stock: true, ..Rules::default() };
        let list = rank(items, &user, &rules, 4, &mut top);
        assert!(list.len() == items.len().min(4) || !sound && list.len() < 4);
        assert!(list.is_sorted_by(|a, b| a > b));
        for scored in list {
            assert!(items.id(scored.item).is_some() || !sound);
            let _ = fold_in.because(items, &visit, scored.item);
        }
    }
}

fn good() -> Vec<Vec<u8>> {
    vec![
        shop::items(1, 9, 8),
        shop::tiered_items(1, 9, 8, 2, 4),
        shop::trending(9),
        shop::churn(),
        shop::revocations(9),
        shop::users(9),
        shop::shard(9),
        shop::catalogue(9),
        shop::blend(9),
        shop::row(9),
    ]
}

#[test]
fn no_change_of_one_byte_does_harm() {
    for section in good() {
        for at in 0..section.len() {
            for flip in [1, 0x80, 0xff] {
                let mut bytes = section.clone();
                bytes[at] ^= flip;
                exercise(&bytes);
            }
        }
    }
}

#[test]
fn no_truncation_parses() {
    for section in &good()[..9] {
        for end in 0..section.len() {
            let bytes = &section[..end];
            assert!(Outline::read(bytes).is_err());
            exercise(bytes);
        }
    }
}

#[test]
fn sections_parse_at_any_address() {
    for section in &good()[..9] {
        let mut shifted = vec![0];
        shifted.extend_from_slice(section);
        let (a, b) = (Outline::read(section), Outline::read(&shifted[1..]));
        assert_eq!(a.expect("good").parts(), b.expect("good").parts());
        exercise(&shifted[1..]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        exercise(&bytes);
    }

    /// Random bytes seldom get past a magic, so most of the work is done by damage to good sections.
    #[test]
    fn damaged_sections(
        which in 0usize..9,
        patches in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = good().swap_remove(which);
        for (at, value) in patches {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        exercise(&bytes);
    }

    /// Numbers at the borders of their types, where sums overflow.
    #[test]
    fn damaged_numbers(
        which in 0usize..9,
        at in any::<proptest::sample::Index>(),
        value in prop_oneof![Just(u32::MAX), Just(1 << 31), Just(u32::MAX - 15), Just(0x7f80_0000), any::<u32>()],
    ) {
        let mut bytes = good().swap_remove(which);
        let at = at.index(bytes.len() / 4) * 4;
        bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        exercise(&bytes);
    }
}
