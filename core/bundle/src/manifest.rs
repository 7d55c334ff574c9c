//! The manifest: what a bundle is, and the hashes of its sections.

use alloc::string::String;
use alloc::vec::Vec;

use kenal_core::limits::{MARKETS_MAX, SECTION_BYTES_MAX};
use kenal_core::{Kind, MarketIdx};

use crate::error::{BundleError, ManifestFault};
use crate::hash::Hash;
use crate::msgpack::{Reader, whole};
use crate::text_map::TextMap;

/// What a bundle is. Times are in seconds since 1970.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "write", derive(serde::Serialize))]
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
    pub watermarks: TextMap<u64>,
    /// The model card.
    pub card: TextMap<CardValue>,
    /// The sections, ascending by kind.
    pub sections: Vec<SectionEntry>,
}

/// A market of the bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "write", derive(serde::Serialize))]
pub struct MarketEntry {
    /// ISO 3166 code.
    pub code: String,
    /// ISO 4217 code of its prices.
    pub currency: String,
}

/// A line of the model card.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "write", derive(serde::Serialize), serde(untagged))]
pub enum CardValue {
    /// A figure.
    Number(f64),
    /// Words.
    Text(String),
}

/// A section of the bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "write", derive(serde::Serialize))]
pub struct SectionEntry {
    /// Of what kind it is.
    #[cfg_attr(feature = "write", serde(serialize_with = "kind_name"))]
    pub kind: Kind,
    /// BLAKE3 of its bytes, and its name in the store.
    pub hash: Hash,
    /// Its size.
    pub bytes: u32,
}

#[cfg(feature = "write")]
fn kind_name<S: serde::Serializer>(kind: &Kind, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(kind.name())
}

/// The sections without which no page can be answered.
const REQUIRED: [Kind; 3] = [Kind::Items, Kind::Trending, Kind::Revocations];

impl Manifest {
    /// The manifest in a payload whose signature was checked.
    pub(crate) fn decode(payload: &[u8]) -> Result<Manifest, ManifestFault> {
        let manifest = whole(payload, read)?;
        manifest.check_fields()?;
        Ok(manifest)
    }

    #[cfg(feature = "write")]
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

/// The fields in the order of the struct, in which the writer writes them.
fn read(r: &mut Reader<'_>) -> Option<Manifest> {
    r.fields(11)?;
    // Filled in one after the other: in one expression, each field that fails has its own way of dropping those before it.
    let mut manifest = Manifest {
        version: 0,
        created_at: 0,
        expires_at: 0,
        as_of: 0,
        previous: None,
        consent_root: Hash::default(),
        salt: Hash::default(),
        markets: Vec::new(),
        watermarks: TextMap::new(),
        card: TextMap::new(),
        sections: Vec::new(),
    };
    let m = &mut manifest;
    m.version = r.name("version")?.number()?;
    m.created_at = r.name("created_at")?.number()?;
    m.expires_at = r.name("expires_at")?.number()?;
    m.as_of = r.name("as_of")?.number()?;
    m.previous = r.name("previous")?.optional(Reader::hash)?;
    m.consent_root = r.name("consent_root")?.hash()?;
    m.salt = r.name("salt")?.hash()?;
    m.markets = r.name("markets")?.list(read_market)?;
    m.watermarks = r.name("watermarks")?.texts_to(Reader::number)?;
    m.card = r.name("card")?.texts_to(read_card_value)?;
    m.sections = r.name("sections")?.list(read_section)?;
    Some(manifest)
}

fn read_market(r: &mut Reader<'_>) -> Option<MarketEntry> {
    r.fields(2)?;
    Some(MarketEntry { code: r.name("code")?.text()?.into(), currency: r.name("currency")?.text()?.into() })
}

fn read_card_value(r: &mut Reader<'_>) -> Option<CardValue> {
    match r.float() {
        Some(number) => Some(CardValue::Number(number)),
        None => Some(CardValue::Text(r.text()?.into())),
    }
}

fn read_section(r: &mut Reader<'_>) -> Option<SectionEntry> {
    r.fields(3)?;
    Some(SectionEntry {
        kind: Kind::from_name(r.name("kind")?.text()?)?,
        hash: r.name("hash")?.hash()?,
        bytes: r.name("bytes")?.number()?.try_into().ok()?,
    })
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
            watermarks: TextMap::from_iter([("app".into(), 5), ("shopify".into(), 6)]),
            card: TextMap::from_iter([("a".into(), CardValue::Number(1.0)), ("b".into(), CardValue::Text("x".into()))]),
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
        check(&longer, Err(ManifestFault::Payload));
        // Without field names: MessagePack of it, but the writer never writes it.
        check(&rmp_serde::to_vec(&sample()).expect("encodes"), Err(ManifestFault::Payload));
        // A twelfth field.
        let mut wider = good;
        assert_eq!(wider[0], 0x8b, "a map of eleven");
        wider[0] = 0x8c;
        wider.extend_from_slice(&[0xa1, b'z', 0xc0]);
        check(&wider, Err(ManifestFault::Payload));
    }

    /// Texts, maps, lists and numbers of every length that MessagePack spells in its own way.
    fn wide(size: usize) -> Manifest {
        let text = |n: usize| "x".repeat(n);
        Manifest {
            version: size as u64,
            created_at: 1 << (size % 40),
            expires_at: u64::MAX - size as u64,
            previous: size.is_multiple_of(2).then_some(Hash([size as u8; 32])),
            card: (0..size % 300)
                .map(|n| (alloc::format!("{n:05}"), CardValue::Text(text(n * size / 64))))
                .chain([("a float".into(), CardValue::Number(size as f64 / 3.0))])
                .collect(),
            ..sample()
        }
    }

    #[test]
    fn what_is_read_is_what_is_written() {
        for size in [0, 1, 15, 16, 17, 31, 32, 33, 127, 128, 255, 256, 257, 65_535, 65_536, 70_000, 1 << 33] {
            let manifest = wide(size % 100_000);
            let mut manifest = Manifest { version: size as u64, ..manifest };
            manifest.as_of = 5;
            let bytes = manifest.encode().expect("encodes");
            assert_eq!(Manifest::decode(&bytes), Ok(manifest), "{size}");
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]

        /// Whatever is read is written as it was: one manifest has one encoding.
        #[test]
        fn nothing_else_is_read(size in 0usize..400, at in 0usize..4_000, to: u8, cut in 0usize..3) {
            let mut bytes = wide(size).encode().expect("encodes");
            let at = at % bytes.len();
            bytes[at] = to;
            bytes.truncate(bytes.len() - cut);
            if let Ok(manifest) = whole(&bytes, read) {
                proptest::prop_assert_eq!(manifest.encode().expect("encodes"), bytes);
            }
        }
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
