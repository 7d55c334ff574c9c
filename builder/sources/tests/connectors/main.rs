//! The connectors over whole folders: the fixtures, damaged files, and arbitrary bytes.
//!
//! Read [`harness`] first; each system then has the cases of the format notes' section F that concern it.

mod app;
mod damage;
mod harness;
mod properties;
mod salesforce;
mod shopify;
mod warehouse;
mod zendesk;
