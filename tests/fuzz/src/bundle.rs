//! Target `bundle`: everything of a bundle but its users' rows, from the store to the answer.
//!
//! The first byte of an input says what the rest is. Files as they came from the store have to get past a signature or a
//! hash and nearly never do; the others are signed here, or listed by their hash in a manifest that is, and so reach
//! the readers behind. `Parts` is a section without its table: kind, version and parts, so that a part that grows
//! does not spoil the offsets of the others.

use std::collections::BTreeMap;

use kenal_bundle::{
    BundleError, Hash, Kind, Manifest, apply_delta, check_shard, signer_of, verify, verify_canary, verify_keys,
    verify_revocations, write_delta, write_revocation_update,
};
use kenal_core::format::container::Outline;
use kenal_core::{Bundle, Sections};
use kenal_edge::{Edge, Need};

use crate::dice::Dice;
use crate::patch::patched;
use crate::payloads::{files, payload};
use crate::sections::{check_section, check_shop, use_unchecked};
use crate::shop::{self, NOW};
use crate::signed::{self, MAGICS, envelope};
use crate::store;
use crate::world::{open, trust, world};

const FILE: u8 = 0;
const PAYLOAD: u8 = 1;
const SECTION: u8 = 5;
const PARTS: u8 = 6;
const SEVERAL: u8 = 7;
const WITHDRAWALS: u8 = 8;
const DELTA: u8 = 9;
const OPERATIONS: u8 = 10;
const STORE: u8 = 11;
const WHATS: u8 = 12;

/// An input.
pub fn generate(dice: &mut Dice) -> Vec<u8> {
    let what = dice.pick(&[
        FILE,
        PAYLOAD,
        2,
        3,
        4,
        SECTION,
        PARTS,
        PARTS,
        PARTS,
        PARTS,
        SEVERAL,
        SEVERAL,
        WITHDRAWALS,
        DELTA,
        OPERATIONS,
        OPERATIONS,
        STORE,
    ]);
    let world = world();
    let seeds: Vec<&[u8]> = world.seeds.iter().map(Vec::as_slice).collect();
    let files = files();
    let mut body = match what {
        FILE => files[dice.below(files.len())].clone(),
        PAYLOAD..=4 => payload(dice, usize::from(what - PAYLOAD)),
        SECTION => dice.pick(&seeds).to_vec(),
        PARTS => parts(dice, &seeds, true),
        SEVERAL => {
            // A whole shop, of which one section or two are damaged.
            let shop = &world.shops[dice.below(world.shops.len())];
            let damaged = [dice.below(shop.len()), dice.below(shop.len())];
            let several = shop.values().enumerate().map(|(at, section)| match damaged.contains(&at) {
                true => parts(dice, &[section], false),
                false => unpacked(section),
            });
            signed::joined(&several.collect::<Vec<_>>())
        }
        WITHDRAWALS => parts(dice, &[&world.sections[&Kind::Revocations]], false),
        DELTA => deltas(dice),
        STORE => damaged_store(dice, files),
        _ => deltas(dice).split_off(48),
    };
    let damaged = !matches!(what, PARTS | SEVERAL | WITHDRAWALS | STORE) && !dice.one_in(8);
    if damaged || dice.one_in(12) {
        dice.damage(&mut body, &seeds);
    }
    body.insert(0, what);
    body
}

/// Kind, version and parts of a section, of which some were damaged.
fn parts(dice: &mut Dice, seeds: &[&[u8]], any: bool) -> Vec<u8> {
    let like = dice.pick(seeds);
    let (own, version, mut parts) = signed::parts(like).expect("seeds are sections");
    if any && dice.one_in(2) {
        let section = world().sections.get(&own);
        parts = section.and_then(|section| signed::parts(section)).map_or(parts, |(_, _, parts)| parts);
    }
    for _ in 0..=dice.below(3) {
        let at = dice.below(parts.len());
        match dice.below(12) {
            0 => parts.truncate(at),
            1 => {
                let other = parts[dice.below(parts.len())].clone();
                parts.push(other);
            }
            2 if parts.len() > 1 => parts.swap(0, at),
            _ => {
                let others: Vec<Vec<u8>> = parts.clone();
                let others: Vec<&[u8]> = others.iter().map(Vec::as_slice).collect();
                if let Some(part) = parts.get_mut(at) {
                    dice.damage(part, &others);
                }
            }
        }
        if parts.is_empty() {
            break;
        }
    }
    if own == Kind::Items && !dice.one_in(3) {
        mend_items(version, &mut parts, dice.pick(&[0.0, 0.25, 1.0, 1.0, f64::from(f32::MAX)]));
    }
    packed(own, version, &parts)
}

