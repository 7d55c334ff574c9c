//! What a resolution did, in numbers: a value to store and a table to read.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::blocking::{LeftOut, RuleReport};
use crate::capture::Captures;
use crate::clusters::Refusal;
use crate::estimation::{Session, Stop};
use crate::field::{Field, Kind};
use crate::model::Model;
use crate::resolution::Tier;
use crate::trust::TrustCounts;

/// Counts of one resolution.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Report {
    pub records: u64,
    pub persons: u64,
    /// Records by tier, in the order of [`Tier::ALL`].
    pub records_by_tier: [u64; 4],
    /// Unmatched records with a contact that their system has verified.
    pub unmatched_verified: u64,
    /// Persons by number of records: `(records, persons)`.
    pub persons_by_size: Vec<(u32, u64)>,
    pub persons_kept: u64,
    pub persons_new: u64,
    pub redirects: u64,
    pub trust: Trust,
    pub candidates: u64,
    /// True pairs that the rules made, by how many kinds of rules did.
    pub captures: Captures,
    /// Pairs of words, cities and values learnt to stand for each other.
    pub aliases: u64,
    /// Passes of clustering.
    pub passes: u64,
    /// Records of the largest component of the graph of proposed pairs.
    pub largest_component: u64,
    pub blocking: Vec<RuleReport>,
    /// None when the model was fitted before.
    pub sessions: Vec<Session>,
    /// Weights from which a pair is linked, and reviewed, in bits.
    pub link_bits: f64,
    pub review_bits: f64,
    /// Mean probability, by the model, of the pairs above `link_bits`.
    pub expected_precision: f64,
    pub links_deterministic: u64,
    pub links_probabilistic: u64,
    /// Merges that the guard refused, in the order of [`Refusal::ALL`].
    pub refused: [u64; Refusal::ALL.len()],
    pub review_items: u64,
}

/// What was found out about the values that could decide alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Trust {
    pub emails: TrustCounts,
    pub phones: TrustCounts,
    pub devices: TrustCounts,
}

