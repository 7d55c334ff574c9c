//! What benches share: a generated company in memory and its truth, a file of made-up people, and what a measured piece
//! of work cost.

mod company;
mod cost;
pub mod people;

pub use company::{Company, Scores};
pub use cost::{Cost, measured};
