//! Windows that end at the cut, and the sums over each.
//!
//! An element is added once, to the shortest window it falls into; [`close`] then carries each window's sums into the
//! next longer one. So the cost of an element does not grow with the number of windows.

use kenal_types::Timestamp;

/// A window that ends at the cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Span {
    Days7,
    Days30,
    Days90,
    Days180,
    Days365,
    Ever,
}

impl Span {
    pub const ALL: [Span; 6] = [Span::Days7, Span::Days30, Span::Days90, Span::Days180, Span::Days365, Span::Ever];

    /// `None` for all time.
    pub const fn days(self) -> Option<u16> {
        match self {
            Span::Days7 => Some(7),
            Span::Days30 => Some(30),
            Span::Days90 => Some(90),
            Span::Days180 => Some(180),
            Span::Days365 => Some(365),
            Span::Ever => None,
        }
    }
}

macro_rules! window {
    (sums { $($(#[$sum_doc:meta])* $sum:ident: $sum_type:ty,)* } longest { $($(#[$max_doc:meta])* $max:ident,)* }) => {
        /// Sums over one window.
        #[derive(Debug, Clone, Copy, PartialEq, Default)]
        pub struct Window {
            $($(#[$sum_doc])* pub $sum: $sum_type,)*
            $($(#[$max_doc])* pub $max: f64,)*
        }

        impl Window {
            /// Takes in the next shorter window.
            fn absorb(&mut self, shorter: &Window) {
                $(self.$sum += shorter.$sum;)*
                $(self.$max = self.$max.max(shorter.$max);)*
            }
        }
    };
}

window! {
    sums {
        orders: u32,
        lines: u32,
        /// Lines that name no item of the catalogue.
        lines_unknown: u32,
        /// Lines of no known category.
        lines_uncategorised: u32,
        units: i64,
        /// Before discounts.
        spend_sgd: f64,
        discount_sgd: f64,
        /// Of the lines whose system says what they were reduced by.
        spend_told_sgd: f64,
        discounted_orders: u32,
        /// Distinct.
        items: u32,
        /// Distinct.
        categories: u32,
        returned_units: i64,
        returned_sgd: f64,
        cancelled_orders: u32,
        sessions: u32,
        session_minutes: f64,
        /// Local days with a session.
        active_days: u32,
        views: u32,
        searches: u32,
        carts: u32,
        cart_removals: u32,
        wishlists: u32,
        checkouts: u32,
        /// Distinct items viewed.
        viewed_items: u32,
        tickets: u32,
        phone_tickets: u32,
        urgent_tickets: u32,
        escalated_tickets: u32,
        solved_tickets: u32,
        bad_ratings: u32,
        good_ratings: u32,
        resolution_hours: f64,
    }
    longest {
        unit_price_sgd_max,
        session_minutes_max,
        resolution_hours_max,
    }
}

/// The starts of the windows that end at one cut. Each holds the days before the cut, its start included.
#[derive(Debug, Clone, Copy)]
pub(super) struct Starts([Timestamp; 5]);

impl Starts {
    pub(super) fn of(cut: Timestamp) -> Self {
        Starts([Span::Days7, Span::Days30, Span::Days90, Span::Days180, Span::Days365].map(|s| match s.days() {
            Some(days) => cut.plus_days(-i64::from(days)),
            None => Timestamp(i64::MIN),
        }))
    }

    /// The shortest window that `at` falls into.
    pub(super) fn shortest(&self, at: Timestamp) -> Span {
        let longer = self.0.iter().filter(|start| at < **start).count();
        Span::ALL[longer]
    }

    /// Within 365 days.
    pub(super) fn is_recent(&self, at: Timestamp) -> bool {
        at >= self.0[Span::Days365 as usize]
    }
}

/// Carries the sums of each window into the longer ones.
pub(super) fn close(windows: &mut [Window; 6]) {
    for longer in 1..windows.len() {
        let shorter = windows[longer - 1];
        windows[longer].absorb(&shorter);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_in_the_windows_that_hold_it() {
        let cut = Timestamp(0).plus_days(1_000);
        let starts = Starts::of(cut);
        for (days_us, expected) in [
            (0, Span::Days7),
            (7 * Timestamp::US_PER_DAY, Span::Days7),
            (7 * Timestamp::US_PER_DAY + 1, Span::Days30),
            (90 * Timestamp::US_PER_DAY, Span::Days90),
            (365 * Timestamp::US_PER_DAY, Span::Days365),
            (365 * Timestamp::US_PER_DAY + 1, Span::Ever),
        ] {
            assert_eq!(starts.shortest(Timestamp(cut.0 - days_us)), expected, "{days_us}");
        }
    }

    #[test]
    fn longer_windows_hold_the_shorter_ones() {
        let mut windows = [Window::default(); 6];
        windows[1].orders = 2;
        windows[1].session_minutes_max = 5.0;
        windows[3].orders = 1;
        windows[3].session_minutes_max = 4.0;
        close(&mut windows);
        assert_eq!(windows.map(|w| w.orders), [0, 2, 2, 3, 3, 3]);
        assert_eq!(windows.map(|w| w.session_minutes_max), [0.0, 5.0, 5.0, 5.0, 5.0, 5.0]);
    }
}
