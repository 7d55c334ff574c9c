//! The lake from outside: round trips, replays, crashes, current versions, gold, mistakes, what does not fit in memory, and
//! Python as a reader.
//! One binary, because each links the whole query engine.

mod crash;
mod current;
mod gold;
mod mistakes;
mod python;
mod replay;
mod round_trip;
mod sample;
mod spilling;
