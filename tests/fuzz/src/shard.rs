//! Target `shard`: user shards and the rows in them, from the store to the answer.
//!
//! The first byte of an input says what the rest is: a shard as it came from the store, a shard that the users section
//! names (so that it passes the hash), a row under its visitor's own seal (so that it passes the seal), a row in the
//! clear as the first version has it, or what lies where a sealed row should.

use std::collections::BTreeMap;

use kenal_bundle::{BundleError, Hash, Kind, RowSeal};
use kenal_core::format::write::{ShardInput, write_shard, write_users};
use kenal_core::{UserRow, UserShard};
use kenal_edge::{Consent, Edge, EdgeError, FallbackReason, LiveEvent, LiveKind, Request, Slot};

use crate::answers::ask;
use crate::dice::Dice;
use crate::shop::{self, NOW, visitors};
use crate::signed;
use crate::world::{VISITORS, open, shard_of, shop_bits, world};

const FOREIGN: u8 = 0;
const NAMED: u8 = 1;
const SEALED: u8 = 2;
const CLEAR: u8 = 3;
const UNSEALED: u8 = 4;
const WHATS: u8 = 5;

/// An input.
pub fn generate(dice: &mut Dice) -> Vec<u8> {
    let world = world();
    let what = dice.pick(&[FOREIGN, NAMED, NAMED, SEALED, SEALED, SEALED, SEALED, CLEAR, UNSEALED]);
    let shards: Vec<&[u8]> = world.shards.values().map(Vec::as_slice).collect();
    let rows: Vec<&[u8]> = world.rows.values().map(Vec::as_slice).collect();
    let mut body = match what {
        FOREIGN | NAMED => {
            let mut shard = dice.pick(&shards).to_vec();
            if !dice.one_in(3) {
                let (kind, version, mut parts) = signed::parts(&shard).expect("a good shard");
                let part = dice.below(parts.len());
                dice.damage(&mut parts[part], &shards);
                shard = signed::container(kind.code(), if dice.one_in(8) { 1 } else { version }, &parts);
                if dice.one_in(2) {
                    return [vec![what], shard].concat();
                }
            }
            shard
        }
        _ if dice.one_in(2) => row(dice),
        _ => dice.pick(&rows).to_vec(),
    };
    if !dice.one_in(4) {
        dice.damage(&mut body, &rows);
    }
    body.insert(0, what);
    body
}

/// A row of the right shape whose numbers may be anything.
fn row(dice: &mut Dice) -> Vec<u8> {
    let (version, history, bought) = (dice.pick(&[1, 2, 2]), dice.pick(&[6, 6, 6, 66]), dice.pick(&[4, 4, 4, 61]));
    let (n, bought) = (dice.below(history), dice.below(bought));
    let mut row = vec![version, dice.below(11) as u8, 1, 0, dice.pick(&[0, 3, 15, 255]), n as u8];
    row.extend_from_slice(&(bought as u16).to_le_bytes());
    // Ascending items of a shop of 60, mostly.
    let items = |dice: &mut Dice, count: usize| {
        let mut items: Vec<u32> = (0..count).map(|_| dice.below(61) as u32).collect();
        items.sort_unstable();
        if !dice.one_in(6) {
            items = (0..60).filter(|item| items.contains(item)).chain(60..).take(count).collect();
        }
        items
    };
    let in_range = dice.one_in(2);
    for item in items(dice, n) {
        let confidence = if in_range { dice.pick(&[1e-45, 0.5, 6.0, 1000.0]) } else { dice.float() };
        row.extend_from_slice(&item.to_le_bytes());
        row.extend_from_slice(&confidence.to_le_bytes());
    }
    row.extend(items(dice, bought).iter().flat_map(|item| item.to_le_bytes()));
    if version == 2 {
        for _ in 0..n {
            let (together, again) =
                if in_range { (dice.pick(&[0.0, 1e-45, 0.5, 1.0]), 999.0) } else { (dice.float(), dice.float()) };
            row.extend_from_slice(&f32::to_le_bytes(together));
            row.extend_from_slice(&f32::to_le_bytes(again));
        }
    }
    row
}

