//! The finished bundle, asked by the core itself: what each person would be shown on the home page.
//!
//! It reads the files that were just written, as an edge would, so what is kept in the lake is what will be served.

use std::path::Path;

use anyhow::{Context as _, Result};
use kenal_bundle::RowSeal;
use kenal_core::{
    Ask, Bundle, Choice, Gate, ItemIdx, Revocation, Rules, Scored, Scratch, UserRow, UserShard, Who, gate, personalise,
};
use kenal_lake::Fingerprint;
use kenal_types::PersonId;

use super::Tokens;
use super::rows::Rows;
use crate::bundle_folder::BundleFolder;
use crate::gold::RecommendationRow;
use crate::stage::Company;

/// Items asked for a person.
const K: usize = 20;
/// People asked at the most, spread evenly: the check of a shop of millions must not take longer than its build.
const PEOPLE_MAX: usize = 20_000;

/// What the trial did.
pub struct Trial {
    pub asked: u64,
    pub personalised: u64,
}

/// Asks for people of `rows` and keeps the answers as a gold table.
pub fn run(company: &Company, out: &Path, rows: &Rows, tokens: &Tokens) -> Result<Trial> {
    let folder = BundleFolder::open(out, None)?;
    let bundle = folder.bundle()?;
    let users = bundle.users.context("the bundle has no users section")?;
    let step = rows.len().div_ceil(PEOPLE_MAX).max(1);
    let seal = |(person, _): (PersonId, _)| {
        let token = tokens.of(&person.to_string()).with_context(|| format!("{person} has no token"))?;
        let seal = RowSeal::new(&folder.manifest.salt, token);
        Ok((seal.visitor_key().shard(users.shard_bits()), person, seal))
    };
    let mut asked: Vec<(u32, PersonId, RowSeal)> = rows.iter().step_by(step).map(seal).collect::<Result<_>>()?;
    // By shard, so that each is read once.
    asked.sort_unstable_by_key(|(shard, person, _)| (*shard, *person));
    let mut trial = Trial { asked: asked.len() as u64, personalised: 0 };
    let mut answers = Vec::new();
    let mut scratch = Box::new(Scratch::new());
    for people in asked.chunk_by(|a, b| a.0 == b.0) {
        let bytes = folder.shard(&users, people[0].0)?;
        let shard = UserShard::parse(&bytes)?;
        for (_, person, seal) in people {
            let list =
                ask(&folder, &bundle, &shard, seal, &mut scratch).with_context(|| format!("asking for {person}"))?;
            trial.personalised += u64::from(!list.is_empty());
            answers.extend(list.into_iter().enumerate().map(|(at, scored)| answer(&bundle, *person, at, scored)));
        }
    }
    answers.sort_by_key(|a| (a.person, a.rank));
    // The sections, not the manifest: a bundle that differs in its version alone gives the same answers.
    let sections = folder.manifest.sections.iter();
    let fingerprint = sections.fold(Fingerprint::of("trial 3"), |f, entry| f.hash(entry.kind.name(), &entry.hash.0));
    company.put(&answers, &fingerprint.finish())?;
    Ok(trial)
}

/// What a known person who made no choice on the page is shown; empty when they get the trending list.
fn ask(
    folder: &BundleFolder,
    bundle: &Bundle<'_>,
    shard: &UserShard<'_>,
    seal: &RowSeal,
    scratch: &mut Scratch,
) -> Result<Vec<Scored>> {
    let key = seal.visitor_key();
    let bytes = seal.open(shard.row(key.as_bytes()).context("there is no such row in the shard")?)?;
    let row = UserRow::parse(&bytes, bundle.items.len())?;
    let opened = gate(&Ask {
        choice: Choice::Unset,
        gpc: false,
        now_s: folder.manifest.created_at,
        expires_at_s: folder.manifest.expires_at,
        revocation: Revocation::from(bundle.revocations.contains(key.revocation_key())),
        who: Who::Known(row.consent()),
        live_events: false,
    });
    let Gate::Open(permit) = opened else { return Ok(Vec::new()) };
    scratch.visit.load(permit, &bundle.items, Some(&row), &[], folder.manifest.created_at)?;
    let rules = Rules { market: row.market(), bought: row.bought(), ..Rules::default() };
    // Nothing known, or nothing to be made of it: the trending list.
    Ok(personalise(bundle, &rules, false, K, scratch).map(<[Scored]>::to_vec).unwrap_or_default())
}

fn answer(bundle: &Bundle<'_>, person: PersonId, at: usize, scored: Scored) -> RecommendationRow {
    let id = |item: ItemIdx| bundle.items.id(item).unwrap_or_default().to_owned();
    RecommendationRow { person, rank: at as u32 + 1, item_id: id(scored.item), score: scored.score.get() }
}
