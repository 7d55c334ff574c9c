//! Tests of the engine through its public face: what is read is what was written, hostile bytes do no harm, and the
//! ranking is the one a slow, plain program would compute.

mod allocation;
mod blending;
mod choosing;
mod faults;
mod folding;
mod hostile;
mod ranking;
mod round_trip;
mod shop;
mod tidy;
