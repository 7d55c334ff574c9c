//! What benches share: a generated company of any size and its truth, a file of made-up people, and what a measured piece
//! of work cost.

mod company;
mod cost;
pub mod note;
pub mod people;

pub use company::{Company, PART_PEOPLE, Scores, Taken};
pub use cost::{Cost, Meter, measured};
