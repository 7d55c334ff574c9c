//! Every fault, caused by the smallest change to good bytes that causes it and nothing else.

use kenal_core::format::container::Outline;
use kenal_core::format::write::{
    BlendInput, ChurnFeature, ChurnInput, HistoryInput, ItemsInput, ShardInput, Tiers, TrendingInput, TrendingList,
    UserRowInput, WriteError, write_blend, write_churn, write_items, write_row, write_shard, write_trending,
    write_users,
};
use kenal_core::{
    Blend, Catalogue, Churn, Fault, Items, Kind, Model, Revocations, SectionError, Trending, UserRow, UserShard, Users,
    Weights,
};

use crate::shop;

/// The fault that a reader of `kind` finds in `bytes`.
fn read(kind: Kind, bytes: &[u8]) -> Result<(), SectionError> {
    match kind {
        Kind::Items => Items::parse(bytes).map(drop),
        Kind::Trending => Trending::parse(bytes).map(drop),
        Kind::Churn => Churn::parse(bytes).map(drop),
        Kind::Revocations => Revocations::parse(bytes).map(drop),
        Kind::Users => Users::parse(bytes).map(drop),
        Kind::UserShard => UserShard::parse(bytes).map(drop),
        Kind::Catalogue => Catalogue::parse(bytes).map(drop),
        Kind::Blend => Blend::parse(bytes).map(drop),
    }
}

fn good(kind: Kind) -> Vec<u8> {
    match kind {
        Kind::Items => shop::items(1, 9, 8),
        Kind::Trending => shop::trending(9),
        Kind::Churn => shop::churn(),
        Kind::Revocations => shop::revocations(9),
        Kind::Users => shop::users(9),
        Kind::UserShard => shop::shard(9),
        Kind::Catalogue => shop::catalogue(9),
        Kind::Blend => shop::blend(9),
    }
}

/// Where part `part` starts.
fn start(bytes: &[u8], part: usize) -> usize {
    let at = 32 + 8 * part;
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four")) as usize
}

#[track_caller]
fn check(kind: Kind, bytes: &[u8], expected: Fault) {
    let error = read(kind, bytes).expect_err("damaged bytes");
    assert_eq!((error.section, error.fault), (kind, expected), "{error}");
}

/// `patch` written at `offset` of part `part` of a good section.
#[track_caller]
fn patched(kind: Kind, part: usize, offset: usize, patch: &[u8], expected: Fault) {
    let mut bytes = good(kind);
    let at = start(&bytes, part) + offset;
    bytes[at..at + patch.len()].copy_from_slice(patch);
    check(kind, &bytes, expected);
}

#[test]
fn containers() {
    for kind in Kind::ALL {
        let bytes = good(kind);
        check(kind, &[], Fault::TooShort { bytes: 0 });
        check(kind, &bytes[..31], Fault::TooShort { bytes: 31 });
        check(kind, b"PAR1", Fault::Magic);
        let total = bytes.len();
        check(kind, &bytes[..total - 16], Fault::Length { stated: total as u32, actual: total - 16 });
        let mut longer = bytes.clone();
        longer.push(0);
        check(kind, &longer, Fault::Length { stated: total as u32, actual: total + 1 });
        for (at, value, expected) in [
            (0, b'k', Fault::Magic),
            (8, 99, Fault::Kind { found: 99 }),
            (10, 9, Fault::Version { found: 9, known: kind.version() }),
            (31, 1, Fault::NotZero { at: 31 }),
            (32, 1, Fault::PartTable { part: 0 }),
        ] {
            let mut bytes = bytes.clone();
            bytes[at] = value;
            check(kind, &bytes, expected);
        }
        let mut bytes = good(kind);
        let expected = u32::from(bytes[16]);
        bytes[16] = 15;
        check(kind, &bytes, Fault::PartCount { found: 15, expected });
    }
    let mut bytes = good(Kind::Churn);
    bytes[16] = 200;
    assert_eq!(Outline::read(&bytes).expect_err("200 parts"), Fault::PartCount { found: 200, expected: 16 });
}

#[test]
fn part_tables() {
    let bytes = good(Kind::Users);
    // Part 1 is the last one; a length one less leaves a byte that must be zero, 16 less leaves a hole.
    let length = bytes.len() - start(&bytes, 1);
    let at = 32 + 8 + 4;
    for (new, expected) in [
        (length - 1, Fault::NotZero { at: bytes.len() as u32 - 1 }),
        (length - 16, Fault::PartTable { part: 2 }),
        (length + 1, Fault::PartTable { part: 1 }),
        (u32::MAX as usize, Fault::PartTable { part: 1 }),
    ] {
        let mut bytes = bytes.clone();
        bytes[at..at + 4].copy_from_slice(&(new as u32).to_le_bytes());
        check(Kind::Users, &bytes, expected);
    }
}

