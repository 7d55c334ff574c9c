//! What can be seen of a person at a cut, gathered once so that each feature is a line.
//!
//! The windows end at the cut and are nested: [`Span::Days7`] lies in [`Span::Days30`] and so on, up to
//! [`Span::Ever`]. A view is filled again and again for person after person; its buffers are its own, so nothing is
//! allocated once they have grown.

mod gather;
mod sessions;

use kenal_types::Timestamp;

use crate::timeline::Device;
pub use sessions::{SESSION_GAP_MINUTES, Session};

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

/// Sums over one window.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Window {
    pub orders: u32,
    pub lines: u32,
    pub units: i64,
    pub spend_sgd: f64,
    /// Distinct.
    pub items: u32,
    /// Distinct.
    pub categories: u32,
    pub returned_units: i64,
    pub returned_sgd: f64,
    pub cancelled_orders: u32,
    pub sessions: u32,
    pub session_minutes: f64,
    pub views: u32,
    pub searches: u32,
    pub carts: u32,
    pub cart_removals: u32,
    pub wishlists: u32,
    pub checkouts: u32,
    /// Distinct items viewed.
    pub viewed_items: u32,
    pub tickets: u32,
    pub phone_tickets: u32,
    pub urgent_tickets: u32,
    pub solved_tickets: u32,
    pub bad_ratings: u32,
    pub good_ratings: u32,
    pub resolution_hours: f64,
}

/// An order's visible lines together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OrderSum {
    pub at: Timestamp,
    pub lines: u32,
    pub units: i64,
    pub spend_sgd: f64,
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
    last_ticket_at: Option<Timestamp>,
    open_tickets: u32,
    last_cart_at: Option<Timestamp>,
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
            last_ticket_at: None,
            open_tickets: 0,
            last_cart_at: None,
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

    pub fn last_ticket_at(&self) -> Option<Timestamp> {
        self.last_ticket_at
    }

    /// Opened and, as far as known, not solved.
    pub fn open_tickets(&self) -> u32 {
        self.open_tickets
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
