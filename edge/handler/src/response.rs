//! What the core answers, and the stable words in it.
//!
//! Scores are printed as the shortest decimal text that reads back to the same `f32`, so two hosts agree on a score to
//! the bit exactly when their JSON texts agree.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::request::Slot;

/// One answer: the items in the order to show them, and why they are these.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Response {
    pub items: Vec<Recommended>,
    /// The least watermark of the data that the answer rests on, RFC 3339.
    pub as_of: String,
    pub bundle: BundleInfo,
    /// Whether anything about the visitor took part.
    pub personalised: bool,
    /// Why not, when it did not.
    pub fallback_reason: Option<FallbackReason>,
    pub request: Echo,
}

/// One item of an answer, with what a card needs to draw itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recommended {
    pub id: String,
    /// Comparable within one answer only.
    pub score: f32,
    pub reason: Reason,
    pub title: Option<String>,
    pub price: Option<Price>,
    pub category: Option<String>,
}

/// An amount in units of its currency with two digits, `12.50`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    pub amount: String,
    pub currency: String,
}

/// Why an item is in the answer; `item` and `title` name what it was derived from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    pub kind: ReasonKind,
    pub item: Option<String>,
    pub title: Option<String>,
}

/// The kinds of reason a page can word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasonKind {
    BecauseBought,
    BecauseViewed,
    BecauseCarted,
    /// The stored history as a whole; no one item explains it.
    BecauseHistory,
    /// It is like the item of the page; nothing about the visitor went into it.
    Similar,
    /// The page put it first.
    Pinned,
    Trending,
}

impl ReasonKind {
    /// The word in the JSON.
    pub const fn name(self) -> &'static str {
        match self {
            ReasonKind::BecauseBought => "because_bought",
            ReasonKind::BecauseViewed => "because_viewed",
            ReasonKind::BecauseCarted => "because_carted",
            ReasonKind::BecauseHistory => "because_history",
            ReasonKind::Similar => "similar",
            ReasonKind::Pinned => "pinned",
            ReasonKind::Trending => "trending",
        }
    }
}

/// Why an answer is not personalised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FallbackReason {
    /// The request names nobody.
    NoVisitor,
    /// Neither yes nor no was said, or the record of a yes does not cover this.
    NoConsent,
    /// The visitor said no.
    ConsentDenied,
    /// The browser sends Global Privacy Control.
    Gpc,
    /// Consent was withdrawn since the bundle was built.
    Revoked,
    /// The bundle is past its expiry.
    BundleExpired,
    /// Nothing is known of the visitor that a ranking could rest on.
    NoHistory,
    /// A section that personalising needs is not loaded.
    SectionMissing,
    /// The visitor's shard is missing or does not verify.
    ShardUnreadable,
    /// The visitor's row does not parse.
    RowUnreadable,
    /// What is known leads to no usable taste.
    Unsolvable,
    /// The core stopped on this request; the host answered without it.
    CoreFailed,
}

impl FallbackReason {
    /// All of them.
    pub const ALL: [FallbackReason; 12] = [
        FallbackReason::NoVisitor,
        FallbackReason::NoConsent,
        FallbackReason::ConsentDenied,
        FallbackReason::Gpc,
        FallbackReason::Revoked,
        FallbackReason::BundleExpired,
        FallbackReason::NoHistory,
        FallbackReason::SectionMissing,
        FallbackReason::ShardUnreadable,
        FallbackReason::RowUnreadable,
        FallbackReason::Unsolvable,
        FallbackReason::CoreFailed,
    ];

    /// The word in the JSON.
    pub const fn name(self) -> &'static str {
        match self {
            FallbackReason::NoVisitor => "no_visitor",
            FallbackReason::NoConsent => "no_consent",
            FallbackReason::ConsentDenied => "consent_denied",
            FallbackReason::Gpc => "gpc",
            FallbackReason::Revoked => "revoked",
            FallbackReason::BundleExpired => "bundle_expired",
            FallbackReason::NoHistory => "no_history",
            FallbackReason::SectionMissing => "section_missing",
            FallbackReason::ShardUnreadable => "shard_unreadable",
            FallbackReason::RowUnreadable => "row_unreadable",
            FallbackReason::Unsolvable => "unsolvable",
            FallbackReason::CoreFailed => "core_failed",
        }
    }
}

/// Which bundle answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundleInfo {
    pub version: u64,
    /// First 16 hexadecimal digits of the manifest's BLAKE3 hash.
    pub id: String,
}

/// What was asked, without who asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Echo {
    pub slot: Slot,
    pub market: String,
    pub k: u32,
}