#[test]
fn items() {
    let limit = |at| Fault::Limit { at };
    let nan = f32::NAN.to_le_bytes();
    patched(Kind::Items, 0, 0, &u32::MAX.to_le_bytes(), limit(0));
    patched(Kind::Items, 0, 4, &0u16.to_le_bytes(), limit(4));
    patched(Kind::Items, 0, 4, &257u16.to_le_bytes(), limit(4));
    patched(Kind::Items, 0, 6, &8u16.to_le_bytes(), limit(6));
    patched(Kind::Items, 0, 8, &4097u16.to_le_bytes(), limit(8));
    patched(Kind::Items, 0, 10, &17u16.to_le_bytes(), limit(10));
    patched(Kind::Items, 0, 12, &(-1f32).to_le_bytes(), limit(12));
    patched(Kind::Items, 0, 16, &0f32.to_le_bytes(), limit(16));
    patched(Kind::Items, 0, 20, &1001f32.to_le_bytes(), limit(20));
    patched(Kind::Items, 0, 32, &nan, limit(32));
    patched(Kind::Items, 0, 47, &[1], limit(47));
    patched(Kind::Items, 0, 0, &10u32.to_le_bytes(), Fault::PartLength { part: 1, found: 9 * 16, expected: 160 });
    patched(Kind::Items, 1, 8, &[1], Fault::Value { part: 1, entry: 0 });
    patched(Kind::Items, 2, 4, &0f32.to_le_bytes(), Fault::Value { part: 2, entry: 1 });
    patched(Kind::Items, 3, 0, &nan, Fault::Value { part: 3, entry: 0 });
    patched(Kind::Items, 3, 4, &1e9f32.to_le_bytes(), Fault::Order { part: 3, entry: 1 });
    patched(Kind::Items, 3, 8, &0f32.to_le_bytes(), Fault::Value { part: 3, entry: 2 });
    patched(Kind::Items, 4, 0, &nan, Fault::Value { part: 4, entry: 0 });
    patched(Kind::Items, 5, 8, &16u16.to_le_bytes(), Fault::Value { part: 5, entry: 1 });
    patched(Kind::Items, 5, 10, &5u16.to_le_bytes(), Fault::Value { part: 5, entry: 1 });
    patched(Kind::Items, 5, 13, &[2], Fault::Value { part: 5, entry: 1 });
    patched(Kind::Items, 5, 15, &[1], Fault::Value { part: 5, entry: 1 });
    patched(Kind::Items, 6, 0, &[1], Fault::Order { part: 6, entry: 0 });
    patched(Kind::Items, 7, 0, &[0xff], Fault::Text { part: 7, entry: 0 });
    patched(Kind::Items, 8, 4, &[0], Fault::Text { part: 9, entry: 0 });
    patched(Kind::Items, 8, 4, &[255], Fault::Order { part: 8, entry: 1 });
    patched(Kind::Items, 10, 0, &9u32.to_le_bytes(), Fault::Value { part: 10, entry: 0 });
    patched(Kind::Items, 11, 4, &nan, Fault::Value { part: 11, entry: 1 });
    patched(Kind::Items, 11, 4, &1e9f32.to_le_bytes(), Fault::Value { part: 11, entry: 1 });
    patched(Kind::Items, 11, 4, &0f32.to_le_bytes(), Fault::Value { part: 11, entry: 1 });
    let bytes = good(Kind::Items);
    let first = bytes[start(&bytes, 10)..][..4].to_vec();
    patched(Kind::Items, 10, 4, &first, Fault::Order { part: 10, entry: 1 });
}

#[test]
fn a_norm_one_step_too_small_is_refused() {
    let mut bytes = good(Kind::Items);
    let at = start(&bytes, 3) + 8;
    let norm = f32::from_le_bytes(bytes[at..at + 4].try_into().expect("four"));
    // The writer rounds up to at most one step above the true norm, so two steps down is below it.
    bytes[at..at + 4].copy_from_slice(&norm.next_down().next_down().to_le_bytes());
    check(Kind::Items, &bytes, Fault::Value { part: 3, entry: 2 });
}

