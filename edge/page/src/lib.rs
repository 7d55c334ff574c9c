//! kenal-page: what the hosts at a CDN share, over their HTTP and their key-value store.
//!
//! A host gives the clock, the headers and a [`Source`]; it gets a [`Reply`] to send. Nothing here names a CDN, and
//! nothing here waits but for the source, so that a host whose store blocks can poll once.
//!
//! Read in this order: [`visitor`] (who may be asked about), [`keep`] (the bundle that is kept between requests),
//! [`answer`] (a request over HTTP, answered), [`cache`] (what
//! of an origin's page may be changed, and who may keep it).

#![forbid(unsafe_code)]

pub mod answer;
pub mod cache;
pub mod keep;
pub mod visitor;

pub use answer::{Call, Reply, Settings, answer, too_large};
pub use keep::{Keeper, Source, Unavailable};
pub use kenal_edge::limits::REQUEST_BYTES_MAX;
pub use visitor::Visitor;
