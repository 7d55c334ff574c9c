//! The analysis on experiments whose truth is known.

mod files;
mod numbers;
mod shop;
mod simulation;
mod trial;
