//! kenal-server.
