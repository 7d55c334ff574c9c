//! Rows of the gold tables: what each stage leaves for the next one, and for a person to look at.
//!
//! One struct per table; `TABLE` is its name in the lake. Times are UTC; `*_sgd` amounts are in Singapore dollars at
//! the fixed rates of the features' configuration.
//!
//! Short texts of the tables with a row for everything that anybody did are `CompactString`s, which hold up to 24 bytes
//! without memory of their own: reading such rows takes a third less time.

use compact_str::CompactString;
use kenal_types::{EventKind, Market, OrderStatus, PersonId, Purpose, RecordKey, Satisfaction, System, TicketChannel};
use kenal_types::{TicketPriority, Timestamp};
use serde::{Deserialize, Serialize};

/// A gold table with its name.
pub trait GoldRow {
    const TABLE: &'static str;
}

macro_rules! tables {
    ($($row:ident => $name:literal),* $(,)?) => { $(impl GoldRow for $row { const TABLE: &'static str = $name; })* };
}

tables! {
    AssignmentRow => "identity_assignments",
    LinkRow => "identity_links",
    ReviewRow => "identity_review",
    IdentityModelRow => "identity_model",
    DecisionRow => "identity_decisions",
    PastRow => "identity_past",
    RulingRow => "consent_rulings",
    SnapshotRow => "consent_snapshot",
    ConflictRow => "consent_conflicts",
    PurchaseRow => "purchases",
    EventRow => "events",
    TicketRow => "tickets",
    PresenceRow => "presences",
    ItemModelRow => "item_model",
    ChurnTermRow => "churn_model",
    ChurnScoreRow => "churn_scores",
    ModelCardRow => "model_card",
    RecommendationRow => "recommendations",
}

/// Which person a record belongs to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AssignmentRow {
    pub record: RecordKey,
    /// `None`: matched nothing, stays apart and out of personalisation.
    pub person: Option<PersonId>,
    /// How the record joined its person.
    pub tier: String,
    /// Smallest record key among those that are certain to be the same human as this one.
    pub certain_group: RecordKey,
    pub market: Option<Market>,
}

/// Why two records are held to be one person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LinkRow {
    pub a: RecordKey,
    pub b: RecordKey,
    pub tier: String,
    pub rule: String,
    /// Match weight, in bits.
    pub weight_bits: f64,
    /// Field by field, as text.
    pub evidence: String,
    /// Version of the model that weighed it.
    pub model: String,
}

/// The model that weighed the links: one row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IdentityModelRow {
    /// Hash of the model, what was measured beside it, and the settings.
    pub version: String,
    /// The release of the stage that fitted it.
    pub code: String,
    /// `kenal_identity::Model` as JSON, to be looked at.
    pub model: String,
    /// `kenal_identity::Config` as JSON.
    pub config: String,
    /// `kenal_identity::Frozen` as MessagePack in Base64: what later runs go on with.
    pub frozen: String,
}

/// A record that was a person's, and is another's or nobody's since a run. Rows are in the order of the runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PastRow {
    pub record: RecordKey,
    pub person: PersonId,
    /// Whose it was after that run.
    pub then: Option<PersonId>,
    /// Number of the run, from 1, of those that changed whose a record is.
    pub run: u64,
}

/// A steward's word about two records.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecisionRow {
    pub a: RecordKey,
    pub b: RecordKey,
    /// `same`, `different` or `unsure`.
    pub verdict: String,
    pub decided_by: String,
    pub decided_at: Timestamp,
    /// Why, in the steward's words.
    pub note: Option<String>,
}

/// A pair for a person to decide.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReviewRow {
    pub a: RecordKey,
    pub b: RecordKey,
    pub weight_bits: f64,
    /// By the fitted model, that the two are one person.
    pub probability: f64,
    pub reason: String,
    pub evidence: String,
    /// How many pairs of records the answer is expected to set right: what makes it worth asking.
    pub value: f64,
    /// Version of the model that weighed it.
    pub model: String,
}

/// What one person permits in one market.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RulingRow {
    pub person: PersonId,
    pub market: Market,
    /// Bit per purpose and channel, as `kenal_consent::Cell` counts them.
    pub eligible_bits: u32,
    /// The same for a person to read: `personalise/onsite train/onsite …`.
    pub eligible: String,
    pub record_hash: String,
}

/// The snapshot the rulings make up: one row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SnapshotRow {
    pub root: String,
    pub decided_at: Timestamp,
    pub people: u64,
}

