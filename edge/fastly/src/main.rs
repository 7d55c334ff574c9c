//! kenal-fastly: the core in Fastly Compute, with the bundle's files in a KV store.
//!
//! All work is `kenal-page`'s; here are the stores, the clock and the reuse of the sandbox. For other targets it is a
//! program that says so, since the host's calls are nowhere else.

#[cfg(target_os = "wasi")]
mod host;
#[cfg(target_os = "wasi")]
mod page;
#[cfg(target_os = "wasi")]
mod wait;

#[cfg(target_os = "wasi")]
fn main() {
    host::serve();
}

#[cfg(not(target_os = "wasi"))]
fn main() {
    eprintln!("kenal-fastly runs in Fastly Compute; build it with --target wasm32-wasip1");
    std::process::exit(2);
}
