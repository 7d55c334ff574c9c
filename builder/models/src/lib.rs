//! kenal-models.
