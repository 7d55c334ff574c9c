//! kenal-lake.
