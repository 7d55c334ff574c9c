//! `kenal identity unmerge`: a merge of two people undone, by decisions that survive every run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use kenal_identity::two_people;
use kenal_lake::Lake;
use kenal_types::{PersonId, RecordKey};

use super::review::{Verdict, append};
use crate::cmd::clock;
use crate::gold::{AssignmentRow, DecisionRow, GoldRow as _, PastRow};
use crate::stage::identity::{decisions, history};

#[derive(clap::Args)]
pub struct UnmergeArgs {
    /// The id that no longer stands for itself; `kenal show rows gold_identity_past` lists them.
    person: PersonId,
    #[arg(long, value_name = "DIR")]
    lake: PathBuf,
    /// Who decides.
    #[arg(long, value_name = "NAME")]
    by: String,
}

impl UnmergeArgs {
    pub fn run(self) -> Result<ExitCode> {
        if self.by.trim().is_empty() {
            bail!("--by must say who decides");
        }
        let lake = Lake::open_existing(&self.lake)?;
        let (into, own, others) = sides(&lake, self.person)?;
        let same = decisions(&lake)?.into_iter().filter(|d| d.verdict == Verdict::Same.name());
        let said: Vec<(RecordKey, RecordKey)> = same.map(|d| (d.a, d.b)).collect();
        let decided_at = clock::now();
        let row = |(a, b, same): (RecordKey, RecordKey, bool)| DecisionRow {
            a,
            b,
            verdict: if same { Verdict::Same } else { Verdict::Different }.name().to_owned(),
            decided_by: self.by.clone(),
            decided_at,
            note: Some(format!("undoes the merge of {} into {into}", self.person)),
        };
        let rows: Vec<DecisionRow> = two_people(&own, &others, &said).into_iter().map(row).collect();
        let count = rows.len();
        append(&lake, rows)?;
        println!(
            "{}, with {} records, and {into}, with {}, are two people by {count} decisions; `kenal run identity --lake {}` acts on them",
            self.person,
            own.len(),
            others.len(),
            self.lake.display()
        );
        Ok(ExitCode::SUCCESS)
    }
}

/// Who the person was merged into, the records they brought, and the records that the other has beside them.
fn sides(lake: &Lake, person: PersonId) -> Result<(PersonId, Vec<RecordKey>, Vec<RecordKey>)> {
    let rows: Vec<AssignmentRow> =
        lake.read_gold(AssignmentRow::TABLE).context("has `kenal run identity` run on this lake?")?;
    let now: BTreeMap<RecordKey, PersonId> =
        rows.into_iter().filter_map(|row| Some((row.record, row.person?))).collect();
    if now.values().any(|own| *own == person) {
        bail!("{person} is a person of their own");
    }
    let past: Vec<PastRow> = history(lake)?.into_iter().filter(|row| row.person == person).collect();
    let Some(run) = past.iter().map(|row| row.run).max() else { bail!("no person {person} in the past of this lake") };
    let brought = past.into_iter().filter(|row| row.run == run).map(|row| row.record);
    let own: BTreeSet<RecordKey> = brought.filter(|record| now.contains_key(record)).collect();
    let homes: BTreeSet<PersonId> = own.iter().map(|record| now[record]).collect();
    let into = match homes.iter().collect::<Vec<_>>()[..] {
        [&into] => into,
        [] => bail!("{person} was not merged: no record of theirs is a person's now"),
        _ => bail!("{person} was not merged but split: their records are {} people's now", homes.len()),
    };
    let others: Vec<RecordKey> =
        now.into_iter().filter(|(record, of)| *of == into && !own.contains(record)).map(|(record, _)| record).collect();
    if others.is_empty() {
        bail!("{into} has no record but those of {person}: there is nobody to tell them from");
    }
    Ok((into, own.into_iter().collect(), others))
}
