//! The truth of a world, and scores of what the pipeline made of its exports.
//!
//! Readers give plain rows; scores are pure functions over plain values, so that whoever holds a lake can pass what is
//! in it. No stage of the pipeline may use this module: it is for `kenal world check`.

mod read;
mod score;

pub use read::{Churn, Consent, Person, Purchase, Taste, churn, consent, people, purchases, tastes};
pub use score::{
    Bought, BoughtScore, ConsentScore, IdentityScore, Pairs, TierScore, Violation, already_bought, consent_violations,
    identity,
};
