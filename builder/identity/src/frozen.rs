//! A model that was fitted, with everything that was measured beside it: under it, who is who follows from the records and
//! the stewards' decisions alone, whatever the order in which they came, and whatever run they came in.

use serde::{Deserialize, Serialize};

use crate::aliases::Aliases;
use crate::blocking::{self, Candidates};
use crate::clusters::{Limits, Proposal};
use crate::config::Config;
use crate::estimation::Stop;
use crate::model::{Model, Scorer};
use crate::prior::Histogram;
use crate::records::Records;
use crate::report::Trust;
use crate::resolution::Resolution;
use crate::resolve::{Known, centibits, decided, judge_values, proposals, weigh};
use crate::table::Measures;

/// A fitted model, its thresholds, and the frequencies of the values it was fitted to. It can be stored: values are kept
/// as 64-bit hashes, and only those that two records had.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "Stored")]
pub struct Frozen {
    pub(crate) model: Model,
    #[serde(skip)]
    pub(crate) scorer: Scorer,
    /// With the blocking rules that were in use.
    pub(crate) config: Config,
    measures: Measures,
    /// Records that the model was fitted to.
    pub(crate) records: u64,
    pub(crate) stop: Stop,
    pub(crate) link_bits: f64,
    pub(crate) review_bits: f64,
}

/// [`Frozen`] as it is stored.
#[derive(Deserialize)]
struct Stored {
    model: Model,
    config: Config,
    measures: Measures,
    records: u64,
    stop: Stop,
    link_bits: f64,
    review_bits: f64,
}

impl From<Stored> for Frozen {
    fn from(stored: Stored) -> Frozen {
        let Stored { model, config, measures, records, stop, link_bits, review_bits } = stored;
        Frozen { scorer: Scorer::of(&model), model, config, measures, records, stop, link_bits, review_bits }
    }
}

/// What the tiers propose under a frozen model.
pub(crate) struct Proposed {
    pub proposals: Vec<Proposal>,
    /// By value, whether it decides alone.
    pub emails: Vec<bool>,
    pub phones: Vec<bool>,
    pub trust: Trust,
    pub candidates: Candidates,
    /// Candidates that could be linked, in their order, and the weights of all.
    pub weighed: Vec<Proposal>,
    pub weights: Histogram,
}

impl Frozen {
    /// `resolution`: of `records`, with `config`.
    pub fn of(records: &mut Records, resolution: &Resolution, config: &Config) -> Frozen {
        let mut config = config.clone();
        let in_use: Vec<&str> =
            resolution.report.blocking.iter().filter(|r| r.left_out.is_none()).map(|r| r.rule.as_str()).collect();
        config.blocking.rules.retain(|rule| in_use.contains(&rule.name.as_str()));
        Frozen {
            model: resolution.model.clone(),
            scorer: resolution.scorer.clone(),
            config,
            measures: records.table.measures(),
            records: records.len() as u64,
            stop: resolution.stop,
            link_bits: resolution.report.link_bits,
            review_bits: resolution.report.review_bits,
        }
    }

    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Records that the model was fitted to.
    pub fn fitted_to(&self) -> u64 {
        self.records
    }

    pub(crate) fn limits(&self) -> Limits {
        let records_per_person_max = self.config.guard.records_per_person_max;
        Limits { records_per_person_max, threshold: centibits(self.link_bits) }
    }

    /// Weight from which a pair that no fact decides is proposed, in hundredths of a bit.
    pub(crate) fn floor(&self) -> i32 {
        centibits(self.link_bits - self.config.guard.group_bits)
    }

    /// Measures what the records have under this model.
    pub(crate) fn measure(&self, records: &mut Records) {
        records.complete(Some(&self.measures));
    }

    /// Makes records ready to be compared under this model. Returns what of their values decides alone.
    pub(crate) fn prepare(&self, records: &mut Records) -> (Trust, Vec<bool>, Vec<bool>) {
        Aliases::intern(&mut records.table, &self.model.aliases);
        self.measure(records);
        records.table.aliases = Aliases::read(&records.table, &self.model.aliases);
        judge_values(&mut records.table, &self.config)
    }

    /// Everything that is proposed of the records, all at once.
    pub(crate) fn propose(&self, records: &mut Records, known: &Known) -> Proposed {
        let (trust, emails, phones) = self.prepare(records);
        let decided = decided(records, known, &emails, &phones, &self.config);
        let blocking = &self.config.blocking;
        let candidates = blocking::candidates(&records.table, blocking, &vec![true; blocking.rules.len()]);
        let (weighed, weights) = weigh(&records.table, &self.scorer, &candidates.pairs, self.floor());
        let proposals = proposals(&records.table, &self.scorer, &weighed, &decided, self.floor());
        Proposed { proposals, emails, phones, trust, candidates, weighed, weights }
    }
}
