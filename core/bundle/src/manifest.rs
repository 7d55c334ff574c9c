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

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Manifest {
        let entry = |kind| SectionEntry { kind, hash: Hash::default(), bytes: 32 };
        Manifest {
            version: 1,
            created_at: 10,
            expires_at: 20,
            as_of: 5,
            previous: None,
            consent_root: Hash::default(),
            salt: Hash::default(),
            markets: alloc::vec![MarketEntry { code: "SG".into(), currency: "SGD".into() }],
            watermarks: BTreeMap::from([("app".into(), 5), ("shopify".into(), 6)]),
            card: BTreeMap::from([("a".into(), CardValue::Number(1.0)), ("b".into(), CardValue::Text("x".into()))]),
            sections: REQUIRED.map(entry).to_vec(),
        }
    }

    fn check(payload: &[u8], expected: Result<(), ManifestFault>) {
        assert_eq!(Manifest::decode(payload).map(drop), expected);
    }

    #[test]
    fn one_manifest_has_one_encoding() {
        let good = sample().encode().expect("encodes");
        check(&good, Ok(()));
        check(&[], Err(ManifestFault::Payload));
        check(&good[..good.len() - 1], Err(ManifestFault::Payload));
        let mut longer = good.clone();
        longer.push(0xc0);
        check(&longer, Err(ManifestFault::NotCanonical));
        // Without field names: rmp-serde reads it, but the writer never writes it.
        check(&rmp_serde::to_vec(&sample()).expect("encodes"), Err(ManifestFault::NotCanonical));
        // A twelfth field.
        let mut wider = good;
        assert_eq!(wider[0], 0x8b, "a map of eleven");
        wider[0] = 0x8c;
        wider.extend_from_slice(&[0xa1, b'z', 0xc0]);
        check(&wider, Err(ManifestFault::Payload));
    }

    #[test]
    fn what_no_writer_means() {
        type Change = fn(&mut Manifest);
        let cases: [(Change, ManifestFault); 12] = [
            (|m| m.expires_at = 10, ManifestFault::Times),
            (|m| m.as_of = 6, ManifestFault::AsOf),
            (|m| m.as_of = 4, ManifestFault::AsOf),
            (|m| m.watermarks.clear(), ManifestFault::AsOf),
            (|m| m.markets.clear(), ManifestFault::Markets),
            (|m| m.markets.push(m.markets[0].clone()), ManifestFault::Markets),
            (
                |m| {
                    m.markets =
                        (0..17).map(|i| MarketEntry { code: alloc::format!("{i}"), currency: "X".into() }).collect();
                },
                ManifestFault::Markets,
            ),
            (
                |m| {
                    m.card.insert("c".into(), CardValue::Number(f64::INFINITY));
                },
                ManifestFault::Card,
            ),
            (|m| m.sections.swap(0, 1), ManifestFault::Sections(Kind::Items)),
            (|m| m.sections.push(m.sections[2]), ManifestFault::Sections(Kind::Revocations)),
            (|m| m.sections[2].kind = Kind::UserShard, ManifestFault::Sections(Kind::UserShard)),
            (|m| m.sections[1].bytes = u32::MAX, ManifestFault::Sections(Kind::Trending)),
        ];
        for (change, expected) in cases {
            let mut manifest = sample();
            change(&mut manifest);
            check(&manifest.encode().expect("encodes"), Err(expected));
        }
        for missing in 0..3 {
            let mut manifest = sample();
            let kind = manifest.sections.remove(missing).kind;
            check(&manifest.encode().expect("encodes"), Err(ManifestFault::Sections(kind)));
        }
    }
}
