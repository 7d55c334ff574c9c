//! Publishing: typed input in, the files of a bundle out. It writes no file itself and reads no clock.
//!
//! Its sibling is [`crate::trust`]: every bundle is verified and parsed as a reader would before it is returned.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use ed25519_dalek::{Signer as _, SigningKey};
use kenal_core::format::write::{
    BlendInput, CatalogueInput, CatalogueItem, ChurnInput, ItemInput, ItemsInput, ShardInput, Tiers, TrendingInput,
    TrendingList, UserRowInput, WriteError, write_blend, write_catalogue, write_churn, write_items, write_revocations,
    write_row, write_shard, write_trending, write_users,
};
use kenal_core::limits::SHARD_BITS_MAX;
use kenal_core::{Bundle, ItemIdx, Items, Kind, Model, Sections, Weights};

use crate::envelope;
use crate::error::{BundleError, ManifestFault};
use crate::hash::Hash;
use crate::manifest::{CardValue, Manifest, MarketEntry, SectionEntry};
use crate::seal::RowSeal;
use crate::trust::{PublicKey, Trust, verify};
use crate::update::{RevocationUpdate, verify_revocations};
use crate::visitor::VisitorKey;
use crate::{MANIFEST_NAME, SIGNER_NAME};

/// A file of a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name below the bundle's folder, with `/` between folders.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl File {
    fn section(bytes: Vec<u8>) -> (Hash, File) {
        let hash = Hash::of(&bytes);
        (hash, File { name: hash.section_name(), bytes })
    }
}

/// The secret key that bundles are signed with.
pub struct Signer(SigningKey);

impl Signer {
    /// The key made from 32 secret, random bytes.
    pub fn from_seed(seed: &[u8; 32]) -> Signer {
        Signer(SigningKey::from_bytes(seed))
    }

    /// The public key, which goes to the edge.
    ///
    /// # Errors
    /// [`BundleError::Key`], which no seed is known to cause.
    pub fn public(&self) -> Result<PublicKey, BundleError> {
        PublicKey::from_bytes(self.0.verifying_key().as_bytes())
    }

    pub(crate) fn sign(&self, payload: &[u8], content: envelope::Content) -> Result<Vec<u8>, BundleError> {
        let mut out = envelope::unsigned(payload, content, self.public()?.id());
        out.extend_from_slice(&self.0.sign(&out).to_bytes());
        Ok(out)
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer(secret)")
    }
}

/// What the manifest says beside its sections. Times are in seconds since 1970.
#[derive(Debug, Clone, PartialEq)]
pub struct Release {
    /// Must be higher than that of every bundle published before.
    pub version: u64,
    /// When it is built.
    pub created_at: u64,
    /// From when on nothing is personalised.
    pub expires_at: u64,
    /// Hash of the manifest file it follows.
    pub previous: Option<Hash>,
    /// Root of the consent snapshot.
    pub consent_root: Hash,
    /// Salt of the visitor keys; keep it from bundle to bundle, or revocation updates stop matching.
    pub salt: Hash,
    /// The markets; the position is the index.
    pub markets: Vec<MarketEntry>,
    /// How far each source is known complete; `as_of` becomes the least.
    pub watermarks: BTreeMap<String, u64>,
    /// The model card.
    pub card: BTreeMap<String, CardValue>,
}

/// Why a bundle cannot be published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// A section cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The items come first: all other sections are written in terms of their order.
    #[error("add the items before the {} section", .0.name())]
    ItemsFirst(Kind),
    /// A section was added twice.
    #[error("the {} section was added twice", .0.name())]
    Twice(Kind),
    /// A shard that there is not, or a shard before [`Publisher::users`].
    #[error("there is no user shard {shard}")]
    NoShard {
        /// Its number.
        shard: u32,
    },
    /// The catalogue has not one entry per item.
    #[error("the catalogue has {found} entries for {expected} items")]
    Catalogue {
        /// Entries there are.
        found: usize,
        /// Items there are.
        expected: usize,
    },
    /// The finished bundle would be refused by a reader.
    #[error("the finished bundle would be refused: {0}")]
    Refused(#[from] BundleError),
}

/// Collects the sections of one bundle.
///
/// Order of use: [`Publisher::new`], perhaps [`Publisher::following`], [`Publisher::items`], the other sections in any order, [`Publisher::finish`].
/// Nothing depends on the order of the input: the same content gives the same bytes.
#[derive(Debug)]
pub struct Publisher<'a> {
    release: Release,
    previous: Option<Items<'a>>,
    sections: BTreeMap<Kind, (Hash, File)>,
    index: Vec<ItemIdx>,
    categories: usize,
    shard_bits: Option<u32>,
    shards: BTreeMap<u32, Hash>,
    users: u32,
}

