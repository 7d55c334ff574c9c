//! Point in time, values by hand, training rows, speed: one program, so that the random people are compiled once.

mod people;
mod point_in_time;
mod throughput;
mod values;
