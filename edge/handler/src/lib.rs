//! kenal-edge: one request, answered. What every host of the core shares.
//!
//! A host (browser, CDN worker, app, `kenal serve`) fetches bytes and has a clock; this crate has neither. It opens a
//! signed manifest, says which sections it needs, takes their bytes, and then turns a [`Request`] and the visitor's row
//! into a [`Response`], purely. Whatever is missing or not permitted makes the answer the trending list, with the reason
//! in it, never an error.
//!
//! Deliberately not here: HTTP, files, caches, time, logging, and any host's name for a thing.
//!
//! Read in this order: [`request`], [`response`] (the JSON contract), [`error`], [`limits`].

pub mod error;
pub mod limits;
pub mod request;
pub mod response;

pub use error::RequestError;
pub use request::{Consent, LiveEvent, LiveKind, Request, Slot};
pub use response::{BundleInfo, Echo, FallbackReason, Price, Reason, ReasonKind, Recommended, Response};
