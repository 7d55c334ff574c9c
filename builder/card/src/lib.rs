//! Model cards: what a model is worth, for a person to read and for the next model to be compared with.
//!
//! A card is one JSON file with what was reached on each test case, so that two cards of the same cases compare pairwise,
//! and one HTML page that needs nothing but itself. Cases are numbered, not named: a card says nothing about a person.
//!
//! Deliberately not here: fitting and measuring (`kenal-models`), files, and hashes: the bundle's manifest names the JSON
//! by its hash, and whoever writes it counts that.
//!
//! Read [`Card`], [`compare()`], [`html()`].

mod card;
mod compare;
mod html;
mod plot;

pub use card::{Card, CardError, Churn, Figure, Judged, Ranking, Role};
pub use compare::{Comparison, Row, Verdict, compare};
pub use html::html;
