//! kenal-bundle.
