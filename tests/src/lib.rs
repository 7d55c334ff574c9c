//! kenal-tests.
