//! The words every builder stage shares: who, where, when, how much, and the typed rows the five systems turn into.
//!
//! Deliberately not here: how a row is parsed (`kenal-sources`), stored (`kenal-lake`), matched (`kenal-identity`) or
//! permitted (`kenal-consent`). Nothing here does I/O, and nothing reads a clock.
//!
//! Read in this order: [`ids`] (systems, record keys, person ids), [`time`], [`money`], [`market`], then the rows:
//! [`customer`], [`item`], [`order`], [`ticket`], [`event`], [`consent`], and [`row`], which ties a typed row to
//! the line it came from.

pub mod consent;
pub mod customer;
pub mod event;
pub mod ids;
pub mod item;
pub mod market;
pub mod money;
pub mod order;
pub mod row;
pub mod ticket;
pub mod time;

pub use consent::{Channel, ConsentSignal, Decision, Mechanism, Purpose};
pub use customer::{ContactPoint, CustomerRecord, Loyalty};
pub use event::{AppEvent, EventKind};
pub use ids::{IdError, KeyRef, PersonId, RecordKey, System};
pub use item::{Item, Variant};
pub use market::Market;
pub use money::{Currency, Money, MoneyError};
pub use order::{Order, OrderLine, OrderStatus};
pub use row::{Entity, FileStamp, Origin, Reason, Rejection};
pub use ticket::{Satisfaction, Ticket, TicketChannel, TicketPriority, TicketStatus};
pub use time::{Date, TimeError, Timestamp};
