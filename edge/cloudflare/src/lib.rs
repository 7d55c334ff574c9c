//! kenal-cloudflare: the core in a Cloudflare Worker, with the bundle's files in Workers KV.
//!
//! All work is `kenal-page`'s; here are the bindings, the clock and the bound on waiting. For other targets the library
//! is empty, since a worker runs nowhere else.

#[cfg(target_arch = "wasm32")]
mod host;
#[cfg(target_arch = "wasm32")]
mod page;
