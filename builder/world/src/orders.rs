//! Orders as they truly happened, before any system has them.

use kenal_types::Timestamp;

/// Where an order was placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    Web,
    App,
    Store,
}

impl Place {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Place::Web => "web",
            Place::App => "app",
            Place::Store => "store",
        }
    }
}

/// How an order ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Completed,
    /// Everything was sent back or never sent.
    Cancelled(Timestamp),
    /// Some lines were returned, wholly or in part.
    Returned(Timestamp),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    /// Unique in the world; the number on the receipt is made from it.
    pub(crate) serial: u64,
    pub(crate) at: Timestamp,
    pub(crate) place: Place,
    pub(crate) guest: bool,
    pub(crate) lines: Vec<Line>,
    pub(crate) outcome: Outcome,
}

impl Order {
    /// Lines of catalogue items.
    pub(crate) fn items(&self) -> impl Iterator<Item = (&Line, u32, u8)> {
        self.lines.iter().filter_map(|line| match line.what {
            What::Item { item, variant } => Some((line, item, variant)),
            What::Custom(_) => None,
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) what: What,
    pub(crate) quantity: i64,
    /// Sent back, of `quantity`.
    pub(crate) returned: i64,
    /// Price of one in pence.
    pub(crate) pence: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Item {
        item: u32,
        variant: u8,
    },
    /// Postage and the like: in the order, not in the catalogue.
    Custom(&'static str),
}

/// All that a person did in the shop, and why.
#[derive(Debug, Clone)]
pub(crate) struct History {
    /// By time.
    pub(crate) orders: Vec<Order>,
    /// Weight of each category, summing to 1.
    pub(crate) tastes: Vec<f64>,
    /// When the person stopped being a customer, unknown to everybody.
    pub(crate) left_at: Option<Timestamp>,
    /// Chance per day of leaving.
    pub(crate) hazard: f64,
    /// Came before this time at the latest.
    pub(crate) joined: Timestamp,
}
