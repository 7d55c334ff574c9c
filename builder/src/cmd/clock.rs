//! The clock, read once, here: stages take the time as an argument.

use kenal_types::{Date, Timestamp};

pub fn now() -> Timestamp {
    Timestamp(jiff::Timestamp::now().as_microsecond())
}

/// The last whole day.
pub fn yesterday() -> Date {
    Date(now().date().0 - 1)
}