#[test]
fn tiers_of_items() {
    let good = shop::tiered_items(1, 9, 8, 2, 4);
    let patched = |part, at: usize, new: &[u8], expected| {
        let mut bytes = good.clone();
        let at = start(&bytes, part) + at;
        bytes[at..at + new.len()].copy_from_slice(new);
        check(Kind::Items, &bytes, expected);
    };
    let found = 4 * 16 + 5 * 8 + 2 * 8;
    patched(0, 36, &10u32.to_le_bytes(), Fault::Limit { at: 36 });
    patched(0, 40, &5u32.to_le_bytes(), Fault::Limit { at: 40 });
    patched(0, 36, &4u32.to_le_bytes(), Fault::PartLength { part: 1, found, expected: u64::from(found) + 8 });
    patched(0, 40, &4u32.to_le_bytes(), Fault::PartLength { part: 1, found, expected: u64::from(found) + 16 });
    patched(0, 44, &[1], Fault::Limit { at: 44 });
    // A number behind the last: of a byte, a half byte, and of what refines a byte.
    patched(1, 16 + 8, &[1], Fault::Value { part: 1, entry: 1 });
    let behind = |bytes: &[u8]| bytes[0] | 0x10;
    for (at, entry) in [(4 * 16, 4), (4 * 16 + 6 * 8, 1)] {
        let byte = behind(&good[start(&good, 1) + at..]);
        patched(1, at, &[byte], Fault::Value { part: 1, entry });
    }
    // The norm bounds the refined code: the first of its group, the greatest, is not below it.
    let norm = f32::from_le_bytes(*good[start(&good, 3)..].first_chunk().expect("four"));
    patched(3, 0, &(norm * 0.999).to_le_bytes(), Fault::Value { part: 3, entry: 0 });
}

#[test]
fn the_other_sections() {
    let nan = f32::NAN.to_le_bytes();
    patched(Kind::Trending, 0, 0, &u32::MAX.to_le_bytes(), Fault::Limit { at: 0 });
    patched(Kind::Trending, 0, 15, &[1], Fault::Limit { at: 15 });
    patched(Kind::Trending, 1, 0, &16u16.to_le_bytes(), Fault::Value { part: 1, entry: 0 });
    patched(Kind::Trending, 1, 2, &5000u16.to_le_bytes(), Fault::Value { part: 1, entry: 0 });
    patched(Kind::Trending, 1, 8, &[0, 0, 1, 0], Fault::Order { part: 1, entry: 1 });
    patched(Kind::Trending, 1, 4, &255u32.to_le_bytes(), Fault::Order { part: 1, entry: 0 });
    patched(Kind::Trending, 2, 0, &9u32.to_le_bytes(), Fault::Value { part: 2, entry: 0 });
    patched(Kind::Trending, 2, 4, &nan, Fault::Value { part: 2, entry: 0 });
    patched(Kind::Trending, 2, 12, &99f32.to_le_bytes(), Fault::Order { part: 2, entry: 1 });

    patched(Kind::Churn, 0, 0, &1025u32.to_le_bytes(), Fault::Limit { at: 0 });
    patched(Kind::Churn, 0, 4, &nan, Fault::Limit { at: 4 });
    patched(Kind::Churn, 1, 4, &nan, Fault::Value { part: 1, entry: 1 });
    patched(Kind::Churn, 3, 0, &0f32.to_le_bytes(), Fault::Value { part: 3, entry: 0 });

    patched(Kind::Revocations, 0, 4, &3u32.to_le_bytes(), Fault::Limit { at: 4 });
    patched(Kind::Revocations, 0, 4, &(1u32 << 19).to_le_bytes(), Fault::Limit { at: 4 });
    patched(Kind::Revocations, 0, 8, &1u32.to_le_bytes(), Fault::Limit { at: 8 });
    patched(Kind::Revocations, 0, 12, &[1], Fault::Limit { at: 12 });
    patched(Kind::Revocations, 0, 0, &0u32.to_le_bytes(), Fault::Limit { at: 4 });
    let mut empty = shop::revocations(0);
    let seed = start(&empty, 0) + 16;
    empty[seed] = 1;
    check(Kind::Revocations, &empty, Fault::Limit { at: 16 });

    patched(Kind::Users, 0, 8, &17u32.to_le_bytes(), Fault::Limit { at: 8 });
    patched(Kind::Users, 0, 8, &2u32.to_le_bytes(), Fault::PartLength { part: 1, found: 64, expected: 128 });

    patched(Kind::UserShard, 0, 4, &3u32.to_le_bytes(), Fault::Value { part: 1, entry: 0 });
    patched(Kind::UserShard, 1, 0, &[0x7f], Fault::Value { part: 1, entry: 0 });
    patched(Kind::UserShard, 1, 16, &[0x80; 16], Fault::Order { part: 1, entry: 1 });
    patched(Kind::UserShard, 2, 0, &[1], Fault::Order { part: 2, entry: 0 });
    patched(Kind::UserShard, 2, 4, &[255], Fault::Order { part: 2, entry: 1 });
    patched(Kind::UserShard, 2, 12, &[63], Fault::Order { part: 2, entry: 3 });
    let mut nobody = write_shard(&ShardInput { shard: 1, shard_bits: 1, rows: &[] }).expect("no rows");
    let number = start(&nobody, 0) + 4;
    nobody[number] = 2;
    check(Kind::UserShard, &nobody, Fault::Limit { at: 4 });

    patched(Kind::Blend, 0, 0, &u32::MAX.to_le_bytes(), Fault::Limit { at: 0 });
    patched(Kind::Blend, 0, 8, &(-1f32).to_le_bytes(), Fault::Limit { at: 8 });
    patched(Kind::Blend, 0, 31, &[1], Fault::Limit { at: 31 });
    patched(Kind::Blend, 1, 4, &[255, 255], Fault::Order { part: 1, entry: 1 });
    patched(Kind::Blend, 2, 0, &9u16.to_le_bytes(), Fault::Value { part: 2, entry: 0 });
    patched(Kind::Blend, 4, 4, &0f32.to_le_bytes(), Fault::Value { part: 4, entry: 1 });
    let bytes = good(Kind::Blend);
    let first = bytes[start(&bytes, 2)..][..2].to_vec();
    patched(Kind::Blend, 2, 2, &first, Fault::Order { part: 2, entry: 1 });

    patched(Kind::Catalogue, 0, 4, &0u16.to_le_bytes(), Fault::Limit { at: 4 });
    patched(Kind::Catalogue, 4, 2, &5u16.to_le_bytes(), Fault::Value { part: 4, entry: 1 });
}

