//! Tests of bundles: what was published verifies, what was touched does not, and old bytes stay readable.

mod golden;
mod sample;
mod tamper;
mod trusted;
