//! Tests of bundles: what was published verifies, what was touched does not, and old bytes stay readable.

mod deltas;
mod embed;
mod golden;
mod sample;
mod signed;
mod tamper;
mod trusted;
