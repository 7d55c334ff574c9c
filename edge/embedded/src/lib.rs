//! kenal-embedded.
