//! kenal-consent.
