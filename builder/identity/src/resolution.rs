//! What a resolution gives back: whose each record is, why, what a steward should look at, and how it was decided.

use kenal_types::{CustomerRecord, PersonId, RecordKey};
use serde::{Deserialize, Serialize};

use crate::clusters::Refusal;
use crate::comparison::{Field, MISSING};
use crate::deterministic::{ACCOUNT_ID, MERGED, ONLY_ACCOUNT, TRUSTED_EMAIL, TRUSTED_PHONE};
use crate::estimation::Stop;
use crate::model::{Model, Weighed};
use crate::persons::Redirect;
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

/// Whose a record is.
///
/// A record that matches no other stays apart, even with a verified email: one row of one system says nothing that a
/// second one confirms, and the design keeps such rows out of personalisation. [`Report::unmatched_verified`] counts
/// those that a company may want back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    pub record: RecordKey,
    /// `None` for [`Tier::Review`] and [`Tier::Unmatched`].
    pub person: Option<PersonId>,
    pub tier: Tier,
}

/// What one field says about a pair.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldEvidence {
    pub field: Field,
    /// One of [`Field::levels`].
    pub level: String,
    /// For one person when positive, against when negative. 0 where a correlated field already says it.
    pub bits: f64,
}

/// The evidence of one pair, field by field, in forty bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence(pub(crate) Weighed);

impl Evidence {
    /// Sum over the fields, in bits, without the prior.
    pub fn weight_bits(&self) -> f64 {
        f64::from(self.0.total()) / 100.0
    }

    /// The fields that both records have, in fixed order.
    pub fn fields(&self) -> impl Iterator<Item = FieldEvidence> + '_ {
        Field::ALL.into_iter().filter(|&f| self.0.levels[f as usize] != MISSING).map(|field| FieldEvidence {
            field,
            level: field.levels()[usize::from(self.0.levels[field as usize])].to_owned(),
            bits: f64::from(self.0.centibits[field as usize]) / 100.0,
        })
    }
}

/// Two records that were joined. Positions are those of [`crate::Input::records`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    pub a: u32,
    pub b: u32,
    pub tier: Tier,
    pub rule: RuleId,
    pub evidence: Evidence,
}

/// The rule that proposed a pair; its name is [`Resolution::rule_name`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(pub(crate) u8);

/// A question for a steward. Positions are those of [`crate::Input::records`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReviewItem {
    pub a: u32,
    pub b: u32,
    pub rule: RuleId,
    pub reason: ReviewReason,
    /// By the model.
    pub probability: f64,
    pub evidence: Evidence,
}

/// Why a steward is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewReason {
    /// Likely one person, but not as surely as stated.
    Doubtful,
    /// The guard refused the merge.
    BirthDates,
    Accounts,
    TooManyRecords,
    TooManyNames,
}

impl ReviewReason {
    pub const fn text(self) -> &'static str {
        match self {
            ReviewReason::Doubtful => "likely, but below the stated probability",
            ReviewReason::BirthDates => Refusal::BirthDates.name(),
            ReviewReason::Accounts => Refusal::Accounts.name(),
            ReviewReason::TooManyRecords => Refusal::TooManyRecords.name(),
            ReviewReason::TooManyNames => Refusal::TooManyNames.name(),
        }
    }
}

impl From<Refusal> for ReviewReason {
    fn from(refusal: Refusal) -> ReviewReason {
        match refusal {
            Refusal::BirthDates => ReviewReason::BirthDates,
            Refusal::Accounts => ReviewReason::Accounts,
            Refusal::TooManyRecords => ReviewReason::TooManyRecords,
            Refusal::TooManyNames => ReviewReason::TooManyNames,
        }
    }
}

/// A link as a table row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LinkRow {
    pub a: RecordKey,
    pub b: RecordKey,
    pub tier: Tier,
    pub rule: String,
    pub weight_bits: f64,
    pub evidence: Vec<FieldEvidence>,
}

/// A review item as a table row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReviewRow {
    pub a: RecordKey,
    pub b: RecordKey,
    pub rule: String,
    pub reason: ReviewReason,
    pub probability: f64,
    pub weight_bits: f64,
    pub evidence: Vec<FieldEvidence>,
}

/// The result. Every list is in an order that depends on the records' keys alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolution {
    /// One per record, by key.
    pub assignments: Vec<Assignment>,
    /// Every pair that the tiers propose and whose records are one person, by weight.
    pub links: Vec<Link>,
    /// The strongest doubtful or refused pair between two clusters, by weight.
    pub review: Vec<ReviewItem>,
    /// Earlier person ids that now stand for somebody else's.
    pub redirects: Vec<Redirect>,
    /// Earlier person ids without a person.
    pub retired: Vec<PersonId>,
    pub model: Model,
    pub stop: Stop,
    pub report: Report,
}

impl Resolution {
    pub fn rule_name(&self, rule: RuleId) -> &str {
        match rule.0 {
            MERGED => "merged in the source",
            ACCOUNT_ID => "account id stored by another system",
            TRUSTED_EMAIL => "trustworthy email",
            TRUSTED_PHONE => "trustworthy phone",
            ONLY_ACCOUNT => "only account signed in on the device",
            blocking => &self.report.blocking[usize::from(blocking)].rule,
        }
    }

    /// Links with keys and evidence written out. `records`: the same as given to [`crate::resolve`].
    pub fn link_rows<'a>(&'a self, records: &'a [CustomerRecord]) -> impl Iterator<Item = LinkRow> + 'a {
        self.links.iter().map(|link| LinkRow {
            a: records[link.a as usize].key.clone(),
            b: records[link.b as usize].key.clone(),
            tier: link.tier,
            rule: self.rule_name(link.rule).to_owned(),
            weight_bits: link.evidence.weight_bits(),
            evidence: link.evidence.fields().collect(),
        })
    }

    /// Review items with keys and evidence written out. `records`: the same as given to [`crate::resolve`].
    pub fn review_rows<'a>(&'a self, records: &'a [CustomerRecord]) -> impl Iterator<Item = ReviewRow> + 'a {
        self.review.iter().map(|item| ReviewRow {
            a: records[item.a as usize].key.clone(),
            b: records[item.b as usize].key.clone(),
            rule: self.rule_name(item.rule).to_owned(),
            reason: item.reason,
            probability: item.probability,
            weight_bits: item.evidence.weight_bits(),
            evidence: item.evidence.fields().collect(),
        })
    }
}
