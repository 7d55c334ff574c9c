//! The manifest: what a bundle is, and the hashes of its sections.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use kenal_core::limits::{MARKETS_MAX, SECTION_BYTES_MAX};
use kenal_core::{Kind, MarketIdx};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::error::{BundleError, ManifestFault};
use crate::hash::Hash;

/// What a bundle is. Times are in seconds since 1970.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Manifest {
    /// Grows with every publication.
    pub version: u64,
    /// When it was built.
    pub created_at: u64,
    /// From when on nothing is personalised.
    pub expires_at: u64,
    /// The least of the watermarks.
    pub as_of: u64,
    /// Hash of the manifest file before this one.
    pub previous: Option<Hash>,
    /// Root of the consent snapshot that the bundle was built under.
    pub consent_root: Hash,
    /// Turns a visitor id into a visitor key.
    pub salt: Hash,
    /// The markets; the position is the index.
    pub markets: Vec<MarketEntry>,
    /// How far each source is known complete.
    pub watermarks: BTreeMap<String, u64>,
    /// The model card.
    pub card: BTreeMap<String, CardValue>,
    /// The sections, ascending by kind.
    pub sections: Vec<SectionEntry>,
}

/// A market of the bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarketEntry {
    /// ISO 3166 code.
    pub code: String,
    /// ISO 4217 code of its prices.
    pub currency: String,
}

/// A line of the model card.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CardValue {
    /// A figure.
    Number(f64),
    /// Words.
    Text(String),
}

/// A section of the bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SectionEntry {
    /// Of what kind it is.
    #[serde(serialize_with = "kind_name", deserialize_with = "kind_of_name")]
    pub kind: Kind,
    /// BLAKE3 of its bytes, and its name in the store.
    pub hash: Hash,
    /// Its size.
    pub bytes: u32,
}

fn kind_name<S: Serializer>(kind: &Kind, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(kind.name())
}

fn kind_of_name<'de, D: Deserializer<'de>>(d: D) -> Result<Kind, D::Error> {
    let name = String::deserialize(d)?;
    Kind::from_name(&name).ok_or_else(|| de::Error::custom("unknown kind of section"))
}

/// The sections without which no page can be answered.
const REQUIRED: [Kind; 3] = [Kind::Items, Kind::Trending, Kind::Revocations];

impl Manifest {
    /// The manifest in a payload whose signature was checked.
    pub(crate) fn decode(payload: &[u8]) -> Result<Manifest, ManifestFault> {
        let manifest: Manifest = rmp_serde::from_slice(payload).map_err(|_| ManifestFault::Payload)?;
        if manifest.encode()? != payload {
            return Err(ManifestFault::NotCanonical);
        }
        manifest.check_fields()?;
        Ok(manifest)
    }

    pub(crate) fn encode(&self) -> Result<Vec<u8>, ManifestFault> {
        rmp_serde::to_vec_named(self).map_err(|_| ManifestFault::Payload)
    }

    fn check_fields(&self) -> Result<(), ManifestFault> {
        if self.created_at >= self.expires_at {
            return Err(ManifestFault::Times);
        }
        if self.watermarks.values().min() != Some(&self.as_of) {
            return Err(ManifestFault::AsOf);
        }
        let distinct = self.markets.iter().enumerate().all(|(i, m)| self.market_at(&m.code) == Some(i));
        if self.markets.is_empty() || self.markets.len() > MARKETS_MAX || !distinct {
            return Err(ManifestFault::Markets);
        }
        if self.card.values().any(|v| matches!(v, CardValue::Number(x) if !x.is_finite())) {
            return Err(ManifestFault::Card);
        }
        let mut last: Option<Kind> = None;
        for entry in &self.sections {
            let listed_elsewhere = entry.kind == Kind::UserShard;
            if last >= Some(entry.kind) || listed_elsewhere || entry.bytes as usize > SECTION_BYTES_MAX {
                return Err(ManifestFault::Sections(entry.kind));
            }
            last = Some(entry.kind);
        }
        match REQUIRED.into_iter().find(|kind| self.section(*kind).is_none()) {
            Some(missing) => Err(ManifestFault::Sections(missing)),
            None => Ok(()),
        }
    }

    /// The section of this kind, if the bundle has one.
    pub fn section(&self, kind: Kind) -> Option<&SectionEntry> {
        self.sections.iter().find(|s| s.kind == kind)
    }

    /// `bytes`, once it is certain that they are the section of this kind.
    ///
    /// # Errors
    /// [`BundleError::NoSection`] or [`BundleError::Hash`]. Cost: BLAKE3 over the bytes.
    pub fn check<'a>(&self, kind: Kind, bytes: &'a [u8]) -> Result<&'a [u8], BundleError> {
        self.section(kind).ok_or(BundleError::NoSection(kind))?.check(bytes)
    }

    /// The index of the market with this code.
    pub fn market(&self, code: &str) -> Option<MarketIdx> {
        MarketIdx::new(self.market_at(code)?).ok()
    }

    fn market_at(&self, code: &str) -> Option<usize> {
        self.markets.iter().position(|m| m.code == code)
    }
}

impl SectionEntry {
    /// `bytes`, once it is certain that they are this section.
    ///
    /// # Errors
    /// [`BundleError::Hash`].
    pub fn check<'a>(&self, bytes: &'a [u8]) -> Result<&'a [u8], BundleError> {
        check_hash(self.kind, self.hash, bytes)
    }
}

pub(crate) fn check_hash(section: Kind, expected: Hash, bytes: &[u8]) -> Result<&[u8], BundleError> {
    let found = Hash::of(bytes);
    if found == expected { Ok(bytes) } else { Err(BundleError::Hash { section, expected, found }) }
}
