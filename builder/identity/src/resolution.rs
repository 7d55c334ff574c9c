//! What a resolution gives back: whose each record is, why, what a steward should look at, and how it was decided.

use std::fmt;

use kenal_types::PersonId;
use serde::{Deserialize, Serialize};

use crate::clusters::{Refusal, root};
use crate::comparison::compare;
use crate::deterministic::{ACCOUNT_ID, DECIDED, MERGED, ONLY_ACCOUNT, TRUSTED_EMAIL, TRUSTED_PHONE};
use crate::estimation::Stop;
use crate::field::MISSING;
use crate::model::{Model, Scorer, Weighed};
use crate::persons::Redirect;
use crate::records::Records;
use crate::report::Report;

/// How sure the assignment of a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// One fact decides.
    Deterministic,
    /// The model decides, above the stated probability.
    Probabilistic,
    /// Belongs to nobody yet: a steward is asked.
    Review,
    /// Matches nothing: stays apart, out of personalisation.
    Unmatched,
}

impl Tier {
    pub const ALL: [Tier; 4] = [Tier::Deterministic, Tier::Probabilistic, Tier::Review, Tier::Unmatched];

    pub const fn name(self) -> &'static str {
        match self {
            Tier::Deterministic => "deterministic",
            Tier::Probabilistic => "probabilistic",
            Tier::Review => "review",
            Tier::Unmatched => "unmatched",
        }
    }
}

/// What one field says about a pair.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldEvidence {
    /// As the schema names it.
    pub field: String,
    /// One of [`crate::Kind::levels`].
    pub level: String,
    /// For one person when positive, against when negative. 0 where a correlated field already says it.
    pub bits: f64,
}

/// The evidence of one pair.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Sum over the fields, in bits, without the prior.
    pub weight_bits: f64,
    /// The fields that both records have, in fixed order.
    pub fields: Vec<FieldEvidence>,
}

impl fmt::Display for Evidence {
    /// `email same +9.1; city differs -1.2`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, FieldEvidence { field, level, bits }) in self.fields.iter().enumerate() {
            write!(f, "{}{field} {level} {bits:+.1}", if at == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

impl Evidence {
    pub(crate) fn of(records: &Records, weighed: &Weighed) -> Evidence {
        let schema = records.schema();
        let known = schema.fields().filter(|(f, _)| weighed.levels[f.at()] != MISSING);
        let fields = known.map(|(field, kind)| FieldEvidence {
            field: schema.field_name(field).to_owned(),
            level: kind.levels()[usize::from(weighed.levels[field.at()])].to_owned(),
            bits: f64::from(weighed.centibits[field.at()]) / 100.0,
        });
        Evidence { weight_bits: f64::from(weighed.total()) / 100.0, fields: fields.collect() }
    }
}

/// Two records that were joined, by number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Link {
    pub a: u32,
    pub b: u32,
    pub tier: Tier,
    pub rule: RuleId,
    /// Of the pair by itself, without the prior. Below the threshold where the two people as wholes decided.
    pub weight_bits: f64,
}

/// The rule that proposed a pair; its name is [`Resolution::rule_name`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(pub(crate) u8);

/// A question for a steward about two records, by number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReviewItem {
    pub a: u32,
    pub b: u32,
    pub rule: RuleId,
    pub reason: Refusal,
    /// Of the two people as wholes, without the prior.
    pub weight_bits: f64,
    /// That they are one, by the model.
    pub probability: f64,
}

/// The result. Lists by record are in the order in which the records were pushed; the others by weight, and where that is
/// the same in an order that depends on the records' keys alone.
#[derive(Debug, Clone)]
pub struct Resolution {
    /// `None` for [`Tier::Review`] and [`Tier::Unmatched`].
    ///
    /// A record that matches no other stays apart, even with a verified email: one row of one system says nothing that a
    /// second one confirms, and the design keeps such rows out of personalisation. [`Report::unmatched_verified`] counts
    /// those that a company may want back.
    pub persons: Vec<Option<PersonId>>,
    pub tiers: Vec<Tier>,
    /// The record that stands for each record's cluster; itself where it is alone.
    pub clusters: Vec<u32>,
    /// Every proposed pair whose records are one person.
    pub links: Vec<Link>,
    /// The strongest doubtful or refused pair between two clusters.
    pub review: Vec<ReviewItem>,
    /// Earlier person ids that now stand for somebody else's.
    pub redirects: Vec<Redirect>,
    /// Earlier person ids without a person.
    pub retired: Vec<PersonId>,
    pub model: Model,
    pub stop: Stop,
    pub report: Report,
    pub(crate) scorer: Scorer,
}

impl Resolution {
    pub fn rule_name(&self, rule: RuleId) -> &str {
        rule_name(rule, self.report.blocking.iter().map(|r| r.rule.as_str()))
    }

    /// For each record, the one with the smallest key (source, id) among those that deterministic links join to it.
    pub fn certain(&self, records: &Records) -> Vec<u32> {
        let key = |record: u32| (records.source(record), records.id(record));
        let mut parent: Vec<u32> = (0..self.clusters.len() as u32).collect();
        for link in self.links.iter().filter(|l| l.tier == Tier::Deterministic) {
            let (a, b) = (root(&mut parent, link.a), root(&mut parent, link.b));
            let (low, high) = if key(a) < key(b) { (a, b) } else { (b, a) };
            parent[high as usize] = low;
        }
        (0..self.clusters.len() as u32).map(|record| root(&mut parent, record)).collect()
    }

    /// What speaks for and against two records being one person. `records`: those that were resolved.
    pub fn evidence(&self, records: &Records, a: u32, b: u32) -> Evidence {
        Evidence::of(records, &self.scorer.weigh(&compare(&records.table, a, b)))
    }
}

/// `blocking`: names of the blocking rules, in order.
pub(crate) fn rule_name<'a>(rule: RuleId, mut blocking: impl Iterator<Item = &'a str>) -> &'a str {
    match rule.0 {
        DECIDED => "decided by a steward",
        MERGED => "merged in the source",
        ACCOUNT_ID => "account id stored by another system",
        TRUSTED_EMAIL => "trustworthy email",
        TRUSTED_PHONE => "trustworthy phone",
        ONLY_ACCOUNT => "only account signed in on the device",
        number => blocking.nth(usize::from(number)).unwrap_or(""),
    }
}
