//! Tier 1: pairs that one fact decides: a merge done in the CRM, an account id stored by another system, a trustworthy
//! email or phone. A device never joins two accounts, since people lend and inherit them; but what was done on it
//! without signing in belongs to the one account that was ever signed in on it.
//!
//! Under one value every record is tied to the first, which joins `k` records with `k - 1` pairs.

use rayon::prelude::*;

use crate::config::TrustConfig;
use crate::pairs::Pair;
use crate::prepared::{Claim, ClaimKind};
use crate::records::Records;
use crate::table::Table;
use crate::trust::{Holders, people_among};
use crate::vocabulary::{hash_text, mix};

/// Rule numbers above the blocking rules'.
pub(crate) const DECIDED: u8 = 249;
pub(crate) const MERGED: u8 = 250;
pub(crate) const ACCOUNT_ID: u8 = 251;
pub(crate) const TRUSTED_EMAIL: u8 = 252;
pub(crate) const TRUSTED_PHONE: u8 = 253;
pub(crate) const ONLY_ACCOUNT: u8 = 254;

/// What a stored id points at: a record of the input, or, when that is not there, the id itself. Two records that point
/// at one absent account still belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    Record(u32),
    Absent(u64),
}

/// All pairs of tier 1, sorted, each once with its strongest rule. `emails`, `phones`: by value, whether it decides alone.
pub(crate) fn pairs(records: &Records, emails: &[bool], phones: &[bool], config: &TrustConfig) -> Vec<Pair> {
    let table = &records.table;
    let mut found = claimed(records, records.claims.iter(), config);
    for (values, trusted, rule) in [(&table.emails, emails, TRUSTED_EMAIL), (&table.phones, phones, TRUSTED_PHONE)] {
        for (_, held) in Holders::of(values).groups().filter(|(value, _)| trusted[*value as usize]) {
            star(table, held.iter().copied(), rule, &mut found);
        }
    }
    for (_, held) in Holders::of(&table.devices).groups() {
        only_account(table, held.iter().copied(), config, &mut found);
    }
    found.par_sort_unstable();
    found.dedup_by_key(|pair| pair.records());
    found
}

/// Ties every record to the one with the smallest tie.
pub(crate) fn star(table: &Table, members: impl Iterator<Item = u32> + Clone, rule: u8, found: &mut Vec<Pair>) {
    if let Some(first) = members.clone().min_by(|&a, &b| table.by_tie(a, b)) {
        found.extend(members.filter(|&m| m != first).map(|m| Pair::new(first, m, rule)));
    }
}

/// Ties a device's own record to the account of its source that was signed in on the device, when there is just one.
/// `held`: records with the device.
pub(crate) fn only_account(
    table: &Table,
    held: impl Iterator<Item = u32> + Clone,
    config: &TrustConfig,
    found: &mut Vec<Pair>,
) {
    if held.clone().count() > config.records_per_value_max {
        return;
    }
    let is_device = |record: &u32| table.standing[*record as usize].device;
    for own in held.clone().filter(is_device) {
        let source = table.source[own as usize];
        let mut accounts = held.clone().filter(|r| !is_device(r) && table.source[*r as usize] == source);
        if let (Some(account), None) = (accounts.next(), accounts.next()) {
            found.push(Pair::new(account, own, ONLY_ACCOUNT));
        }
    }
}

/// Pairs that follow from what records state of others. `claims`: all those about the ids they name, or none.
pub(crate) fn claimed<'a>(
    records: &Records,
    claims: impl Iterator<Item = &'a Claim> + Clone,
    config: &TrustConfig,
) -> Vec<Pair> {
    let targets = |kind: ClaimKind| -> Vec<(Target, u32)> {
        let of_kind = claims.clone().filter(|claim| claim.kind == kind);
        of_kind.filter_map(|claim| Some((target(records, claim)?, claim.record))).collect()
    };
    let table = &records.table;
    let mut found = tie(table, targets(ClaimKind::Merged), MERGED, |_| true);
    found.extend(tie(table, targets(ClaimKind::Account), ACCOUNT_ID, |members| {
        // An id that different people store is not an account of one.
        members.len() <= config.records_per_value_max
            && usize::from(people_among(table, members.iter().copied())) <= config.people_per_value_max
    }));
    found
}

fn target(records: &Records, claim: &Claim) -> Option<Target> {
    if let Some(source) = claim.source {
        let absent = || Target::Absent(mix(hash_text(&claim.id) ^ mix(u64::from(source))));
        return Some(records.find(source, &claim.id).map_or_else(absent, Target::Record));
    }
    // A bare id is that of the only other source that has it.
    let own = records.source(claim.record);
    let others = (0..records.schema().sources.len() as u8).filter(|&s| s != own);
    let mut present = others.filter_map(|source| records.find(source, &claim.id));
    match (present.next(), present.next()) {
        (Some(only), None) => Some(Target::Record(only)),
        _ => None,
    }
}

/// Ties the records that point at one target together, and to the target.
fn tie(table: &Table, mut claims: Vec<(Target, u32)>, rule: u8, permitted: impl Fn(&[u32]) -> bool) -> Vec<Pair> {
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
            star(table, members.iter().copied(), rule, &mut found);
        }
    }
    found
}
