//! What a system says a subject has agreed to or refused: a signal, not yet a decision.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::RecordKey;
use crate::market::Market;
use crate::time::Timestamp;

/// What data may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Choose what a page shows this person.
    Personalise,
    /// Send advertising.
    Market,
    /// Learn model parameters from this person's rows.
    Train,
    /// Count and compare.
    Measure,
}

impl Purpose {
    pub const ALL: [Purpose; 4] = [Purpose::Personalise, Purpose::Market, Purpose::Train, Purpose::Measure];

    pub const fn name(self) -> &'static str {
        match self {
            Purpose::Personalise => "personalise",
            Purpose::Market => "market",
            Purpose::Train => "train",
            Purpose::Measure => "measure",
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How a person is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    Email,
    Sms,
    Voice,
    Push,
    Whatsapp,
    Post,
    Onsite,
}

impl Channel {
    pub const ALL: [Channel; 7] = [
        Channel::Email,
        Channel::Sms,
        Channel::Voice,
        Channel::Push,
        Channel::Whatsapp,
        Channel::Post,
        Channel::Onsite,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Channel::Email => "email",
            Channel::Sms => "sms",
            Channel::Voice => "voice",
            Channel::Push => "push",
            Channel::Whatsapp => "whatsapp",
            Channel::Post => "post",
            Channel::Onsite => "onsite",
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What the signal says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    OptIn,
    OptOut,
    /// Double opt-in not finished.
    Pending,
    /// A refusal that was once an opt-in.
    Withdrawn,
    Expired,
    /// Erase the person (REDACTED, ShouldForget, permanently deleted).
    Redacted,
    Unknown,
}

/// How the signal came about; decides whether it is explicit and evidenced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mechanism {
    DoubleOptIn,
    CheckboxUnticked,
    PreferenceCentre,
    VerbalRecorded,
    Agent,
    Gpc,
    /// Bulk load, default, or a flag nobody knows the origin of: never beats an opt-out.
    Import,
}

/// One consent record of one system, about one purpose. `None` means that the source does not say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConsentSignal {
    /// Unique within the system: source record id and field.
    pub signal_id: String,
    pub subject: RecordKey,
    pub purpose: Purpose,
    /// `None`: every channel.
    pub channel: Option<Channel>,
    /// `None`: wherever the subject is.
    pub market: Option<Market>,
    pub decision: Decision,
    pub mechanism: Mechanism,
    /// The address the signal is about; `None` when it is about the person.
    pub contact_point: Option<String>,
    /// When the subject decided. `None` is *not* "now": such a signal never beats an opt-out.
    pub decided_at: Option<Timestamp>,
    pub known_at: Option<Timestamp>,
    pub effective_to: Option<Timestamp>,
    /// What proves it: notice id, capture source.
    pub evidence: Option<String>,
    pub sequence: i64,
}