impl<'a> Publisher<'a> {
    /// A bundle without sections.
    pub const fn new(release: Release) -> Publisher<'a> {
        Publisher {
            release,
            previous: None,
            sections: BTreeMap::new(),
            index: Vec::new(),
            categories: 0,
            shard_bits: None,
            shards: BTreeMap::new(),
            users: 0,
        }
    }

    /// The items section of the bundle before: items keep their order as far as that costs no speed, so that a reader
    /// of that bundle has little to fetch. Before [`Publisher::items`].
    #[must_use]
    pub const fn following(mut self, previous: Option<Items<'a>>) -> Publisher<'a> {
        self.previous = previous;
        self
    }

    /// Adds the items, and returns for each input item its index in the bundle.
    ///
    /// # Errors
    /// [`PublishError::Write`] or [`PublishError::Twice`].
    pub fn items(
        &mut self,
        model: Model,
        dims: usize,
        categories: &[String],
        items: &[ItemInput],
    ) -> Result<&[ItemIdx], PublishError> {
        let (markets, previous) = (self.release.markets.len(), self.previous.as_ref());
        let written = write_items(&ItemsInput {
            model,
            dims,
            markets,
            categories,
            items,
            tiers: Tiers::of(items.len()),
            previous,
        })?;
        self.add(Kind::Items, written.bytes)?;
        self.index = written.index;
        self.categories = categories.len();
        Ok(&self.index)
    }

    /// Adds the trending lists.
    ///
    /// # Errors
    /// [`PublishError::Write`], [`PublishError::ItemsFirst`] or [`PublishError::Twice`].
    pub fn trending(&mut self, lists: &[TrendingList]) -> Result<(), PublishError> {
        let items = self.items_count(Kind::Trending)?;
        self.add(Kind::Trending, write_trending(&TrendingInput { items, lists })?)
    }

    /// Adds the churn model.
    ///
    /// # Errors
    /// [`PublishError::Write`] or [`PublishError::Twice`].
    pub fn churn(&mut self, churn: &ChurnInput<'_>) -> Result<(), PublishError> {
        self.add(Kind::Churn, write_churn(churn)?)
    }

    /// Adds who has withdrawn; a bundle without this call has an empty filter.
    ///
    /// # Errors
    /// [`PublishError::Write`] or [`PublishError::Twice`].
    pub fn revocations(&mut self, keys: &[VisitorKey]) -> Result<(), PublishError> {
        let keys: Vec<u64> = keys.iter().map(VisitorKey::revocation_key).collect();
        self.add(Kind::Revocations, write_revocations(&keys)?)
    }

    /// Adds the catalogue; `entries` are in the order in which the items were given to [`Publisher::items`].
    ///
    /// # Errors
    /// [`PublishError::Catalogue`], [`PublishError::Write`], [`PublishError::ItemsFirst`] or [`PublishError::Twice`].
    pub fn catalogue(&mut self, entries: &[CatalogueItem]) -> Result<(), PublishError> {
        let expected = self.items_count(Kind::Catalogue)?;
        if entries.len() != expected {
            return Err(PublishError::Catalogue { found: entries.len(), expected });
        }
        let mut ordered: Vec<(&ItemIdx, &CatalogueItem)> = self.index.iter().zip(entries).collect();
        ordered.sort_by_key(|(item, _)| **item);
        let items: Vec<CatalogueItem> = ordered.into_iter().map(|(_, entry)| entry.clone()).collect();
        let (markets, categories) = (self.release.markets.len(), self.categories);
        self.add(Kind::Catalogue, write_catalogue(&CatalogueInput { markets, categories, items: &items })?)
    }

    /// Adds what goes with what and how the parts of a score are weighed. `goes_with` has, in the order in which the items
    /// were given to [`Publisher::items`], of each item those it speaks for, by their place in that order, and how much.
    ///
    /// # Errors
    /// [`PublishError::Write`], [`PublishError::ItemsFirst`] or [`PublishError::Twice`].
    pub fn blend(&mut self, weights: Weights, goes_with: &[Vec<(u32, f32)>]) -> Result<(), PublishError> {
        let items = self.items_count(Kind::Blend)?;
        if goes_with.len() != items {
            let (what, found, max) = ("lists", goes_with.len(), items);
            return Err(WriteError::Limit { section: Kind::Blend, what, found, max }.into());
        }
        let mut lists = alloc::vec![Vec::new(); items];
        for (entry, (item, list)) in self.index.iter().zip(goes_with).enumerate() {
            let place = |&(other, weight): &(u32, f32)| Some((*self.index.get(other as usize)?, weight));
            let moved: Option<Vec<(ItemIdx, f32)>> = list.iter().map(place).collect();
            let moved = moved.ok_or(WriteError::Value { section: Kind::Blend, entry })?;
            if let Some(slot) = lists.get_mut(item.get() as usize) {
                *slot = moved;
            }
        }
        self.add(Kind::Blend, write_blend(&BlendInput { weights, goes_with: &lists })?)
    }

    /// Announces users, spread over 2^`shard_bits` shards ([`shard_bits_for`]). Then come [`Publisher::shard`]s.
    ///
    /// # Errors
    /// [`PublishError::Write`] when there are too many bits, or [`PublishError::Twice`].
    pub fn users(&mut self, shard_bits: u32) -> Result<(), PublishError> {
        if shard_bits > SHARD_BITS_MAX {
            let (what, found, max) = ("shard bits", shard_bits as usize, SHARD_BITS_MAX as usize);
            return Err(WriteError::Limit { section: Kind::Users, what, found, max }.into());
        }
        if self.shard_bits.replace(shard_bits).is_some() {
            return Err(PublishError::Twice(Kind::Users));
        }
        Ok(())
    }

    /// Writes one shard, each row under its visitor's seal, and returns its file, so that not all shards need be in memory; each at most once, in any
    /// order. A shard that is never written is empty.
    ///
    /// # Errors
    /// [`PublishError::NoShard`], [`PublishError::Twice`], [`PublishError::ItemsFirst`] or [`PublishError::Write`].
    pub fn shard(&mut self, shard: u32, rows: &[(RowSeal, &UserRowInput)]) -> Result<File, PublishError> {
        let items = self.items_count(Kind::UserShard)?;
        let shard_bits = self.shard_bits.filter(|bits| shard >> bits == 0).ok_or(PublishError::NoShard { shard })?;
        let rows: Vec<([u8; 16], Vec<u8>)> = rows
            .iter()
            .map(|(seal, row)| Ok((*seal.visitor_key().as_bytes(), seal.seal(&write_row(row, items)?)?)))
            .collect::<Result<_, PublishError>>()?;
        let (hash, file) = File::section(write_shard(&ShardInput { shard, shard_bits, rows: &rows })?);
        if self.shards.insert(shard, hash).is_some() {
            return Err(PublishError::Twice(Kind::UserShard));
        }
        self.users = self.users.saturating_add(rows.len() as u32);
        Ok(file)
    }

    /// Signs the bundle. Returns its files but for the shards already returned: sections, `signer.pub`, and last the
    /// manifest, so that whoever writes them in this order publishes at the last moment.
    ///
    /// # Errors
    /// [`PublishError::Refused`] when a reader would refuse the bundle, for instance because a section is missing.
    pub fn finish(mut self, signer: &Signer) -> Result<Vec<File>, PublishError> {
        let mut files = self.close_users()?;
        if !self.sections.contains_key(&Kind::Revocations) {
            self.revocations(&[])?;
        }
        let entries = self.sections.iter().map(|(kind, (hash, file))| SectionEntry {
            kind: *kind,
            hash: *hash,
            // A section is at most SECTION_BYTES_MAX.
            bytes: file.bytes.len() as u32,
        });
        let sections: Vec<SectionEntry> = entries.collect();
        let r = self.release;
        let manifest = Manifest {
            version: r.version,
            created_at: r.created_at,
            expires_at: r.expires_at,
            as_of: r.watermarks.values().min().copied().unwrap_or_default(),
            previous: r.previous,
            consent_root: r.consent_root,
            salt: r.salt,
            markets: r.markets,
            watermarks: r.watermarks.into(),
            card: r.card.into(),
            sections,
        };
        let payload = manifest.encode().map_err(BundleError::Manifest)?;
        let bytes = signer.sign(&payload, envelope::MANIFEST)?;
        files.extend(self.sections.into_values().map(|(_, file)| file));
        let key = signer.public()?;
        read_back(&bytes, &key, &files)?;
        files.sort_by(|a, b| a.name.cmp(&b.name));
        // Two sections with the same bytes are one file.
        files.dedup();
        files.push(File { name: SIGNER_NAME.into(), bytes: alloc::format!("{key}\n").into_bytes() });
        files.push(File { name: MANIFEST_NAME.into(), bytes });
        Ok(files)
    }

    /// Writes the users section, and the shards that nobody wrote.
    fn close_users(&mut self) -> Result<Vec<File>, PublishError> {
        let Some(shard_bits) = self.shard_bits else { return Ok(Vec::new()) };
        let items = self.items_count(Kind::Users)?;
        let mut files = Vec::new();
        for shard in 0..1 << shard_bits {
            if !self.shards.contains_key(&shard) {
                files.push(self.shard(shard, &[])?);
            }
        }
        let hashes: Vec<[u8; 32]> = self.shards.values().map(|hash| hash.0).collect();
        self.add(Kind::Users, write_users(items, self.users, shard_bits, &hashes)?)?;
        Ok(files)
    }

    fn items_count(&self, kind: Kind) -> Result<usize, PublishError> {
        if self.sections.contains_key(&Kind::Items) {
            Ok(self.index.len())
        } else {
            Err(PublishError::ItemsFirst(kind))
        }
    }

    fn add(&mut self, kind: Kind, bytes: Vec<u8>) -> Result<(), PublishError> {
        match self.sections.insert(kind, File::section(bytes)) {
            None => Ok(()),
            Some(_) => Err(PublishError::Twice(kind)),
        }
    }
}