impl Report {
    /// Share of the records that belong to a person.
    pub fn unified_share(&self) -> f64 {
        let unified = self.records_by_tier[0] + self.records_by_tier[1];
        if self.records == 0 { 0.0 } else { unified as f64 / self.records as f64 }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "records {:>12}    persons {:>12}    unified {:>6.1} %",
            self.records,
            self.persons,
            100.0 * self.unified_share()
        )?;
        writeln!(f, "person ids kept {}, new {}, redirected {}", self.persons_kept, self.persons_new, self.redirects)?;
        writeln!(f, "\n{:<16} {:>12}", "tier", "records")?;
        for (tier, records) in Tier::ALL.into_iter().zip(self.records_by_tier) {
            writeln!(f, "{:<16} {records:>12}", tier.name())?;
        }
        writeln!(f, "of the unmatched, {} have a verified contact", self.unmatched_verified)?;
        writeln!(
            f,
            "\n{:<8} {:>10} {:>10} {:>10} {:>10} {:>14} {:>16}",
            "key", "values", "trusted", "single", "flagged", "several people", "too many records"
        )?;
        for (name, t) in [("email", self.trust.emails), ("phone", self.trust.phones), ("device", self.trust.devices)] {
            let TrustCounts { values, trusted, single, flagged, several_people, too_many_records } = t;
            writeln!(
                f,
                "{name:<8} {values:>10} {trusted:>10} {single:>10} {flagged:>10} {several_people:>14} {too_many_records:>16}"
            )?;
        }
        writeln!(
            f,
            "\n{:<24} {:>10} {:>8} {:>12} {:>12} {:>8} {:>14}",
            "blocking rule", "blocks", "largest", "pairs", "new", "capped", "left out"
        )?;
        for r in self.blocking.iter().filter(|r| r.pairs > 0) {
            writeln!(
                f,
                "{:<24} {:>10} {:>8} {:>12} {:>12} {:>8} {:>14}",
                r.rule, r.blocks, r.largest_block_records, r.pairs, r.new_pairs, r.capped_blocks, r.pairs_left_out
            )?;
        }
        for r in &self.blocking {
            match r.left_out {
                Some(LeftOut::TooMany { pairs }) => {
                    writeln!(f, "left out: {} makes too many pairs, about {pairs}", r.rule)?;
                }
                Some(LeftOut::TooFew { pairs, matches }) => {
                    let rule = &r.rule;
                    writeln!(f, "left out: {rule} would add about {pairs} pairs, and {matches} of them of one person")?;
                }
                None => {}
            }
        }
        writeln!(f, "{:<24} {:>34} {:>12}", "candidates", "", self.candidates)?;
        if let Some(recall) = self.captures.recall() {
            let [once, twice, more] = self.captures.counts();
            writeln!(
                f,
                "of the true pairs, the rules make about {:.2} % or less: {once:.0} were made by one kind of rule, {twice:.0} by two, {more:.0} by more (capture–recapture)",
                100.0 * recall
            )?;
        }
        writeln!(f, "learnt to stand for each other: {} pairs of words, cities and values", self.aliases)?;
        if !self.sessions.is_empty() {
            let heads = ["fit on the pairs of", "pairs", "patterns", "matches", "confident"];
            let [on, pairs, patterns, matches, confident] = heads;
            writeln!(f, "\n{on:<24} {pairs:>10} {patterns:>10} {matches:>9} {confident:>12}  stopped")?;
        }
        for s in self.sessions.iter().filter(|s| s.pairs > 0) {
            let share = 100.0 * s.match_share;
            writeln!(
                f,
                "{:<24} {:>10} {:>10} {share:>7.2} % {:>12.0}  {}",
                s.rule, s.pairs, s.patterns, s.confident, s.stop
            )?;
        }
        writeln!(
            f,
            "\nlinked from {:.1} bits, reviewed from {:.1}; expected precision of the pairs linked {:.5}",
            self.link_bits, self.review_bits, self.expected_precision
        )?;
        writeln!(f, "links: {} deterministic, {} probabilistic", self.links_deterministic, self.links_probabilistic)?;
        for (refusal, count) in Refusal::ALL.into_iter().zip(self.refused) {
            writeln!(f, "refused, {}: {count}", refusal.name())?;
        }
        writeln!(f, "review items: {}", self.review_items)?;
        writeln!(f, "largest component of proposed pairs: {} records", self.largest_component)?;
        write!(f, "\n{:<16} {:>12}", "records", "persons")?;
        for (size, persons) in &self.persons_by_size {
            write!(f, "\n{size:<16} {persons:>12}")?;
        }
        writeln!(f)
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stop::Converged { iterations } => write!(f, "converged after {iterations} rounds"),
            Stop::IterationCap { last_delta } => write!(f, "rounds used up, last movement {last_delta:.2e}"),
        }
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "two records at random are one person with probability {:.3e}", self.match_probability)?;
        writeln!(f, "{:<16} {:<28} {:>9} {:>11} {:>8}", "field", "level", "m", "u", "bits")?;
        for field in self.fields.iter().filter(|f| f.fitted_on > 0.0) {
            for level in &field.levels {
                let name = &field.name;
                writeln!(f, "{name:<16} {:<28} {:>9.5} {:>11.3e} {:>8.2}", level.label, level.m, level.u, level.bits)?;
            }
        }
        for group in &self.dependent {
            let name = |field: &Field| self.fields.iter().find(|f| f.field == *field).map_or("", |f| &f.name);
            let names: Vec<&str> = group.iter().map(name).collect();
            writeln!(f, "one follows from another, and the strongest counts: {}", names.join(", "))?;
        }
        writeln!(f, "between two people of one household, the name is:")?;
        for (label, u) in Kind::Name.levels()[1..].iter().zip(&self.household_name_u) {
            writeln!(f, "{:<16} {label:<28} {:>9} {u:>11.3e}", "", "")?;
        }
        Ok(())
    }
}
