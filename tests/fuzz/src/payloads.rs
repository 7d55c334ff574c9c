//! What is signed: a manifest, a revocation update, a canary and a list of keys, and payloads like theirs whose fields were
//! changed rather than their bytes, so that they decode and are refused, or not, for what they say.

use std::sync::OnceLock;

use kenal_bundle::{
    Canary, CardValue, Hash, Kind, Manifest, PublicKey, RevocationUpdate, Trust, verify_canary, verify_revocations,
    write_canary, write_keys, write_revocation_update,
};
use serde::Serialize;

use crate::dice::Dice;
use crate::shop::{self, NOW};
use crate::signed;
use crate::world::world;

/// A manifest, a revocation update, a canary and a list of keys, all as they should be.
pub fn files() -> &'static [Vec<u8>; 4] {
    static FILES: OnceLock<[Vec<u8>; 4]> = OnceLock::new();
    FILES.get_or_init(new_files)
}

fn new_files() -> [Vec<u8>; 4] {
    let world = world();
    let signer = shop::signer();
    let list = key_list();
    let withdrawn = [kenal_bundle::VisitorKey::new(&shop::salt(), "visitor-lamps")];
    [
        world.manifest_bytes.clone(),
        write_revocation_update(&signer, &world.manifest, NOW as u64, &withdrawn).expect("an update"),
        write_canary(&signer, 500, &world.manifest_bytes).expect("a canary"),
        write_keys(&signer, list.version, list.expires_at, &[signer_key()]).expect("a list of keys"),
    ]
}

/// The payload of one of [`files`], often one of which fields were changed.
pub fn payload(dice: &mut Dice, which: usize) -> Vec<u8> {
    let file = &files()[which];
    if dice.one_in(3) {
        return signed::payload(file).to_vec();
    }
    let (trust, manifest) = (Trust::new(signer_key()), &world().manifest);
    match which {
        0 => changed(dice, manifest.clone(), change_manifest),
        1 => changed(dice, verify_revocations(file, &trust, manifest).expect("an update"), change_update),
        2 => changed(dice, verify_canary(file, &trust).expect("a canary"), change_canary),
        _ => changed(dice, key_list(), change_keys),
    }
}

fn signer_key() -> PublicKey {
    shop::signer().public().expect("a good seed")
}

/// A list of keys as `core/FORMAT.md` has it.
#[derive(Serialize)]
struct KeyList {
    version: u64,
    expires_at: u64,
    keys: Vec<Hash>,
}

/// What is in the good list.
fn key_list() -> KeyList {
    KeyList { version: 1, expires_at: NOW as u64 + 86_400, keys: vec![Hash(signer_key().to_bytes())] }
}

fn changed<T: Serialize>(dice: &mut Dice, mut value: T, change: fn(&mut Dice, &mut T)) -> Vec<u8> {
    for _ in 0..=dice.below(3) {
        change(dice, &mut value);
    }
    rmp_serde::to_vec_named(&value).expect("plain values")
}

/// Times and versions around those that count, or any.
fn number(dice: &mut Dice) -> u64 {
    let near = shop::BUILT_AT as u64 + dice.below(3) as u64 * 86_400;
    let any = dice.bits() >> dice.below(64);
    dice.pick(&[near, near - 1, 0, 6, 7, 8, u64::MAX, any])
}

fn change_manifest(dice: &mut Dice, manifest: &mut Manifest) {
    match dice.below(9) {
        0 => manifest.version = number(dice),
        1 => manifest.expires_at = number(dice),
        2 => manifest.created_at = number(dice),
        3 => manifest.sections.truncate(dice.below(8)),
        4 => {
            let again = manifest.markets[dice.below(manifest.markets.len())].clone();
            manifest.markets.push(again);
        }
        5 => {
            for market in 0..dice.below(20) {
                let mut other = manifest.markets[0].clone();
                other.code = format!("X{market}");
                manifest.markets.push(other);
            }
        }
        6 => {
            let name = String::from_utf8_lossy(&dice.bytes(40)).into_owned();
            let text = CardValue::Text(name.clone());
            let value = if dice.one_in(3) { text } else { CardValue::Number(f64::from(dice.float())) };
            manifest.card.insert(name, value);
        }
        7 => {
            let entry = dice.below(manifest.sections.len());
            if let Some(entry) = manifest.sections.get_mut(entry) {
                entry.kind = dice.pick(&Kind::ALL);
                entry.bytes = dice.bits() as u32;
            }
        }
        _ => {
            manifest.as_of = number(dice);
            manifest.watermarks.insert("clock".to_owned(), manifest.as_of);
        }
    }
}

fn change_update(dice: &mut Dice, update: &mut RevocationUpdate) {
    match dice.below(4) {
        0 | 1 => update.issued_at = number(dice),
        2 => update.salt = Hash::of(b"another shop's"),
        _ => dice.damage(&mut update.section, &[]),
    }
}

fn change_canary(dice: &mut Dice, canary: &mut Canary) {
    match dice.below(4) {
        0 => canary.version = number(dice),
        1 | 2 => canary.share = dice.pick(&[0, 1, 500, 9_999, 10_000, 10_001, u16::MAX]),
        _ => dice.damage(&mut canary.manifest, &[]),
    }
}

fn change_keys(dice: &mut Dice, list: &mut KeyList) {
    match dice.below(5) {
        0 => list.version = number(dice),
        1 => list.expires_at = number(dice),
        2 => list.keys.truncate(dice.below(2)),
        3 => {
            // Points of small order, and what is no point at all.
            let bytes = dice.pick(&[[0; 32], [1; 32], [0xff; 32], shop::key()]);
            list.keys.push(Hash(bytes));
        }
        _ => list.keys.extend((0..dice.below(5)).map(|_| Hash(shop::key()))),
    }
}
