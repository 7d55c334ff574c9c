//! kenal-types.
