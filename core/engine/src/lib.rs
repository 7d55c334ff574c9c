//! kenal-core.