fn packed(kind: Kind, version: u16, parts: &[Vec<u8>]) -> Vec<u8> {
    let mut body = vec![kind.code() as u8, version as u8];
    body.extend(signed::joined(parts));
    body
}

fn unpacked(section: &[u8]) -> Vec<u8> {
    let (kind, version, parts) = signed::parts(section).expect("a good section");
    packed(kind, version, &parts)
}

/// The factors of items as one part has them: bytes of the first, half bytes of the others, half bytes that refine.
struct Factors<'b> {
    bytes: &'b mut [u8],
    stride: usize,
    n: usize,
    halved: usize,
    fine: usize,
}

impl Factors<'_> {
    /// Number `d` of the half bytes at `slot`, replaced by what `new` makes of it.
    fn half(&mut self, slot: usize, d: usize, new: impl Fn(i8) -> i8) -> Option<i8> {
        let row = self.stride / 2;
        let start = self.n.checked_sub(self.halved)? * self.stride + slot * row;
        let byte = self.bytes.get_mut(start..)?.get_mut(d % row.max(1))?;
        let (shift, other) = if d < row { (4, *byte & 0xf0) } else { (0, *byte & 0x0f) };
        let code = new(((*byte << shift) as i8) >> 4);
        *byte = other | ((code as u8 & 0xf) << (4 - shift));
        Some(code)
    }

    /// Number `d` of `item` in sixteenths of a byte's code, made 0 when `clear`; 0 when it is not there.
    fn code(&mut self, item: usize, d: usize, clear: bool) -> f64 {
        let new = |code: i8| if clear { 0 } else { code };
        let whole = self.n.saturating_sub(self.halved);
        let code = if item < whole {
            let byte = self.bytes.get_mut(item * self.stride + d);
            byte.map(|byte| {
                *byte = new(*byte as i8) as u8;
                *byte as i8
            })
        } else {
            self.half(item - whole, d, new)
        };
        let finer = if item < self.fine { self.half(self.halved + item, d, new) } else { None };
        16.0 * f64::from(code.unwrap_or_default()) + f64::from(finer.unwrap_or_default())
    }
}

/// Puts the numbers of items back into their ranges, each at the nearest end, so that the equations are reached with
/// what damage has made of the rest. Norms become `share` of
/// what the factors need: less than 1 must be refused.
fn mend_items(version: u16, parts: &mut [Vec<u8>], share: f64) {
    let [head, factors, scales, norms, gram, .., rank_scales] = parts else { return };
    let number = |at: usize, n: usize| -> Option<usize> {
        Some(head.get(at..at + n)?.iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte)))
    };
    let heads = [number(0, 4), number(4, 2), number(6, 2), number(36, 4), number(40, 4)];
    let [Some(n), Some(dims), Some(stride), Some(halved), Some(fine)] = heads else { return };
    if n > scales.len() || stride > 256 {
        return;
    }
    let mut factors = Factors { bytes: factors, stride, n, halved, fine };
    let limits = |bytes: &mut [u8], least: f32, most: f32| {
        for float in bytes.as_chunks_mut::<4>().0 {
            let x = f32::from_le_bytes(*float);
            *float = if x.is_nan() { least } else { x.clamp(least, most) }.to_le_bytes();
        }
    };
    let end = (1u64 << 40) as f32;
    limits(scales, 1.0 / end, end);
    // A boost of 1 is right for every item.
    rank_scales.clone_from(scales);
    let (norms, bounded) = (norms.as_chunks_mut::<4>().0, if version < 4 { 1 } else { 4 });
    let mut bound = 0f32;
    for (item, scale) in scales.as_chunks::<4>().0.iter().enumerate().take(n).rev() {
        let squares: f64 = (0..stride).map(|d| factors.code(item, d, d >= dims).powi(2)).sum();
        let own = squares.sqrt() * f64::from(f32::from_le_bytes(*scale) / 16.0);
        // Rounded up, and at least those of the items behind.
        bound = bound.max(((own * share) as f32).next_up().min(f32::MAX));
        if let Some(norm) = norms.get_mut(item / bounded) {
            *norm = bound.to_le_bytes();
        }
    }
    limits(gram, -f32::MAX, f32::MAX);
    if let Some(model) = head.get_mut(12..36) {
        let (alpha0, rest) = model.split_at_mut(4);
        let (reg, rest) = rest.split_at_mut(4);
        let (confidences, half_life) = rest.split_at_mut(12);
        limits(alpha0, 0.0, f32::MAX);
        limits(reg, f32::MIN_POSITIVE, f32::MAX);
        limits(confidences, 0.0, 1000.0);
        limits(half_life, 0.0, f32::MAX);
    }
}

