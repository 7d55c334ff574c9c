//! kenal-features.