#[test]
fn an_overlong_trending_list() {
    let entries = (0..1025).map(|i| shop::scored(i, -(i as f32))).collect();
    let lists = [TrendingList { market: shop::market(0), category: None, entries }];
    let error = write_trending(&TrendingInput { items: 1025, lists: &lists }).expect_err("1025 entries");
    assert_eq!(error, WriteError::Limit { section: Kind::Trending, what: "entries", found: 1025, max: 1024 });
}

#[test]
fn rows() {
    let row = shop::row(9);
    let parse = |bytes: &[u8]| UserRow::parse(bytes, 9).map(drop).map_err(|e| e.fault);
    assert_eq!(parse(&row), Ok(()));
    assert_eq!(parse(&row[..7]), Err(Fault::TooShort { bytes: 7 }));
    assert_eq!(parse(&row[..row.len() - 1]), Err(Fault::PartLength { part: 0, found: 39, expected: 40 }));
    assert_eq!(parse(&row[..12]), Err(Fault::PartLength { part: 0, found: 4, expected: 40 }));
    for (at, patch, expected) in [
        (0, &[3u8][..], Fault::Version { found: 3, known: 2 }),
        (0, &[1u8][..], Fault::PartLength { part: 0, found: 40, expected: 24 }),
        (1, &[11], Fault::Limit { at: 1 }),
        (2, &[64], Fault::Limit { at: 2 }),
        (4, &[16], Fault::Limit { at: 4 }),
        (5, &[65], Fault::Limit { at: 5 }),
        (8, &[9], Fault::Value { part: 1, entry: 0 }),
        (12, &0f32.to_le_bytes(), Fault::Value { part: 1, entry: 0 }),
        (12, &f32::NAN.to_le_bytes(), Fault::Value { part: 1, entry: 0 }),
        (12, &1001f32.to_le_bytes(), Fault::Value { part: 1, entry: 0 }),
        (16, &[0], Fault::Order { part: 1, entry: 1 }),
        (28, &[9], Fault::Value { part: 2, entry: 1 }),
        (28, &[0], Fault::Order { part: 2, entry: 1 }),
        (32, &1.5f32.to_le_bytes(), Fault::Value { part: 3, entry: 0 }),
        (36, &f32::NAN.to_le_bytes(), Fault::Value { part: 3, entry: 0 }),
        (44, &(-1f32).to_le_bytes(), Fault::Value { part: 3, entry: 1 }),
    ] {
        let mut row = row.clone();
        row[at..at + patch.len()].copy_from_slice(patch);
        assert_eq!(parse(&row), Err(expected), "at {at}");
    }
}