/// One file or two of a store, each with its number before it.
fn damaged_store(dice: &mut Dice, files: &[Vec<u8>]) -> Vec<u8> {
    let pieces = (0..=dice.below(2)).map(|_| {
        let at = dice.below(store::files_count());
        // Signed files half of the time as they should be, or in each other's places.
        let mut file = if dice.one_in(2) { files[dice.below(files.len())].clone() } else { store::file(at) };
        if !dice.one_in(3) {
            dice.damage(&mut file, &[]);
        }
        file.insert(0, at as u8);
        file
    });
    signed::joined(&pieces.collect::<Vec<_>>())
}

/// A delta from one section of a kind to another.
fn deltas(dice: &mut Dice) -> Vec<u8> {
    let world = world();
    let old = &world.sections[&Kind::Items];
    let mut new = if dice.one_in(2) { old.clone() } else { world.seeds[dice.below(world.seeds.len())].clone() };
    dice.damage(&mut new, &[]);
    write_delta(old, &new)
}

/// Changes one: of sections in parts a single part, as a part that grows would otherwise shift all others.
pub fn mutate(dice: &mut Dice, bytes: &mut Vec<u8>) {
    match bytes.split_first() {
        Some((&what, body)) if [PARTS, WITHDRAWALS].contains(&(what % WHATS)) && body.len() > 2 && !dice.one_in(8) => {
            *bytes = [vec![what], with_a_part_damaged(dice, body)].concat();
        }
        Some((&what, body)) if what % WHATS == SEVERAL && !dice.one_in(8) => {
            let mut several = signed::split(body, 8);
            let at = dice.below(several.len());
            if let Some(section) = several.get_mut(at).filter(|section| section.len() > 2) {
                *section = with_a_part_damaged(dice, section);
            }
            *bytes = [vec![what], signed::joined(&several)].concat();
        }
        _ if dice.one_in(32) => *bytes = generate(dice),
        _ => dice.damage_behind(bytes, &[]),
    }
}

fn with_a_part_damaged(dice: &mut Dice, section: &[u8]) -> Vec<u8> {
    let (head, body) = section.split_at(2);
    let mut parts = signed::split(body, 16);
    let others = parts.clone();
    let others: Vec<&[u8]> = others.iter().map(Vec::as_slice).collect();
    let at = dice.below(parts.len());
    if let Some(part) = parts.get_mut(at) {
        dice.damage(part, &others);
    }
    if head[0] == Kind::Items.code() as u8 && dice.one_in(2) {
        mend_items(head[1].into(), &mut parts, dice.pick(&[0.0, 0.25, 1.0, 1.0, f64::from(f32::MAX)]));
    }
    [head, &signed::joined(&parts)].concat()
}

/// Reads one.
pub fn check(bytes: &[u8]) {
    let Some((what, body)) = bytes.split_first() else { return };
    let what = what % WHATS;
    match what {
        FILE => check_files(body),
        PAYLOAD..=4 => check_files(&envelope(MAGICS[usize::from(what - PAYLOAD)], body)),
        SECTION => check_sections(&[body.to_vec()]),
        PARTS => check_sections(&section(body).into_iter().collect::<Vec<_>>()),
        SEVERAL => {
            let several: Vec<Vec<u8>> = signed::split(body, 8).iter().filter_map(|parts| section(parts)).collect();
            check_sections(&several);
        }
        WITHDRAWALS => check_withdrawals(&section(body).unwrap_or_default()),
        DELTA => check_delta(body),
        OPERATIONS => check_operations(body),
        _ => store::check(body),
    }
}

/// The section of what [`parts`] gives.
fn section(body: &[u8]) -> Option<Vec<u8>> {
    let ([kind, version], parts) = body.split_first_chunk::<2>()?;
    Some(signed::container(u16::from(*kind), u16::from(*version), &signed::split(parts, 16)))
}

