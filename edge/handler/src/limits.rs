//! Every limit of a request, in one place, with its reason.

/// Items in one answer: what the largest slot of a page shows.
pub const K_MAX: u32 = 50;

/// Items in an answer that names no number: three rows of four cards.
pub const K_DEFAULT: u32 = 12;

/// Live events in one request. Older ones no longer move the vector measurably, and a page's session rarely has more.
pub const EVENTS_MAX: usize = 64;

/// Item ids to leave out in one request. The core looks at 320; the item of the page, the pins and the
/// first part of a trending answer are added to them.
pub const EXCLUDE_MAX: usize = 200;

/// Items that a page may put first, whatever their score.
pub const PINS_MAX: usize = 8;

/// Categories to leave out in one request.
pub const NOT_CATEGORIES_MAX: usize = 16;

/// Bytes of a visitor id, an item id or a category name.
pub const ID_BYTES_MAX: usize = 128;

/// How far in the future an event may lie before it is refused: clocks of phones are wrong by minutes.
pub const EVENT_AHEAD_S_MAX: i64 = 300;

/// Bytes of a request body. The largest lawful request, all lists full, is below 32 KiB.
pub const REQUEST_BYTES_MAX: usize = 64 * 1024;

const _: () = {
    assert!(K_DEFAULT <= K_MAX);
    assert!(K_MAX as usize <= kenal_core::limits::K_MAX);
    assert!(EXCLUDE_MAX + PINS_MAX + 1 + K_MAX as usize <= kenal_core::limits::EXCLUDE_MAX);
    assert!(EVENTS_MAX < kenal_core::limits::EVENTS_MAX, "the item of a product page is one more");
    assert!(PINS_MAX <= K_MAX as usize);
    assert!(NOT_CATEGORIES_MAX <= kenal_core::limits::NOT_CATEGORIES_MAX);
    assert!(ID_BYTES_MAX >= kenal_core::limits::ID_BYTES_MAX);
};
