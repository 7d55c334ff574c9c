//! 32 bytes that name something: a BLAKE3 hash, a root, a salt.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

/// A BLAKE3 hash, written as 64 hexadecimal digits and stored as bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(transparent)]
pub struct Hash(pub [u8; 32]);

/// Not 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not 64 lower-case hexadecimal digits")]
pub struct NotHex;

impl Hash {
    /// The hash of `bytes`.
    pub fn of(bytes: &[u8]) -> Hash {
        Hash(*blake3::hash(bytes).as_bytes())
    }

    /// The name of the section with this hash, below the bundle's folder.
    pub fn section_name(&self) -> String {
        alloc::format!("sections/{self}")
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}

/// Two lower-case digits a byte.
pub(crate) fn hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).try_for_each(|digit| {
        let digit = usize::from(digit);
        f.write_str("0123456789abcdef".get(digit..=digit).unwrap_or_default())
    })
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Hash {
    type Err = NotHex;
    fn from_str(s: &str) -> Result<Hash, NotHex> {
        let (pairs, rest) = s.as_bytes().as_chunks::<2>();
        let mut out = [0; 32];
        if pairs.len() != out.len() || !rest.is_empty() {
            return Err(NotHex);
        }
        for (byte, [high, low]) in out.iter_mut().zip(pairs) {
            *byte = digit(*high).ok_or(NotHex)? << 4 | digit(*low).ok_or(NotHex)?;
        }
        Ok(Hash(out))
    }
}

const fn digit(c: u8) -> Option<u8> {
    match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'a'..=b'f' => Some(c - b'a' + 10),
        _ => None,
    }
}

#[cfg(feature = "write")]
impl serde::Serialize for Hash {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_bytes(&self.0)
    }
}