/// A file read as everything that is signed. What verifies is what the writer would have written.
fn check_files(file: &[u8]) {
    let (world, trust) = (world(), trust());
    let _ = signer_of(file, &trust);
    if let Ok(manifest) = verify(file, &trust) {
        check_manifest(&manifest, file);
    }
    if let Ok(update) = verify_revocations(file, &trust, &world.manifest) {
        let filter = update.revocations().expect("read before");
        let _ = (0..64u64).filter(|key| filter.contains(key << 50)).count();
        assert_eq!(signed::payload(file), rmp_serde::to_vec_named(&update).expect("plain values"));
    }
    if let Ok(canary) = verify_canary(file, &trust) {
        assert!(canary.share <= 10_000);
        assert!(canary.share > 0 || !canary.includes(&world.edge.visitor_key("visitor-shirts")));
        assert!(canary.share < 10_000 || canary.includes(&world.edge.visitor_key("visitor-shirts")));
        assert_eq!(verify(&canary.manifest, &trust).expect("verified before").version, canary.version);
    }
    if let Ok(listed) = verify_keys(file, &trust, NOW as u64) {
        assert!((1..=4).contains(&listed.keys().len()));
        assert_eq!(
            Edge::open_listed(&world.manifest_bytes, Some(file), &shop::key(), NOW).is_ok(),
            verify(&world.manifest_bytes, &listed).is_ok()
        );
    }
}

fn check_manifest(manifest: &Manifest, file: &[u8]) {
    assert_eq!(signed::payload(file), rmp_serde::to_vec_named(manifest).expect("plain values"));
    assert!(manifest.created_at < manifest.expires_at && (1..=16).contains(&manifest.markets.len()));
    for market in &manifest.markets {
        assert!(manifest.market(&market.code).is_some());
    }
    let edge = Edge::open(file, &shop::key(), NOW).expect("verified before");
    assert!(edge.as_of().len() == 20 && edge.as_of().ends_with('Z'));
    let needs: Vec<Need> = edge.needs();
    assert!(needs.iter().filter(|need| need.required).count() >= 3);
    check_shop(&edge);
    // The sections that it may still list are those of the shop.
    let known = world().sections.values().filter(|bytes| manifest.sections.iter().any(|s| s.hash == Hash::of(bytes)));
    if let Ok(edge) = open(file, known) {
        check_shop(&edge);
    }
}

/// Sections in the places of the shop's own, under a manifest that lists them.
fn check_sections(sections: &[Vec<u8>]) {
    let world = world();
    let mut all = world.sections.clone();
    let mut readable = true;
    for bytes in sections {
        readable &= check_section(bytes);
        let Ok(outline) = Outline::read(bytes) else { continue };
        if outline.kind != Kind::UserShard {
            all.insert(outline.kind, bytes.clone());
        } else if let Ok(users) = kenal_core::Users::parse(&world.sections[&Kind::Users]) {
            assert!(check_shard(&users, 0, bytes).is_err() || world.shards[&0] == *bytes);
        }
    }
    // What no reader takes needs no signature to be refused; now and then it gets one all the same.
    if !readable && sections.iter().any(|bytes| bytes.len() % 16 != 0) {
        return;
    }
    let manifest = signed::manifest(&world.manifest, &all);
    let mut edge = Edge::open(&manifest, &shop::key(), NOW).expect("a good manifest");
    let mut refused: BTreeMap<Kind, String> = BTreeMap::new();
    for (kind, bytes) in &all {
        if let Err(error) = edge.add_section_of(*kind, bytes.clone()) {
            refused.insert(*kind, error.to_string());
        }
        check_shop(&edge);
    }
    let together = Sections {
        items: &all[&Kind::Items],
        trending: &all[&Kind::Trending],
        revocations: &all[&Kind::Revocations],
        users: all.get(&Kind::Users).map(Vec::as_slice),
        churn: None,
        catalogue: all.get(&Kind::Catalogue).map(Vec::as_slice),
        blend: all.get(&Kind::Blend).map(Vec::as_slice),
    };
    if let Ok(bundle) = Bundle::reopen(&together) {
        use_unchecked(&bundle);
    }
    assert_eq!(Bundle::reopen(&together).is_ok(), refused.is_empty(), "{refused:?}");
    if sections.len() != 2 {
        return;
    }
    // As a newer bundle after the shop's own: what is the same is taken over.
    let mut newer = Edge::open(&manifest, &shop::key(), NOW).expect("a good manifest");
    for need in newer.needs() {
        if newer.hash_before(&world.edge, &need.hash) == Some(need.hash) {
            let _ = newer.add_changed(&world.edge, &need.hash, None);
        }
    }
    check_shop(&newer);
}

