//! Fuzzing of everything in the edge that reads bytes from outside. Any byte string must give an error value or an
//! answer: never a panic, never a read out of bounds, never a slow loop, and never an answer that breaks the rules.
//!
//! A target is a module with `check(bytes)`, which panics when something does not hold, and `generate(dice)`, which makes
//! inputs that get far: they begin with good bytes and are damaged, and where a signature, a hash or a seal stands
//! before a reader, the damaged bytes are signed, named or sealed again. The same `check` is what coverage-guided
//! fuzzing calls.
//!
//! `README.md` has the commands. Read in this order: [`dice`] (chance and damage), [`world`] (the shop that is read), [`signed`] (past the signature),
//! [`answers`] and [`sections`] (what must hold), the targets [`bundle`], [`shard`], [`token`], [`request`], [`page`].

#![forbid(unsafe_code)]

use std::time::Duration;

pub mod answers;
pub mod bundle;
pub mod dice;
pub mod page;
mod patch;
mod payloads;
pub mod request;
mod requests;
pub mod sections;
pub mod shard;
pub mod signed;
mod store;
pub mod token;
pub mod world;

#[path = "../../../edge/handler/tests/shop/mod.rs"]
mod shop;

use dice::Dice;

/// How long one case may take on an idle machine, optimised. The slowest take a few milliseconds.
pub const CASE_TIME_MAX: Duration = Duration::from_millis(100);

/// What is fuzzed.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    pub name: &'static str,
    /// Makes an input.
    pub generate: fn(&mut Dice) -> Vec<u8>,
    /// Changes an input.
    pub mutate: fn(&mut Dice, &mut Vec<u8>),
    /// Panics when something does not hold.
    pub check: fn(&[u8]),
    /// Inputs to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// Changes the input of `size` bytes in `bytes`, to at most `most`, by the `change` of a target; returns its new size.
/// What a coverage-guided fuzzer calls.
pub fn mutate(change: fn(&mut Dice, &mut Vec<u8>), bytes: &mut [u8], size: usize, most: usize, seed: u32) -> usize {
    let mut input = bytes[..size].to_vec();
    change(&mut Dice::new(u64::from(seed), size as u64), &mut input);
    input.truncate(most.min(bytes.len()));
    bytes[..input.len()].copy_from_slice(&input);
    input.len()
}

/// All targets.
pub const TARGETS: [Target; 5] = [
    Target {
        name: "bundle",
        generate: bundle::generate,
        mutate: bundle::mutate,
        check: bundle::check,
        seeds: bundle::seeds,
    },
    Target {
        name: "shard",
        generate: shard::generate,
        mutate: shard::mutate,
        check: shard::check,
        seeds: shard::seeds,
    },
    Target {
        name: "token",
        generate: token::generate,
        mutate: token::mutate,
        check: token::check,
        seeds: token::seeds,
    },
    Target {
        name: "request",
        generate: request::generate,
        mutate: request::mutate,
        check: request::check,
        seeds: request::seeds,
    },
    Target { name: "page", generate: page::generate, mutate: page::mutate, check: page::check, seeds: page::seeds },
];

/// The target with this name.
pub fn target(name: &str) -> Option<Target> {
    TARGETS.into_iter().find(|target| target.name == name)
}
