//! The engine of Kenal: it reads a bundle's sections in place and answers "what should this page show this visitor?".
//!
//! Deliberately absent: hosts, clocks, files, networks, threads, JSON, hashes of content and signatures. Bytes come in from
//! whoever fetched and verified them (`kenal-bundle`), time and consent come in as arguments. Scoring allocates
//! nothing: the caller owns a [`Scratch`].
//!
//! Read in this order: [`mod@format`] (the sections, as `core/FORMAT.md` says), [`bundle`], [`consent`] (the gate that
//! makes a [`Permit`]), [`visit`] (what is known of the visitor), [`fold_in`], [`rules`], [`rank`](mod@rank), and
//! [`blend`], which puts them together; [`diversity`] and [`mod@similar`] for other lists; apart from them, [`experiment`] (which arm a visitor is on).
//!
//! A request goes through them like this:
//!
//! ```
//! use kenal_core::{Ask, Bundle, Gate, LiveEvent, Rules, Scored, Scratch, gate, personalise, trending};
//!
//! fn answer<'s>(bundle: &Bundle<'_>, ask: &Ask, live: &[LiveEvent], scratch: &'s mut Scratch) -> &'s [Scored] {
//!     let rules = Rules::default();
//!     if let Gate::Open(permit) = gate(ask)
//!         && scratch.visit.load(permit, &bundle.items, None, live, ask.now_s).is_ok()
//!         && personalise(bundle, &rules, false, 20, scratch).is_ok()
//!     {
//!         return scratch.top.list();
//!     }
//!     trending(&bundle.trending, &bundle.items, &rules, 20, &mut scratch.top)
//! }
//! ```
//!
//! Feature `write` adds the writers of the sections ([`mod@format::write`]); it needs an allocator.

#![no_std]
#![deny(missing_docs, unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable)
)]

#[cfg(feature = "write")]
extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod blend;
pub mod bundle;
pub mod consent;
pub mod diversity;
pub mod error;
pub mod experiment;
pub mod fold_in;
pub mod format;
pub mod index;
pub mod limits;
pub mod rank;
pub mod rules;
pub mod score;
pub mod simd;
pub mod similar;
pub mod topk;
pub mod visit;

mod cholesky;

pub use blend::{Together, because, personalise};
pub use bundle::{Bundle, Sections};
pub use consent::{Ask, Choice, ConsentBits, FallbackReason, Gate, Permit, Revocation, Who, gate};
pub use diversity::diversify;
pub use error::{Fault, SectionError};
pub use fold_in::{Because, FoldIn, UserVector};
pub use format::Kind;
pub use format::blend::{Blend, Weights};
pub use format::catalogue::Catalogue;
pub use format::churn::Churn;
pub use format::items::{Attributes, Items, Model};
pub use format::revocations::Revocations;
pub use format::row::{Entry, ItemSet, UserRow};
pub use format::trending::Trending;
pub use format::users::{UserShard, Users};
pub use index::{CategoryIdx, IndexError, ItemIdx, MarketIdx};
pub use rank::{rank, trending};
pub use rules::Rules;
pub use score::{Score, Scored};
pub use similar::similar;
pub use topk::TopK;
pub use visit::{EventKind, LiveEvent, Observation, Relation, TooManyEvents, Visit};

/// All memory that a request needs, about 295 KiB. Make one per thread or instance and reuse it.
#[derive(Debug, Default)]
pub struct Scratch {
    /// What is known of the visit.
    pub visit: Visit,
    /// The visitor's equations.
    pub fold_in: FoldIn,
    /// What goes with what the visitor knows.
    pub together: Together,
    /// The answer.
    pub top: TopK,
}

impl Scratch {
    /// Empty memory; `const`, so that it can be a static.
    pub const fn new() -> Scratch {
        Scratch { visit: Visit::new(), fold_in: FoldIn::new(), together: Together::new(), top: TopK::new() }
    }
}
