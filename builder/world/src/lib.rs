//! kenal-world.
