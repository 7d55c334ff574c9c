//! The JSON of requests and answers, without serde, whose generic reader and writer are larger than all that ranks.
//!
//! The types derive serde's traits too, for hosts that have a serde format anyway; tests and `tests/fuzz` hold the two
//! together. Deliberately not here: JSON of any other shape.
//!
//! Read in this order: `reader` and `request` (in), `writer`, `shortest` (numbers) and `response` (out).

mod reader;
mod request;
mod response;
mod shortest;
mod writer;

pub(crate) use request::read_request;
pub use writer::Writer;
