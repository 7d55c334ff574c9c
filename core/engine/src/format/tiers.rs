//! How finely each item's factor is written. The items of the greatest norms fill nearly all lists, so it is they that
//! must be exact, and a number of the many that follow may take half a byte.

/// The items of a section by the precision of their factors, in the section's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tiers {
    /// How many, the first, have a byte and a half a number.
    pub fine: usize,
    /// How many, the first, have at least a byte a number; all others have half a byte.
    pub whole: usize,
}

/// The codes that a factor of one tier may have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grid {
    /// The greatest; the least is its negative.
    pub greatest: f32,
    /// What one is worth in sixteenths of a byte's code, in which scales are given.
    pub sixteenths: i16,
}

/// A byte and a half: 16 · 127 and what a signed half byte adds.
const FINE: Grid = Grid { greatest: 2039.0, sixteenths: 1 };
const BYTE: Grid = Grid { greatest: 127.0, sixteenths: 16 };
const HALF: Grid = Grid { greatest: 7.0, sixteenths: 16 };

impl Tiers {
    /// A byte a number for all.
    pub const WHOLE: Tiers = Tiers { fine: 0, whole: usize::MAX };

    /// Of `n` items, as bundles are published: 15 % fine, 20 % in bytes, the rest in halves. On the ALS factors of Online
    /// Retail that is 52 bytes an item instead of 68 and half the lists' errors; see `kenal_models::compact`.
    pub const fn of(n: usize) -> Tiers {
        Tiers { fine: n.saturating_mul(15).div_ceil(100), whole: n.saturating_mul(35).div_ceil(100) }
    }

    /// What the item at place `at` may have.
    pub const fn grid(&self, at: usize) -> Grid {
        if at < self.fine {
            FINE
        } else if at < self.whole {
            BYTE
        } else {
            HALF
        }
    }
}
