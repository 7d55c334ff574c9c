//! kenal-edge.
