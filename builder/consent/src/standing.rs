//! Where one subject stands in one cell: the decision rules, over the signals that speak about that cell.
//!
//! The rules are those of the specification's consent page, "Recommended deterministic rule", numbered as there:
//! 1. an erasure wins until a newer, evidenced opt-in given through another record (a re-registration);
//! 2. an opt-out beats an opt-in, unless the opt-in is later, explicit, evidenced, and covers the contact point;
//! 3. among explicit signals of one source about one contact point, the latest counts; a tie is an opt-out;
//! 4. missing, pending, unknown and expired are not eligible.
//!
//! Rule 5 (a merge takes the intersection) is in [`crate::decide`]; rule 6 (scope) is in how signals name cells.
//! The result depends on the set of signals, not on their order or number: see the property tests.

use kenal_types::{ConsentSignal, Decision, Market, Mechanism, Timestamp};
use serde::{Deserialize, Serialize};

use crate::cell::Cell;
use crate::policy::Policy;

/// Where a subject stands in one cell, ordered by how much it forbids, so that a merge takes the maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// No signal speaks about the cell.
    Silent,
    Agreed,
    /// Something was said, none of it a yes: pending, unknown, expired, undated, or in the future.
    Unsettled,
    Refused,
    /// An erasure is in force.
    Erased,
}

/// Why, in one word a privacy officer can count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    NoSignal,
    Pending,
    Expired,
    /// Only opt-ins without a date, from bulk loads, or dated in the future.
    NotExplicit,
    OptIn,
    OptOut,
    Erasure,
}

/// Does the signal speak about this cell in this market?
pub fn speaks_about(signal: &ConsentSignal, cell: Cell, market: Market) -> bool {
    let erasure = signal.decision == Decision::Redacted;
    let named = signal.purpose == cell.purpose && signal.channel.is_none_or(|c| c == cell.channel);
    (erasure || named) && signal.market.is_none_or(|m| m == market)
}

fn refuses(s: &ConsentSignal) -> bool {
    matches!(s.decision, Decision::OptOut | Decision::Withdrawn)
}

/// A dated act of the subject, not a bulk load, default or flag of unknown origin.
fn explicit(s: &ConsentSignal, now: Timestamp, policy: &Policy) -> bool {
    let latest = now.0.saturating_add(policy.clock_skew_max_s.saturating_mul(Timestamp::US_PER_S));
    s.mechanism != Mechanism::Import && s.decided_at.is_some_and(|t| t.0 <= latest)
}

fn in_force(s: &ConsentSignal, now: Timestamp) -> bool {
    s.effective_to.is_none_or(|end| end > now)
}

/// An opt-in given for an address says nothing about another address; one given by the person covers all.
fn covers(opt_in: &ConsentSignal, refusal: &ConsentSignal) -> bool {
    opt_in.contact_point.is_none() || opt_in.contact_point == refusal.contact_point
}

/// An undated refusal is newer than anything: nothing can be shown to have been said after it.
fn refused_at(s: &ConsentSignal) -> Timestamp {
    s.decided_at.unwrap_or(Timestamp(i64::MAX))
}

/// Applies rules 1–4 to `signals`, which are those of one subject that [`speaks_about`] the cell. `O(n²)` in the
/// signals of one subject and cell, of which there are a handful.
pub fn standing(signals: &[&ConsentSignal], now: Timestamp, policy: &Policy) -> (Standing, Why) {
    if signals.is_empty() {
        return (Standing::Silent, Why::NoSignal);
    }
    let agrees = |s: &ConsentSignal| s.decision == Decision::OptIn && explicit(s, now, policy) && in_force(s, now);

    // Rule 1.
    let mut erasures = signals.iter().filter(|s| s.decision == Decision::Redacted).peekable();
    if erasures.peek().is_some() {
        let undone = |erasure: &ConsentSignal| {
            signals.iter().any(|s| {
                agrees(s)
                    && s.evidence.is_some()
                    && s.subject != erasure.subject
                    && s.decided_at.is_some_and(|t| t > refused_at(erasure))
            })
        };
        if !erasures.all(|erasure| undone(erasure)) {
            return (Standing::Erased, Why::Erasure);
        }
    }

    // Rule 3 first, so that rule 2 sees what each source says now: a refusal is superseded by a later explicit opt-in
    // of the same source about the same contact point, or, rule 2, of any source when evidenced.
    let beaten = |refusal: &ConsentSignal| {
        signals.iter().any(|s| {
            let later = s.decided_at.is_some_and(|t| t > refused_at(refusal));
            let same_source = s.subject.system == refusal.subject.system && s.contact_point == refusal.contact_point;
            agrees(s) && later && (same_source || (s.evidence.is_some() && covers(s, refusal)))
        })
    };
    if signals.iter().any(|s| refuses(s) && !beaten(s)) {
        return (Standing::Refused, Why::OptOut);
    }
    if signals.iter().any(|s| agrees(s)) {
        return (Standing::Agreed, Why::OptIn);
    }
    (Standing::Unsettled, unsettled(signals, now))
}

fn unsettled(signals: &[&ConsentSignal], now: Timestamp) -> Why {
    let expired = |s: &&&ConsentSignal| s.decision == Decision::Expired || !in_force(s, now);
    if signals.iter().any(|s| matches!(s.decision, Decision::Pending)) {
        Why::Pending
    } else if signals.iter().find(expired).is_some() {
        Why::Expired
    } else {
        Why::NotExplicit
    }
}
