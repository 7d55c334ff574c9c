//! kenal-server: the WebAssembly core inside wasmtime, behind HTTP. The library of `kenal serve`.
//!
//! It answers on a loopback address only and has no authentication: a shop puts its own front end before it.
//! All ranking happens in the module that is built from `kenal-embedded` and embedded here ([`MODULE`]); natively the
//! same code checks the bundle, finds a visitor's row, and answers with what is trending should the module stop.
//! Visitor ids are never logged and never kept: what must be kept is kept in memory, under salted keys.
//!
//! Read in this order: [`serve`] and [`Server`], `state` (what the routes share), `live` (one version that answers),
//! `follow` (newer versions, withdrawals and canaries from the folder), `routes`, [`wasm`] and [`pool`] (the module and its
//! workers), `ahead` (the module compiled before, with the only `unsafe` here), [`overlay`] and [`withdrawn`] (what is kept of visitors), `problem`, `guard`.

#![deny(unsafe_code)]

mod ahead;
mod error;
mod folder;
mod follow;
mod guard;
mod live;
pub mod overlay;
pub mod pool;
mod problem;
mod routes;
mod serve;
pub mod shards;
mod state;
mod timing;
pub mod wasm;
pub mod withdrawn;

pub use error::ServeError;
pub use folder::Folder;
pub use follow::REREAD;
pub use live::STALE_MAX;
pub use serve::{Clock, Say, ServeConfig, Server, serve, system_clock};

/// The core as `kenal-embedded` for `wasm32-unknown-unknown` with SIMD, compiled by this crate's build script.
pub static MODULE: &[u8] = include_bytes!(env!("KENAL_EDGE_MODULE"));