/// A revocations section, in an update and in the bundle.
fn check_withdrawals(section: &[u8]) {
    let world = world();
    let mut known = world.manifest.clone();
    known.version += 1;
    let update = write_revocation_update(&shop::signer(), &known, NOW as u64, &[]).expect("an update");
    let empty = signed::payload(&update);
    // The section is the last field, as MessagePack's bin 8, which is long enough for the empty one.
    let head = empty.len() - kenal_core::format::write::write_revocations(&[]).expect("none").len() - 2;
    let mut payload = empty[..head].to_vec();
    match u8::try_from(section.len()) {
        Ok(length) => payload.extend_from_slice(&[0xc4, length]),
        Err(_) => {
            payload.push(0xc5);
            payload.extend_from_slice(&(section.len().min(0xffff) as u16).to_be_bytes());
        }
    }
    payload.extend_from_slice(&section[..section.len().min(0xffff)]);
    let file = envelope("KENALREV", &payload);
    check_files(&file);
    let edge = open(&world.manifest_bytes, world.sections.values()).expect("the shop opens");
    let taken = edge.add_revocations(&file).is_ok();
    assert_eq!(taken, kenal_core::Revocations::parse(section).is_ok(), "an update is as good as its section");
    assert_eq!(edge.revocations_issued_at().is_some(), taken);
    assert!(edge.is_revoked("visitor-revoked"), "the bundle's own still count");
    check_shop(&edge);
    check_sections(&[section.to_vec()]);
}

/// A delta to the shop's items, for a manifest that lists what it says it gives.
fn check_delta(delta: &[u8]) {
    let world = world();
    let old = &world.sections[&Kind::Items];
    let expected = patched(old, delta);
    let applied = apply_delta(old, delta, &Hash::of(expected.as_deref().unwrap_or_default()));
    assert_eq!(applied.ok(), expected, "the bytes that the operations say");
    if expected.is_some() {
        assert_eq!(apply_delta(old, delta, &Hash::of(b"another")), Err(BundleError::Delta));
    }
    let mut edge = Edge::open(&world.manifest_bytes, &shop::key(), NOW).expect("the shop opens");
    for need in edge.needs() {
        let _ = edge.add_changed(&world.edge, &need.hash, Some(delta));
    }
    check_shop(&edge);
}

/// Operations behind a good head, for every length that they could give.
fn check_operations(operations: &[u8]) {
    let old = &world().sections[&Kind::Items];
    let delta = |length: u32| {
        let mut delta = Vec::from(b"KENALDEL\x01\0\0\0");
        delta.extend_from_slice(&length.to_le_bytes());
        delta.extend_from_slice(&Hash::of(old).0);
        delta.extend_from_slice(operations);
        delta
    };
    check_delta(&delta(old.len() as u32));
    for length in [0, operations.len() as u32, 1 << 30, u32::MAX] {
        let _ = apply_delta(old, &delta(length), &Hash::of(old));
    }
}

/// What coverage-guided fuzzing begins with.
pub fn seeds() -> Vec<Vec<u8>> {
    let world = world();
    let prefixed = |what: u8, body: &[u8]| [&[what], body].concat();
    let mut seeds: Vec<Vec<u8>> = files().iter().chain(&world.foreign).map(|file| prefixed(FILE, file)).collect();
    seeds.extend((PAYLOAD..).zip(files()).map(|(what, file)| prefixed(what, signed::payload(file))));
    seeds.extend(world.seeds.iter().map(|section| prefixed(SECTION, section)));
    for section in &world.seeds {
        let parts = unpacked(section);
        if parts.first() == Some(&(Kind::Revocations.code() as u8)) {
            seeds.push(prefixed(WITHDRAWALS, &parts));
        }
        seeds.push(prefixed(PARTS, &parts));
    }
    for shop in &world.shops {
        let all: Vec<Vec<u8>> = shop.values().map(|section| unpacked(section)).collect();
        seeds.push(prefixed(SEVERAL, &signed::joined(&all)));
    }
    let mut dice = Dice::new(3, 3);
    for _ in 0..4 {
        let delta = deltas(&mut dice);
        seeds.push(prefixed(OPERATIONS, &delta[48..]));
        seeds.push(prefixed(DELTA, &delta));
    }
    seeds
}
