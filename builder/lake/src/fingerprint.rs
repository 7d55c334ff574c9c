//! What a derived table was made from, as one hash.

use std::fmt;
use std::str::FromStr;

use crate::error::LakeError;
use crate::lake::Lake;

/// BLAKE3 over a stage's code version, its configuration and the versions of the tables it read. Equal fingerprints
/// mean that running the stage again would give the same rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// Begins one for a stage; `code` names the stage and its version, such as `identity 3`.
    pub fn of(code: &str) -> FingerprintBuilder {
        FingerprintBuilder(blake3::Hasher::new_derive_key("kenal-lake 2026-11 gold fingerprint")).part("code", code)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl FromStr for Fingerprint {
    type Err = blake3::HexError;
    fn from_str(s: &str) -> Result<Self, blake3::HexError> {
        blake3::Hash::from_hex(s).map(|h| Fingerprint(*h.as_bytes()))
    }
}

/// Adds what a stage depends on; the order of calls counts.
#[derive(Debug, Clone)]
pub struct FingerprintBuilder(blake3::Hasher);

impl FingerprintBuilder {
    /// A configuration as text, such as its TOML.
    #[must_use]
    pub fn config(self, text: &str) -> Self {
        self.part("config", text)
    }

    /// Another stage's fingerprint, or any other hash of an input.
    #[must_use]
    pub fn hash(self, name: &str, hash: &[u8; 32]) -> Self {
        self.part("hash", name).part("is", &blake3::Hash::from_bytes(*hash).to_hex())
    }

    /// The present version of a table, by its name in SQL. A table that is not there yet counts as such.
    ///
    /// # Errors
    /// The table's log cannot be read, or the name has no layer.
    pub fn table(self, lake: &Lake, name: &str) -> Result<Self, LakeError> {
        let version = lake.version(name)?.map_or_else(|| "none".to_owned(), |v| v.to_string());
        Ok(self.part("table", name).part("version", &version))
    }

    pub fn finish(self) -> Fingerprint {
        Fingerprint(*self.0.finalize().as_bytes())
    }

    /// Lengths first, so that no two sequences of parts give the same bytes.
    fn part(mut self, kind: &str, text: &str) -> Self {
        for part in [kind, text] {
            self.0.update(&(part.len() as u64).to_le_bytes());
            self.0.update(part.as_bytes());
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_into_each_other() {
        let a = Fingerprint::of("identity 1").config("ab").config("c").finish();
        let b = Fingerprint::of("identity 1").config("a").config("bc").finish();
        assert_ne!(a, b);
        assert_ne!(a, Fingerprint::of("identity 2").config("ab").config("c").finish());
        assert_eq!(a.to_string().parse::<Fingerprint>().expect("a hash"), a);
    }
}
