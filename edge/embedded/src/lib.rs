//! kenal-embedded: the core behind a C interface, for apps, for servers in other languages, and as a plain wasm module.
//!
//! One header, `kenal.h`, describes it; a test holds the header and the exports together. All work is
//! [`kenal_edge`]'s; here are only pointers, lengths and codes. This crate never reads a clock, a file or the network.
//!
//! Every function returns a code ([`Code`]) or a plain value; none unwinds into the caller. Natively a panic becomes
//! [`Code::Internal`], in WebAssembly it is a trap that the host sees.
//!
//! Read in this order: [`Code`], [`handle`] (what a caller holds), [`exports`] (the functions).

#![no_std]

extern crate alloc;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
extern crate std;

mod code;
pub mod exports;
mod handle;
mod memory;
mod panics;

pub use code::Code;
pub use handle::Handle;
