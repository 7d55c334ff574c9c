//! What can be seen of a person at a cut, gathered once so that each feature is a line.
//!
//! The windows end at the cut and are nested: [`Span::Days7`] lies in [`Span::Days30`] and so on, up to
//! [`Span::Ever`]. Every element of a person is looked at once a kind, not once a feature. A view is filled again and again for person after person; its buffers are its own, so nothing is
//! allocated once they have grown.

mod affinity;
mod gather;
mod sessions;
mod window;

use kenal_types::{Market, Timestamp};

use crate::timeline::Device;
pub use sessions::{SESSION_GAP_MINUTES, Session};
use window::Starts;
pub use window::{Span, Window};

/// An order's visible lines together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OrderSum {
    pub at: Timestamp,
    pub lines: u32,
    pub units: i64,
    pub spend_sgd: f64,
    pub discount_sgd: f64,
    pub device: Option<Device>,
}

/// Where and when somebody buys and browses, over 365 days.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Habits {
    /// Orders by [`Device`], in its order.
    pub order_devices: [u32; 4],
    /// Sessions by [`Device`].
    pub session_devices: [u32; 4],
    /// Orders and sessions by local quarter of the day: night from 0, morning from 6, afternoon from 12, evening from 18.
    pub quarters: [u32; 4],
    pub weekend: u32,
    /// Orders and sessions.
    pub moments: u32,
    /// Orders alone, by the same quarters.
    pub order_quarters: [u32; 4],
    pub order_weekend: u32,
    pub orders: u32,
}

/// What somebody's money and attention go to, over 365 days.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Affinity {
    /// Share of the spend that goes to the category with most of it.
    pub top_share: Option<f64>,
    /// Entropy of the spend over categories, in bits: 0 when all goes to one.
    pub entropy: Option<f64>,
    /// Share of item views, in categories, that are in the category bought most.
    pub view_match: Option<f64>,
    /// Share of item views, in categories, that are in the category viewed most.
    pub view_top_share: Option<f64>,
    /// Of the categories bought in 365 days, those bought for the first time in the last 90 days.
    pub new_categories: u32,
    /// Whether the last order has something of the category bought most.
    pub last_in_top: Option<bool>,
    /// Of the pairs of an order and an item in it, the share whose item was in an earlier order; over all time.
    pub repeat_share: Option<f64>,
}

/// The person as a member and a set of records.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Standing {
    /// Bit per system, in their order.
    pub systems: u8,
    pub records: u32,
    pub first_record_at: Option<Timestamp>,
    pub member_since: Option<Timestamp>,
    pub member_active: Option<bool>,
    /// Decides the local time; Singapore's when unknown.
    pub market: Option<Market>,
    /// Orders since joining the programme.
    pub member_orders: u32,
    pub member_spend_sgd: f64,
}

/// Tickets over all time.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Support {
    pub last_at: Option<Timestamp>,
    /// Opened and, as far as known, not solved.
    pub open: u32,
    pub open_since: Option<Timestamp>,
    /// The rating told of last.
    pub last_rating: Option<bool>,
    last_rated_at: Option<Timestamp>,
    pub last_resolution_hours: Option<f64>,
}

/// Everything visible at [`View::cut`].
#[derive(Debug, Clone)]
pub struct View {
    cut: Timestamp,
    windows: [Window; 6],
    orders: Vec<OrderSum>,
    sessions: Vec<Session>,
    habits: Habits,
    affinity: Affinity,
    standing: Standing,
    support: Support,
    last_cart_at: Option<Timestamp>,
    last_return_at: Option<Timestamp>,
    starts: Starts,
    buffers: gather::Buffers,
}

impl View {
    /// Of nobody: fill it with [`crate::Extractor`].
    pub(crate) fn empty() -> View {
        View {
            cut: Timestamp(0),
            windows: [Window::default(); 6],
            orders: Vec::new(),
            sessions: Vec::new(),
            habits: Habits::default(),
            affinity: Affinity::default(),
            standing: Standing::default(),
            support: Support::default(),
            last_cart_at: None,
            last_return_at: None,
            starts: Starts::of(Timestamp(0)),
            buffers: gather::Buffers::default(),
        }
    }

    pub fn cut(&self) -> Timestamp {
        self.cut
    }

    pub fn window(&self, span: Span) -> &Window {
        &self.windows[span as usize]
    }

    /// Orders that were not cancelled, oldest first.
    pub fn orders(&self) -> &[OrderSum] {
        &self.orders
    }

    /// Oldest first.
    pub fn sessions(&self) -> &[Session] {
        &self.sessions
    }

    pub fn habits(&self) -> &Habits {
        &self.habits
    }

    pub fn affinity(&self) -> &Affinity {
        &self.affinity
    }

    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    pub fn support(&self) -> &Support {
        &self.support
    }

    pub fn last_return_at(&self) -> Option<Timestamp> {
        self.last_return_at
    }

    pub fn last_cart_at(&self) -> Option<Timestamp> {
        self.last_cart_at
    }

    /// Days from then to the cut.
    pub fn days_since(&self, then: Timestamp) -> f64 {
        self.cut.days_since(then)
    }

    /// Days between one order and the next, oldest first.
    pub fn gaps_days(&self) -> impl Iterator<Item = f64> + Clone {
        self.orders.windows(2).map(|pair| pair[1].at.days_since(pair[0].at))
    }
}
