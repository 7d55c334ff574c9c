//! kenal-edge: one request, answered. What every host of the core shares.
//!
//! A host (browser, CDN worker, app, `kenal serve`) fetches bytes and has a clock; this crate has neither. It opens a
//! signed manifest, says which sections it needs, takes their bytes, and then turns a [`Request`] and the visitor's row
//! into a [`Response`], purely. Whatever is missing or not permitted makes the answer the trending list, with the reason
//! in it, never an error.
//!
//! Deliberately not here: HTTP, files, caches, time, logging, and any host's name for a thing.
//!
//! Read in this order: [`request`], [`response`] (the JSON contract), [`edge`] (an open bundle), [`store`] (where its
//! bytes come from), [`error`], [`limits`]; `answer` is what happens to one request, [`json`] its form.
//!
//! ```
//! use kenal_edge::{Edge, EdgeError, Request, Response};
//!
//! fn answer(edge: &Edge, request: &[u8], shard: Option<&[u8]>) -> Result<Response, Box<dyn std::error::Error>> {
//!     let request = Request::from_json(request)?;
//!     let row = match (&request.visitor, shard) {
//!         (Some(visitor), Some(shard)) => {
//!             edge.verify_shard(shard, visitor)?;
//!             edge.row_from_shard(shard, visitor)?
//!         }
//!         _ => None,
//!     };
//!     Ok(edge.recommend(&request, row.as_deref())?)
//! }
//! ```

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
// Plain WebAssembly has no system; without std, what words panics stays out of the module.
#[cfg(any(test, not(all(target_family = "wasm", target_os = "unknown"))))]
extern crate std;

mod answer;
pub mod edge;
pub mod error;
mod instant;
pub mod json;
pub mod limits;
mod lock;
pub mod request;
pub mod response;
mod sections;
pub mod store;

pub use edge::{Edge, Need};
pub use error::{EdgeError, RequestError};
pub use instant::rfc3339;
pub use kenal_bundle::{
    CANARY_NAME, Canary, Hash, KEYS_NAME, Kind, MANIFEST_NAME, REVOCATIONS_NAME, SIGNER_NAME, Table, TableSlot,
    VisitorKey, delta_name,
};
pub use request::{Consent, LiveEvent, LiveKind, Request, Slot};
pub use response::{BundleInfo, Echo, FallbackReason, Price, Reason, ReasonKind, Recommended, Response};
pub use store::{Store, StoreError};
