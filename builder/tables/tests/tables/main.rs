//! The crate as its users see it: files in, values and refusals out.

mod guess;
mod mapping;
mod read_csv;
mod read_errors;
mod read_parquet;
mod score;
mod support;
mod write;
