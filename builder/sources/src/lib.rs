//! kenal-sources.