/// Changes one.
pub fn mutate(dice: &mut Dice, bytes: &mut Vec<u8>) {
    let rows: Vec<&[u8]> = world().rows.values().map(Vec::as_slice).collect();
    if dice.one_in(16) {
        *bytes = generate(dice);
    } else {
        dice.damage_behind(bytes, &rows);
    }
}

/// Reads one.
pub fn check(bytes: &[u8]) {
    let Some((what, body)) = bytes.split_first() else { return };
    let visitor = visitors::SHIRTS;
    match what % WHATS {
        FOREIGN => check_foreign(body),
        NAMED => check_named(body),
        SEALED => check_row(body, &RowSeal::new(&shop::salt(), visitor).seal(body).expect("sealed"), 2),
        CLEAR => check_row(body, body, 1),
        _ => check_unsealed(body),
    }
}

/// Bytes that no users section names are refused, and reading them all the same does no harm.
fn check_foreign(shard: &[u8]) {
    let world = world();
    for visitor in VISITORS {
        let own = world.shards[&shard_of(visitor)] == shard;
        let verified = world.edge.verify_shard(shard, visitor);
        assert_eq!(verified.is_ok(), own, "{verified:?}");
        let row = world.edge.row_from_shard(shard, visitor);
        check_error(&row, visitor);
    }
    check_parsed(shard);
}

/// What parses is consistent: keys ascend and belong here, and each key finds its own row.
fn check_parsed(shard: &[u8]) {
    let Ok(parsed) = UserShard::parse(shard) else { return };
    let mut rows = 0;
    for (key, row) in parsed.iter() {
        assert_eq!(parsed.row(key), Some(row));
        rows += 1;
        let _ = UserRow::parse(row, 60);
    }
    assert_eq!(rows, parsed.len());
    assert!(parsed.number() >> parsed.shard_bits() == 0);
}

/// A shard that the signed users section names.
fn check_named(shard: &[u8]) {
    check_parsed(shard);
    let world = world();
    let number = UserShard::parse(shard).map_or(0, |parsed| parsed.number() % world.shards.len() as u32);
    let mut shards: BTreeMap<u32, &[u8]> = world.shards.iter().map(|(number, shard)| (*number, &**shard)).collect();
    shards.insert(number, shard);
    let hashes: Vec<[u8; 32]> = shards.values().map(|shard| Hash::of(shard).0).collect();
    let mut sections = world.sections.clone();
    sections.insert(Kind::Users, write_users(60, 5, shop_bits(), &hashes).expect("a users section"));
    let manifest = signed::manifest(&world.manifest, &sections);
    let edge = open(&manifest, sections.values()).expect("the shop with other shards");
    for visitor in VISITORS.into_iter().filter(|visitor| shard_of(visitor) == number) {
        let shard = shards[&shard_of(visitor)];
        let verified = edge.verify_shard(shard, visitor);
        assert_eq!(verified.is_ok(), UserShard::parse(shard).is_ok(), "named, and so taken if it parses");
        check_answers(&edge, visitor, verified.and_then(|()| edge.row_from_shard(shard, visitor)));
    }
}

/// `stored` holds `row`, in a shard beside another visitor's.
fn check_row(row: &[u8], stored: &[u8], version: u16) {
    let world = world();
    let (visitor, number) = (visitors::SHIRTS, shard_of(visitors::SHIRTS));
    let key = *RowSeal::new(&shop::salt(), visitor).visitor_key().as_bytes();
    let mut beside = key;
    beside[15] ^= 1;
    let rows = [(key, stored.to_vec()), (beside, stored.to_vec())];
    let shard = write_shard(&ShardInput { shard: number, shard_bits: shop_bits(), rows: &rows }).expect("a shard");
    let (kind, _, parts) = signed::parts(&shard).expect("a good shard");
    let shard = signed::container(kind.code(), version, &parts);
    check_parsed(&shard);
    let opened = world.edge.row_from_shard(&shard, visitor);
    assert_eq!(opened.as_ref().ok().cloned().flatten().as_deref(), Some(row), "what was stored is what is read");
    check_answers(&world.edge, visitor, opened);
}

