//! kenal-identity.
