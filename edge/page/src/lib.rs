//! kenal-page: what the hosts at a CDN share, over their HTTP and their key-value store.
//!
//! A host gives the clock, the headers and a [`Source`]; it gets a [`Reply`] to send. Nothing here names a CDN, and
//! nothing here waits but for the source, so that a host whose store blocks can poll once.
//!
//! Read in this order: [`visitor`] (who may be asked about), [`keep`] (the bundle that is kept between requests),
//! [`answer`] (a request over HTTP, answered); then [`cache`] (which pages are rewritten, and who may keep them),
//! [`slot`] (what a slot asks, and its HTML), [`rewrite`] (a page on its way).

#![forbid(unsafe_code)]

pub mod answer;
pub mod body;
pub mod cache;
pub mod keep;
mod rank;
pub mod rewrite;
pub mod slot;
pub mod visitor;
mod words;

pub use answer::{Call, Reply, Settings, answer, no_origin, not_found, too_large, wrong_method};
pub use body::Bounded;
pub use cache::{PERSONAL, asks_for_page, drops_answered, drops_asked, is_page, is_private};
pub use keep::{Found, Keeper, Source, Unavailable};
pub use kenal_edge::limits::REQUEST_BYTES_MAX;
pub use kenal_edge::{Hash, Table, TableSlot};
pub use rewrite::{Page, Prepared, prepare};
pub use visitor::Visitor;

#[cfg(test)]
mod memory;
#[cfg(test)]
#[path = "../../handler/tests/shop/mod.rs"]
mod shop;
