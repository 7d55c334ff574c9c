//! Every limit of the format and of scoring, with its reason, and the assertions that tie them together.
//!
//! `core/FORMAT.md` states the same numbers; a test compares them.

/// Bytes of a section. Offsets are u32, and the wasm address space must hold several sections.
pub const SECTION_BYTES_MAX: usize = 1 << 30;

/// Bytes of a manifest's payload. Far above any real one, far below what would hurt a 128 MB isolate.
pub const MANIFEST_BYTES_MAX: usize = 4 << 20;

/// Parts of a section.
pub const PARTS_MAX: usize = 16;

/// Parts start at multiples of this, so that a host that aligns sections gets aligned vector loads.
pub const PART_ALIGN: usize = 16;

/// Items of a bundle: the factors of that many at [`DIMS_MAX`] just fill a section.
pub const ITEMS_MAX: usize = 1 << 22;

/// Dimensions of a factor. The fold-in's matrix for 256 takes 128 KiB of scratch memory.
pub const DIMS_MAX: usize = 256;

/// Factor bytes are padded to a multiple of one 128-bit vector.
pub const LANES: usize = 16;

/// Vectors of [`LANES`] bytes in the longest factor.
pub const BLOCKS_MAX: usize = DIMS_MAX / LANES;

/// Numbers in the lower triangle of the largest fold-in matrix.
pub const TRIANGLE_MAX: usize = DIMS_MAX * (DIMS_MAX + 1) / 2;

/// Markets: the bits of a market mask.
pub const MARKETS_MAX: usize = 16;

/// Product categories.
pub const CATEGORIES_MAX: usize = 4096;

/// Bytes of an item id.
pub const ID_BYTES_MAX: usize = 128;

/// Entries of one trending list.
pub const TRENDING_MAX: usize = 1024;

/// Features of the churn model.
pub const FEATURES_MAX: usize = 1024;

/// Bits of a visitor key that choose a shard.
pub const SHARD_BITS_MAX: u32 = 16;

/// History entries of a user row. More do not change the ranking measurably and cost a fold-in's time each.
pub const HISTORY_MAX: usize = 64;

/// Live events of one request. A caller keeps the newest.
pub const EVENTS_MAX: usize = 256;

/// Categories that one request can leave out.
pub const NOT_CATEGORIES_MAX: usize = 16;

/// Items that a request may exclude by name, beside what is bought or in the cart.
pub const EXCLUDE_MAX: usize = 320;

/// Distinct items that a fold-in can rest on.
pub const OBSERVATIONS_MAX: usize = HISTORY_MAX + EVENTS_MAX;

/// Items that pull a list towards them for having been dealt with last. The ninth would pull by a sixteenth of the
/// first, and each costs a fold-in one more solution.
pub const PULLED_MAX: usize = 8;

/// Confidence of one observation.
pub const CONFIDENCE_MAX: f32 = 1000.0;

/// How much one item can be due to be bought again, before its weight.
pub const AGAIN_MAX: f32 = 1000.0;

/// Items of one answer, before the caller's own diversity rules.
pub const K_MAX: usize = 256;

/// The greatest number of a quantised visitor vector. Finer than an item's byte, since there is one visitor and widened it
/// takes the same instructions; the sum over [`DIMS_MAX`] products with a byte still fits 32 bits.
pub const VISITOR_CODE_MAX: i16 = 16_383;

/// Least scale of a factor, 2^-40. With [`SCALE_MAX`] it keeps every score a normal, finite f32.
pub const SCALE_MIN: f32 = 1.0 / (1u64 << 40) as f32;

/// Greatest scale of a factor, 2^40.
pub const SCALE_MAX: f32 = (1u64 << 40) as f32;

/// Least boost of an item, 2^-20: far below what a shop could want, far above where a score stops being a normal f32.
pub const BOOST_MIN: f32 = 1.0 / (1u32 << 20) as f32;

/// Weight of a part of the blend.
pub const WEIGHT_MAX: f32 = 1e6;

/// Items that one item speaks for. The writer keeps the strongest; an item of which everybody's taste hangs would
/// otherwise cost every request that knows it a pass over the shop.
pub const GOES_WITH_MAX: usize = 1024;

/// Items that a history may speak for together; what comes after is left out.
pub const TOUCHED_MAX: usize = 8192;

const _: () = {
    assert!(ITEMS_MAX * DIMS_MAX <= SECTION_BYTES_MAX);
    assert!(ITEMS_MAX < u32::MAX as usize, "ItemIdx stores index + 1");
    assert!(DIMS_MAX.is_multiple_of(LANES));
    assert!(LANES == PART_ALIGN);
    // The integer dot product converts to f32 exactly, and a product of three factors stays finite and normal.
    assert!(128 * 128 * DIMS_MAX <= 1 << 24);
    assert!(SCALE_MIN * SCALE_MIN * BOOST_MIN >= f32::MIN_POSITIVE);
    assert!(SCALE_MIN * SCALE_MIN >= f32::MIN_POSITIVE && SCALE_MAX * SCALE_MAX <= f32::MAX / (1 << 30) as f32);
    assert!(HISTORY_MAX <= u8::MAX as usize);
    assert!(SECTION_BYTES_MAX <= u32::MAX as usize / 2, "offsets are added in 32 bits");
    assert!(CATEGORIES_MAX < u16::MAX as usize, "65535 stands for all categories");
};
