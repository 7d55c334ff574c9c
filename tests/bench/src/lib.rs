//! What benches share: a generated company in memory, its truth, and what a measured piece of work cost.

mod company;
mod cost;

pub use company::{Company, Scores};
pub use cost::{Cost, measured};