#[test]
fn what_the_writers_refuse() {
    let value = |section, entry| WriteError::Value { section, entry };
    let mut inputs = shop::item_inputs(1, 3, 4);
    let write = |inputs: &[_], model, dims| {
        let categories = shop::categories();
        write_items(&ItemsInput {
            model,
            dims,
            markets: 4,
            categories: &categories,
            items: inputs,
            tiers: Tiers::WHOLE,
            previous: None,
        })
        .map(drop)
    };
    assert_eq!(write(&inputs, shop::MODEL, 5), Err(value(Kind::Items, 0)));
    assert_eq!(write(&inputs, Model { reg: 0.0, ..shop::MODEL }, 4), Err(WriteError::Model));
    assert_eq!(write(&inputs, Model { view: f32::NAN, ..shop::MODEL }, 4), Err(WriteError::Model));
    assert_eq!(
        write(&[], shop::MODEL, 257),
        Err(WriteError::Limit { section: Kind::Items, what: "dims", found: 257, max: 256 })
    );
    inputs[2].id = inputs[0].id.clone();
    assert_eq!(write(&inputs, shop::MODEL, 4), Err(WriteError::Duplicate { section: Kind::Items, entry: 2 }));
    inputs[2].id = "other".to_owned();
    inputs[1].factor[3] = f32::INFINITY;
    assert_eq!(write(&inputs, shop::MODEL, 4), Err(value(Kind::Items, 1)));
    inputs[1].factor[3] = 1e30;
    assert_eq!(write(&inputs, shop::MODEL, 4), Err(value(Kind::Items, 1)));
    inputs[1].factor[3] = 0.0;
    inputs[0].id = String::new();
    let refused = write(&inputs, shop::MODEL, 4).expect_err("an empty id");
    assert!(matches!(refused, WriteError::ReadBack(SectionError { fault: Fault::Text { .. }, .. })), "{refused}");

    let list = TrendingList { market: shop::market(0), category: None, entries: vec![] };
    let twice = TrendingInput { items: 1, lists: &[list.clone(), list] };
    assert_eq!(write_trending(&twice), Err(WriteError::Duplicate { section: Kind::Trending, entry: 1 }));

    let feature = ChurnFeature { name: "x".to_owned(), coefficient: 1.0, mean: 0.0, scale: 0.0 };
    let churn = ChurnInput { intercept: 0.0, calibration: (1.0, 0.0), features: &[feature] };
    assert_eq!(write_churn(&churn), Err(value(Kind::Churn, 0)));

    let rows = [([0; 16], vec![]), ([0; 16], vec![])];
    let shard = |shard, rows| write_shard(&ShardInput { shard, shard_bits: 1, rows });
    assert_eq!(shard(0, &rows), Err(WriteError::Duplicate { section: Kind::UserShard, entry: 1 }));
    assert_eq!(shard(1, &rows), Err(value(Kind::UserShard, 0)));
    assert_eq!(write_users(1, 0, 1, &[[0; 32]]), Err(value(Kind::Users, 1)));

    let write = |weights, goes_with: &[_]| write_blend(&BlendInput { weights, goes_with }).map(drop);
    let list = |weight| vec![vec![(shop::item(0), weight)], vec![]];
    assert_eq!(write(shop::WEIGHTS, &list(f32::NAN)), Err(value(Kind::Blend, 0)));
    assert_eq!(write(shop::WEIGHTS, &[vec![], vec![(shop::item(2), 1.0)]]), Err(value(Kind::Blend, 1)));
    let twice = [vec![(shop::item(0), 1.0), (shop::item(0), 2.0)]];
    assert_eq!(write(shop::WEIGHTS, &twice), Err(WriteError::Duplicate { section: Kind::Blend, entry: 0 }));
    assert_eq!(write(Weights { als: -1.0, ..shop::WEIGHTS }, &list(1.0)), Err(WriteError::Model));

    let entry = HistoryInput { item: shop::item(0), confidence: 1.0, together: 1.0, again: 0.0 };
    let history = vec![entry; 65];
    let row = UserRowInput { history, ..UserRowInput::default() };
    let limit = WriteError::Limit { section: Kind::UserShard, what: "history entries", found: 65, max: 64 };
    assert_eq!(write_row(&row, 1), Err(limit));
}

#[test]
fn messages_say_what_to_do() {
    let message = |kind, bytes: &[u8]| read(kind, bytes).expect_err("damaged").to_string();
    let mut newer = good(Kind::Items);
    newer[10] = 5;
    assert_eq!(message(Kind::Items, &newer), "items section: written by a newer Kenal: version 5, this reader knows 4");
    assert_eq!(message(Kind::Items, &good(Kind::Churn)), "items section: these bytes are a churn section");
    assert_eq!(
        message(Kind::Trending, b"<html>"),
        "trending section: does not start with KENALSEC: this is not a Kenal section"
    );
}