/// Reads a finished bundle as a host would.
fn read_back(manifest: &[u8], key: &PublicKey, files: &[File]) -> Result<(), BundleError> {
    let manifest = verify(manifest, &Trust::new(*key))?;
    let section = |kind| {
        let entry = manifest.section(kind).ok_or(BundleError::NoSection(kind))?;
        let name = entry.hash.section_name();
        let file = files.iter().find(|f| f.name == name).ok_or(BundleError::NoSection(kind))?;
        entry.check(&file.bytes)
    };
    let optional = |kind| manifest.section(kind).map(|_| section(kind)).transpose();
    Bundle::parse(&Sections {
        items: section(Kind::Items)?,
        trending: section(Kind::Trending)?,
        revocations: section(Kind::Revocations)?,
        users: optional(Kind::Users)?,
        churn: optional(Kind::Churn)?,
        catalogue: optional(Kind::Catalogue)?,
        blend: optional(Kind::Blend)?,
    })?;
    Ok(())
}
/// Bits so that a shard holds about 512 users: the index of 4.1 million people then takes 256 KiB, and a shard no more.
pub const fn shard_bits_for(users: u64) -> u32 {
    let mut bits = 0;
    while bits < SHARD_BITS_MAX && users >> bits > 512 {
        bits += 1;
    }
    bits
}

