//! kenal-browser.
