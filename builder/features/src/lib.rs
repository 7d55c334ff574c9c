//! Features: what a model may know about a person at a moment, defined once for training and serving.
//!
//! A [`Timeline`] holds everything one person did, each element with the time it happened and the time it became known.
//! [`compute`] turns it into one row of the [`registry`] at a *cut*, from nothing but what had happened before the cut
//! and was known at it, so a training row of last March holds exactly what would have been served last March.
//!
//! Deliberately not here: tables (`kenal-lake` stores what comes in and out), models, a clock. After the consent stage
//! only: the entry points for many people take `Consented` timelines.
//!
//! Read in this order: [`timeline`], [`money`], [`view`] (what is gathered at a cut), [`registry`] (the features, one
//! entry each), [`extract`] ([`compute`]), [`rows`] (training and serving rows).

pub mod drift;
pub mod extract;
pub mod money;
pub mod registry;
pub mod rows;
pub mod timeline;
pub mod view;

pub use drift::{Drift, Verdict, drift};
pub use extract::{Extractor, compute};
pub use money::{Rates, RatesError};
pub use registry::{CODE_HASH, Feature, position, registry};
pub use rows::{RowsError, ServingRows, TrainingRows, serving_row, serving_rows, training_rows};
pub use timeline::{
    Activity, Device, Loyalty, LoyaltyStatus, Presence, Profile, Purchase, Rating, TicketFact, Timeline, When,
};
pub use view::View;