/// A merged person whose records disagree about a purpose.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConflictRow {
    pub person: PersonId,
    pub market: Market,
    pub purpose: Purpose,
    pub cells_count: u32,
}

/// One line of one order, once, whichever systems told of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PurchaseRow {
    pub person: PersonId,
    pub order_number: CompactString,
    /// The system whose version of the order was taken.
    pub system: System,
    /// `None` when no catalogue entry answers to the line's product or SKU.
    pub item_id: Option<CompactString>,
    pub category: Option<CompactString>,
    pub quantity: i64,
    /// Of one unit, before discounts.
    pub price_sgd: f64,
    /// What the whole line was reduced by; `None` when the system does not say.
    pub discount_sgd: Option<f64>,
    /// `web`, `ios`, `android` or `store`.
    pub place: Option<CompactString>,
    pub happened_at: Timestamp,
    /// When the first of the systems knew.
    pub known_at: Timestamp,
    pub status: OrderStatus,
    /// When a cancellation or refund became known.
    pub voided_at: Option<Timestamp>,
    /// The order is somebody else's who may be this person: its items are not recommended, and it counts for nothing
    /// else.
    pub doubtful: bool,
}

/// Something a person did in the app.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventRow {
    pub person: PersonId,
    pub kind: EventKind,
    pub item_id: Option<CompactString>,
    pub category: Option<CompactString>,
    pub platform: Option<CompactString>,
    pub happened_at: Timestamp,
    pub known_at: Timestamp,
}

/// A support ticket of a person, with when each change of it happened and became known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TicketRow {
    pub person: PersonId,
    pub ticket_id: String,
    pub channel: TicketChannel,
    /// Of the first version received.
    pub priority: TicketPriority,
    pub created_at: Timestamp,
    /// When a version first had a higher priority than the one before all.
    pub escalated_at: Option<Timestamp>,
    pub escalated_known_at: Option<Timestamp>,
    /// Since when all versions are solved or closed.
    pub solved_at: Option<Timestamp>,
    pub solved_known_at: Option<Timestamp>,
    /// The last rating told of: good or bad.
    pub satisfaction: Option<Satisfaction>,
    pub rated_at: Option<Timestamp>,
    pub rated_known_at: Option<Timestamp>,
}

/// A record of a person in one system, from when it was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PresenceRow {
    pub person: PersonId,
    pub system: System,
    pub market: Option<Market>,
    pub created_at: Timestamp,
    pub loyalty_active: Option<bool>,
    pub loyalty_since_at: Option<Timestamp>,
    /// When the record last changed: its present state was not known before.
    pub loyalty_told_at: Option<Timestamp>,
}

/// What the recommender knows of one item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ItemModelRow {
    pub item_id: String,
    pub factors: Vec<f32>,
    /// What its score is multiplied with for being in fashion, above 0 and at most 1.
    pub boost: f32,
    /// How much a purchase of it says that another follows, before that wanes.
    pub again: f32,
    /// Days in which that is half.
    pub again_half_life_days: f32,
    /// The items it speaks for, ascending, and how much.
    pub goes_with: Vec<String>,
    pub goes_with_weights: Vec<f32>,
}

/// One term of the churn model: a transformed feature with its gaps filled, or the sign that it was missing. The row
/// named `(intercept)` has the intercept as its coefficient, and the calibration (a, b) as mean and scale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChurnTermRow {
    pub term: String,
    pub mean: f64,
    pub scale: f64,
    pub coefficient: f64,
}

/// Churn probability of one person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChurnScoreRow {
    pub person: PersonId,
    pub probability: f64,
    /// 1 (least likely to leave) to 10.
    pub decile: u8,
    /// What speaks most for leaving, of those in the upper half: feature, value, and what it adds to the log odds.
    pub reasons: Vec<String>,
}

/// One figure of the models, with its name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelCardRow {
    pub name: String,
    pub value: f64,
}

/// What the compiled bundle recommends to a person, ranked by the core itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecommendationRow {
    pub person: PersonId,
    pub rank: u32,
    pub item_id: String,
    pub score: f32,
}

macro_rules! subjects {
    ($($row:ident),*) => {
        $(impl kenal_consent::Subject for $row {
            fn person(&self) -> PersonId {
                self.person
            }
        })*
    };
}

subjects!(PurchaseRow, EventRow, TicketRow, PresenceRow);
