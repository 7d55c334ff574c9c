//! The server as its users meet it: real HTTP, real files, the real module.

#[path = "../../../handler/tests/shop/mod.rs"]
mod shop;

mod client;
mod events;
mod follow;
mod hosts;
mod http;
mod node;
mod pool;
mod start;
