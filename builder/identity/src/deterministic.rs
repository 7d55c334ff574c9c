//! Tier 1: pairs that one fact decides: a merge done in the CRM, an account id stored by another system, a trustworthy
//! email or phone. A device never joins two accounts, since people lend and inherit them; but what was done on it
//! without signing in belongs to the one account that was ever signed in on it.
//!
//! Under one value every record is tied to the first, which joins `k` records with `k - 1` pairs.

use kenal_types::{RecordKey, System};

use crate::config::TrustConfig;
use crate::input::Input;
use crate::pairs::Pair;
use crate::table::{Table, Values};
use crate::trust::{Holders, people_among};
use crate::vocabulary::hash_text;

/// Rule numbers above the blocking rules'.
pub(crate) const MERGED: u8 = 250;
pub(crate) const ACCOUNT_ID: u8 = 251;
pub(crate) const TRUSTED_EMAIL: u8 = 252;
pub(crate) const TRUSTED_PHONE: u8 = 253;
pub(crate) const ONLY_ACCOUNT: u8 = 254;

/// How the key of a device that was used without signing in begins; see [`RecordKey`].
const DEVICE_RECORD: &str = "device/";

/// What a stored id points at: a record of the input, or, when that is not there, the id itself. Two records that point
/// at one absent account still belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    Record(u32),
    Absent(u64),
}

/// All pairs of tier 1, sorted, each once with its strongest rule.
pub(crate) fn pairs(
    input: &Input,
    order: &[u32],
    table: &Table,
    emails: &[bool],
    phones: &[bool],
    config: &TrustConfig,
) -> Vec<Pair> {
    let mut found = merges(input, order);
    found.extend(account_ids(input, order, table, config));
    stars(&table.emails, emails, TRUSTED_EMAIL, &mut found);
    stars(&table.phones, phones, TRUSTED_PHONE, &mut found);
    only_accounts(input, order, &table.devices, &mut found);
    found.sort_unstable();
    found.dedup_by_key(|pair| pair.records());
    found
}

fn stars(values: &Values, trusted: &[bool], rule: u8, found: &mut Vec<Pair>) {
    for held in Holders::of(values).groups().filter(|held| trusted[held[0].0 as usize]) {
        found.extend(held[1..].iter().map(|&(_, record)| Pair::new(held[0].1, record, rule)));
    }
}

/// Ties a device's own record to the account of the app that was signed in on the device, when there is just one.
fn only_accounts(input: &Input, order: &[u32], devices: &Values, found: &mut Vec<Pair>) {
    let key = |record: u32| &input.records[order[record as usize] as usize].key;
    let in_app = |record: &u32| key(*record).system == System::App;
    let is_device = |record: &u32| key(*record).id.starts_with(DEVICE_RECORD);
    for held in Holders::of(devices).groups().filter(|held| !devices.shared[held[0].0 as usize]) {
        let (own, accounts): (Vec<u32>, Vec<u32>) = held.iter().map(|h| h.1).filter(in_app).partition(is_device);
        if let [account] = accounts[..] {
            found.extend(own.into_iter().map(|record| Pair::new(account, record, ONLY_ACCOUNT)));
        }
    }
}

/// Merges that the system itself has done are facts: no condition.
fn merges(input: &Input, order: &[u32]) -> Vec<Pair> {
    let mut claims = Vec::new();
    for (record, &at) in order.iter().enumerate() {
        if let Some(survivor) = &input.records[at as usize].merged_into {
            claims.push((target(input, order, survivor), record as u32));
        }
    }
    tie(claims, MERGED, |_| true)
}

/// Ids of other systems that a record stores, unless one id is stored by different people.
fn account_ids(input: &Input, order: &[u32], table: &Table, config: &TrustConfig) -> Vec<Pair> {
    let mut claims = Vec::new();
    for (record, &at) in order.iter().enumerate() {
        let own = &input.records[at as usize];
        for id in &own.external_ids {
            if let Some(target) = account(input, order, own.key.system, id) {
                claims.push((target, record as u32));
            }
        }
    }
    tie(claims, ACCOUNT_ID, |members| {
        members.len() <= config.records_per_value_max
            && usize::from(people_among(table, members.iter().copied())) <= config.people_per_value_max
    })
}

/// `text` is a full key, or the bare id of a Shopify customer (in Zendesk), or of the only other system that has it.
fn account(input: &Input, order: &[u32], own: System, text: &str) -> Option<Target> {
    let text = crate::normalise::bounded(text);
    if crate::normalise::is_non_value(&text.to_lowercase()) {
        return None;
    }
    if let Ok(key) = text.parse::<RecordKey>() {
        return Some(target(input, order, &key));
    }
    if own == System::Zendesk {
        return Some(target(input, order, &RecordKey::new(System::Shopify, text)));
    }
    let others = System::ALL.into_iter().filter(|&s| s != own);
    let mut present = others.filter_map(|s| find(input, order, &RecordKey::new(s, text)));
    match (present.next(), present.next()) {
        (Some(only), None) => Some(Target::Record(only)),
        _ => None,
    }
}

fn target(input: &Input, order: &[u32], key: &RecordKey) -> Target {
    find(input, order, key).map_or_else(|| Target::Absent(hash_text(&key.to_string())), Target::Record)
}

fn find(input: &Input, order: &[u32], key: &RecordKey) -> Option<u32> {
    order.binary_search_by(|&at| input.records[at as usize].key.cmp(key)).ok().map(|at| at as u32)
}

/// Ties the records that point at one target together, and to the target.
fn tie(mut claims: Vec<(Target, u32)>, rule: u8, permitted: impl Fn(&[u32]) -> bool) -> Vec<Pair> {
    claims.sort_unstable();
    claims.dedup();
    let mut found = Vec::new();
    for claim in claims.chunk_by(|x, y| x.0 == y.0) {
        let mut members: Vec<u32> = claim.iter().map(|c| c.1).collect();
        if let Target::Record(record) = claim[0].0 {
            members.push(record);
        }
        members.sort_unstable();
        members.dedup();
        if members.len() >= 2 && permitted(&members) {
            found.extend(members[1..].iter().map(|&m| Pair::new(members[0], m, rule)));
        }
    }
    found
}
