//! What benches share: a generated company of any size and its truth, a file of made-up people, other processes, and what
//! a measured piece of work cost.

mod company;
mod cost;
mod figures;
pub mod note;
pub mod people;
pub mod process;

pub use company::{Company, PART_PEOPLE, Scores, Taken};
pub use cost::{Cost, measured, moment};
pub use figures::Figures as FigureTable;

/// As in `kenal`.
#[global_allocator]
static ALLOCATOR: kenal_allocator::Allocator = kenal_allocator::Allocator;

/// `12,345`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|g| std::str::from_utf8(g).ok()).collect();
    groups.join(",")
}