/// Writes a revocation update for the bundle of `manifest`: everyone who has withdrawn since it was built.
///
/// # Errors
/// When it would be refused: it was issued before the bundle, or the filter cannot be built.
pub fn write_revocation_update(
    signer: &Signer,
    manifest: &Manifest,
    issued_at: u64,
    keys: &[VisitorKey],
) -> Result<Vec<u8>, PublishError> {
    let keys: Vec<u64> = keys.iter().map(VisitorKey::revocation_key).collect();
    let update = RevocationUpdate { issued_at, salt: manifest.salt, section: write_revocations(&keys)? };
    let payload = update.encode().map_err(|fault: ManifestFault| BundleError::Manifest(fault))?;
    let bytes = signer.sign(&payload, envelope::REVOCATIONS)?;
    verify_revocations(&bytes, &Trust::new(signer.public()?), manifest)?;
    Ok(bytes)
}

/// Issues an older bundle again under a higher version, with `revoked` as its withdrawals: the way back to an older model,
/// since a version never goes back. Its times stay, so that consent is not proved for longer than it was. Returns the
/// revocations section and the manifest, to be written in this order.
///
/// # Errors
/// When it would be refused.
pub fn reissue(
    older: &Manifest,
    version: u64,
    previous: Hash,
    revoked: &[VisitorKey],
    signer: &Signer,
) -> Result<[File; 2], PublishError> {
    let keys: Vec<u64> = revoked.iter().map(VisitorKey::revocation_key).collect();
    let (hash, section) = File::section(write_revocations(&keys)?);
    let mut manifest = Manifest { version, previous: Some(previous), ..older.clone() };
    for entry in manifest.sections.iter_mut().filter(|entry| entry.kind == Kind::Revocations) {
        *entry = SectionEntry { kind: Kind::Revocations, hash, bytes: section.bytes.len() as u32 };
    }
    let bytes = signer.sign(&manifest.encode().map_err(BundleError::Manifest)?, envelope::MANIFEST)?;
    verify(&bytes, &Trust::new(signer.public()?))?;
    Ok([section, File { name: MANIFEST_NAME.into(), bytes }])
}
