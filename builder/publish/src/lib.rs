//! Puts a bundle where its readers are.