/// Where a sealed row should be, lies something else: it opens for nobody, unless it is the visitor's own.
fn check_unsealed(sealed: &[u8]) {
    let seal = RowSeal::new(&shop::salt(), visitors::SHIRTS);
    assert_eq!(seal.open(sealed), Err(BundleError::Seal));
    // One byte changed, and it is nobody's.
    let good = seal.seal(sealed).expect("sealed");
    let at = sealed.len() % good.len();
    let mut changed = good.clone();
    changed[at] ^= 1;
    assert_eq!(seal.open(&changed), Err(BundleError::Seal));
    assert_eq!(RowSeal::new(&shop::salt(), visitors::LAMPS).open(&good), Err(BundleError::Seal));
}

fn check_error<T>(result: &Result<T, EdgeError>, visitor: &str) {
    if let Err(error) = result {
        let message = format!("{error} {error:?}");
        assert!(!message.contains(visitor), "an error names the visitor: {message}");
    }
}

/// Answers with the row as a host does, whatever became of it.
fn check_answers(edge: &Edge, visitor: &str, row: Result<Option<Vec<u8>>, EdgeError>) {
    check_error(&row, visitor);
    let parses = matches!(&row, Ok(Some(row)) if check_parsed_row(row));
    let (row, fallback) = match row {
        Ok(row) => (row, None),
        Err(_) => (None, Some(FallbackReason::ShardUnreadable)),
    };
    let view = LiveEvent { item: shop::id(2), kind: LiveKind::View, time: NOW - 90 };
    for (slot, consent, diversity, events) in [
        (Slot::Home, Consent::Granted, 0.0, vec![]),
        (Slot::Again, Consent::Unset, 0.0, vec![view.clone()]),
        (Slot::Product, Consent::Granted, 0.4, vec![view]),
    ] {
        let request = Request {
            visitor: Some(visitor.to_owned()),
            item: Some(shop::id(7)),
            k: 50,
            ..Request { slot, consent, diversity, events, fallback, ..Request::new("SG", NOW) }
        };
        let response = ask(edge, &request, row.as_deref()).expect("a lawful request is answered");
        let unreadable = [Some(FallbackReason::RowUnreadable), Some(FallbackReason::ShardUnreadable)];
        assert!(!response.items.is_empty());
        assert!(parses || row.is_none() || !response.personalised, "from a row that does not parse");
        assert!(!parses || !unreadable.contains(&response.fallback_reason), "a good row was not read");
    }
}

/// Whether it is a row, and then everything in it is in range.
fn check_parsed_row(row: &[u8]) -> bool {
    let Ok(parsed) = UserRow::parse(row, 60) else { return false };
    assert!(parsed.history().len() <= 64 && parsed.churn_decile().is_none_or(|decile| (1..=10).contains(&decile)));
    assert!(parsed.history().is_sorted_by(|a, b| a.item < b.item));
    for entry in parsed.history() {
        assert!(entry.item < 60 && entry.confidence > 0.0 && entry.confidence <= 1000.0);
        assert!(entry.together.is_none_or(|t| (0.0..=1.0).contains(&t)) && (0.0..=1000.0).contains(&entry.again));
    }
    assert!(parsed.bought().iter().is_sorted_by(|a, b| a < b) && parsed.bought().iter().all(|item| item < 60));
    true
}

/// What coverage-guided fuzzing begins with.
pub fn seeds() -> Vec<Vec<u8>> {
    let world = world();
    let prefixed = |what: u8, body: &[u8]| [&[what], body].concat();
    let shards = world.shards.values().flat_map(|shard| [FOREIGN, NAMED].map(|what| prefixed(what, shard)));
    let rows = world.rows.values().flat_map(|row| [SEALED, CLEAR, UNSEALED].map(|what| prefixed(what, row)));
    shards.chain(rows).collect()
}
