//! An open bundle: the verified manifest, the sections that have arrived, and the answer to a request.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use kenal_bundle::{
    BundleError, Canary, Hash, Manifest, PublicKey, RevocationUpdate, RowSeal, Table, Trust, VisitorKey, apply_delta,
    check_shard, signer_of, verify, verify_canary, verify_keys, verify_revocations,
};
use kenal_core::{Bundle, Kind, Revocation, Scratch, UserShard, Users};

use crate::answer::{self, Ranked, Terms};
use crate::error::{EdgeError, RequestError};
use crate::instant::rfc3339;
use crate::lock::Shared;
use crate::request::{Request, seconds};
use crate::response::{BundleInfo, Echo, FallbackReason, Response};
use crate::sections::Loaded;

/// A section that requests need and that has not arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    pub kind: Kind,
    /// Names it in the store: [`Hash::section_name`].
    pub hash: Hash,
    pub bytes: u32,
    /// Without it there is nothing to show at all; without the others an answer only says less.
    pub required: bool,
}

/// The sections that requests read, and whether there is no answer without them. Churn is for the back office.
///
/// The items are the largest and come first, so that what is free again after them holds the rest.
const READ: [(Kind, bool); 6] = [
    (Kind::Items, true),
    (Kind::Blend, true),
    (Kind::Catalogue, false),
    (Kind::Users, false),
    (Kind::Trending, true),
    (Kind::Revocations, true),
];

/// One bundle, ready to answer as far as its sections have arrived.
///
/// Answering takes `&self` and may happen from several threads, one at a time: the scoring memory is shared.
/// Same bundle, request and row give the same response, to the bit, on every host.
#[derive(Debug)]
pub struct Edge {
    manifest: Manifest,
    signer: [u8; 32],
    info: BundleInfo,
    trust: Trust,
    loaded: Loaded,
    /// Behind a lock, so that withdrawals reach a bundle that is answering.
    update: Shared<Option<RevocationUpdate>>,
    opened_at_s: u64,
    scratch: Shared<Box<Scratch>>,
}

impl Edge {
    /// Opens a manifest that `trust_key`, an Ed25519 public key, must have signed. `now` is Unix time in seconds.
    ///
    /// An expired bundle opens: it still says what is trending, and every answer says that it expired
    /// ([`Edge::is_expired`]). A clock that is set back after the opening does not make it fresh again.
    ///
    /// # Errors
    /// [`EdgeError::Manifest`]. Cost: one signature.
    pub fn open(manifest_bytes: &[u8], trust_key: &[u8; 32], now: i64) -> Result<Self, EdgeError> {
        Edge::open_listed(manifest_bytes, None, trust_key, now)
    }

    /// As [`Edge::open`], signed by a key of `keys`, a list that `trust_key` must have signed.
    ///
    /// # Errors
    /// [`EdgeError::Keys`]: a list that is there and cannot be accepted is not passed over. Or as [`Edge::open`].
    pub fn open_listed(
        manifest_bytes: &[u8],
        keys: Option<&[u8]>,
        trust_key: &[u8; 32],
        now: i64,
    ) -> Result<Self, EdgeError> {
        let root = PublicKey::from_bytes(trust_key).map_err(EdgeError::Manifest)?;
        let trust = match keys {
            Some(keys) => verify_keys(keys, &Trust::new(root), seconds(now)).map_err(EdgeError::Keys)?,
            None => Trust::new(root),
        };
        let manifest = verify(manifest_bytes, &trust).map_err(EdgeError::Manifest)?;
        let signer = signer_of(manifest_bytes, &trust).unwrap_or(root).to_bytes();
        let mut id = Hash::of(manifest_bytes).to_string();
        id.truncate(16);
        let info = BundleInfo { version: manifest.version, id };
        let opened_at_s = seconds(now);
        let (loaded, update, scratch) = (Loaded::default(), Shared::default(), Shared::default());
        Ok(Edge { manifest, signer, info, trust, loaded, update, opened_at_s, scratch })
    }

    /// The sections still to fetch, in the order in which taking them in costs least.
    pub fn needs(&self) -> Vec<Need> {
        let missing = READ.into_iter().filter(|(kind, _)| !self.loaded.has(*kind));
        let need = |(kind, required)| {
            let entry = self.manifest.section(kind)?;
            Some(Need { kind, hash: entry.hash, bytes: entry.bytes, required })
        };
        missing.filter_map(need).collect()
    }

    /// Takes in a section, whichever of the manifest's it is. A section that requests do not read is checked and
    /// dropped.
    ///
    /// # Errors
    /// [`EdgeError::NotListed`] or [`EdgeError::Section`]; what had arrived before stays.
    pub fn add_section(&mut self, bytes: Vec<u8>) -> Result<(), EdgeError> {
        let hash = Hash::of(&bytes);
        let entry = self.manifest.sections.iter().find(|entry| entry.hash == hash);
        let kind = entry.ok_or(EdgeError::NotListed { hash })?.kind;
        self.load(kind, bytes)
    }

    /// The hash of the section that `before`, an older bundle, has in the place of the one with hash `new`; the same hash
    /// when it has not changed, `None` when there is none.
    pub fn hash_before(&self, before: &Edge, new: &Hash) -> Option<Hash> {
        let kind = self.manifest.sections.iter().find(|entry| entry.hash == *new)?.kind;
        before.manifest.section(kind).filter(|_| before.loaded.has(kind)).map(|entry| entry.hash)
    }

    /// Takes in the section with hash `new`, made of what `before` has in its place and a delta; without a delta it has not
    /// changed.
    ///
    /// # Errors
    /// [`EdgeError::NotListed`] or [`EdgeError::Section`]: then fetch the section whole.
    pub fn add_changed(&mut self, before: &Edge, new: &Hash, delta: Option<&[u8]>) -> Result<(), EdgeError> {
        let listed = self.manifest.sections.iter().find(|entry| entry.hash == *new);
        let kind = listed.ok_or(EdgeError::NotListed { hash: *new })?.kind;
        let old = before.loaded.bytes().find(|(k, _)| *k == kind).map_or(&[][..], |(_, bytes)| bytes);
        let bytes = match delta {
            Some(delta) => apply_delta(old, delta, new).map_err(EdgeError::Section)?,
            None => old.to_vec(),
        };
        self.add_section_of(kind, bytes)
    }

    /// Takes in the section of a kind. Unlike [`Edge::add_section`] it can say which one was changed on the way.
    ///
    /// # Errors
    /// [`EdgeError::Section`]; what had arrived before stays.
    pub fn add_section_of(&mut self, kind: Kind, bytes: Vec<u8>) -> Result<(), EdgeError> {
        self.manifest.check(kind, &bytes).map_err(EdgeError::Section)?;
        self.load(kind, bytes)
    }

    /// Takes the sections of this bundle from the program's own table, before any other has arrived. Those of another
    /// version are not found there and stay among [`Edge::needs`].
    ///
    /// The table is as much to be believed as the program around it, which would do the checking: its sections were
    /// verified when they were put there and are not hashed again, so this costs nothing, however many items there are.
    /// What does not open is left to be fetched.
    pub fn add_carried(&mut self, table: Table<'static>) {
        let listed = READ.into_iter().filter_map(|(kind, _)| self.manifest.section(kind));
        let found = listed.filter_map(|entry| Some((entry.kind, table.get(&entry.hash)?)));
        self.loaded = Loaded::carried(found).unwrap_or_default();
    }

    fn load(&mut self, kind: Kind, bytes: Vec<u8>) -> Result<(), EdgeError> {
        self.loaded.put(kind, bytes).map_err(|error| EdgeError::Section(BundleError::Section(error)))
    }

    /// Takes in a signed revocation update, also while requests are answered. The newest counts; an older one changes
    /// nothing.
    ///
    /// # Errors
    /// [`EdgeError::Revocations`].
    pub fn add_revocations(&self, update: &[u8]) -> Result<(), EdgeError> {
        let update = verify_revocations(update, &self.trust, &self.manifest).map_err(EdgeError::Revocations)?;
        self.update.with(|known| {
            if known.as_ref().is_none_or(|known| known.issued_at < update.issued_at) {
                *known = Some(update);
            }
        });
        Ok(())
    }

    /// The canary in `bytes`, if a key signed it that may sign bundles here: who gets a newer bundle first.
    ///
    /// # Errors
    /// [`EdgeError::Manifest`].
    pub fn canary(&self, bytes: &[u8]) -> Result<Canary, EdgeError> {
        verify_canary(bytes, &self.trust).map_err(EdgeError::Manifest)
    }

    /// What the bundle is.
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The key that signed the manifest: the trusted one, or one of its list.
    pub const fn signer(&self) -> &[u8; 32] {
        &self.signer
    }

    /// When the revocation update was issued that counts, seconds since 1970; `None` when none was taken in.
    pub fn revocations_issued_at(&self) -> Option<u64> {
        self.update.with(|update| update.as_ref().map(|update| update.issued_at))
    }

    /// Version and short id, as in every answer.
    pub const fn info(&self) -> &BundleInfo {
        &self.info
    }

    /// The least watermark, RFC 3339, as in every answer.
    pub fn as_of(&self) -> String {
        rfc3339(self.manifest.as_of)
    }

    /// From the expiry on, nobody is personalised.
    pub fn is_expired(&self, now: i64) -> bool {
        seconds(now).max(self.opened_at_s) >= self.manifest.expires_at
    }

    /// The sections, parsed; `None` while items, trending, revocations or the blend have not arrived.
    pub fn bundle(&self) -> Option<&Bundle<'_>> {
        // Without its blend a bundle would rank otherwise than on a host that has it already.
        let complete = self.manifest.section(Kind::Blend).is_none() || self.loaded.has(Kind::Blend);
        self.loaded.bundle().filter(|_| complete)
    }

    /// How many items can be recommended; `None` while the items have not arrived.
    pub fn items(&self) -> Option<usize> {
        self.bundle().map(|bundle| bundle.items.len())
    }

    /// The bytes of the sections that have arrived.
    pub fn section_bytes(&self) -> impl Iterator<Item = &[u8]> {
        self.loaded.bytes().map(|(_, bytes)| bytes)
    }

    /// The key under which hosts keep what they must keep of a visitor. It says nothing about the id.
    pub fn visitor_key(&self, visitor: &str) -> VisitorKey {
        VisitorKey::new(&self.manifest.salt, visitor)
    }

    /// Whether this visitor withdrew since the build. Fails closed: `true` while the filter has not arrived.
    pub fn is_revoked(&self, visitor: &str) -> bool {
        !matches!(self.revocation(visitor), Revocation::Clear)
    }

    /// The shard in which a visitor's row would be; `None` when the bundle has no users, or they have not arrived.
    pub fn shard_for(&self, visitor: &str) -> Option<Hash> {
        let (_, hash) = self.users()?.shard(self.visitor_key(visitor).as_bytes());
        Some(Hash(*hash))
    }

    /// Checks that `shard` is, byte for byte, the shard in which the visitor's row would be.
    ///
    /// # Errors
    /// [`EdgeError::Shard`]. Cost: BLAKE3 over the shard.
    pub fn verify_shard(&self, shard: &[u8], visitor: &str) -> Result<(), EdgeError> {
        let none = EdgeError::Shard(BundleError::NoSection(Kind::Users));
        let users = self.users().ok_or(none)?;
        let (number, _) = users.shard(self.visitor_key(visitor).as_bytes());
        check_shard(users, number, shard).map(|_| ()).map_err(EdgeError::Shard)
    }

    /// The visitor's row in a shard that [`Edge::verify_shard`] accepted, opened; `None` when they have none.
    ///
    /// # Errors
    /// [`EdgeError::Shard`] when the bytes are no shard, or the row is not sealed for this visitor. Cost: one look at each
    /// row's offset, and opening one row.
    pub fn row_from_shard(&self, shard: &[u8], visitor: &str) -> Result<Option<Vec<u8>>, EdgeError> {
        let shard = UserShard::parse(shard).map_err(|error| EdgeError::Shard(BundleError::Section(error)))?;
        let seal = RowSeal::new(&self.manifest.salt, visitor);
        let Some(row) = shard.row(seal.visitor_key().as_bytes()) else { return Ok(None) };
        if !shard.is_sealed() {
            return Ok(Some(row.to_vec()));
        }
        seal.open(row).map(Some).map_err(EdgeError::Shard)
    }

    /// Checks a request against its limits and this bundle, without answering it.
    ///
    /// # Errors
    /// What [`Edge::recommend`] would say.
    pub fn check(&self, request: &Request) -> Result<(), RequestError> {
        request.check()?;
        answer::market(&self.manifest, &request.market)?;
        match self.bundle() {
            Some(bundle) => answer::category(bundle, request).map(|_| ()),
            None => Ok(()),
        }
    }

    /// Answers a request. `row` is the visitor's, `None` when they have none; a row that does not parse makes the answer
    /// the trending list, as does anything else that is missing or not permitted.
    ///
    /// # Errors
    /// [`RequestError`]: only what the caller did wrong, such as a market the bundle does not have.
    pub fn recommend(&self, request: &Request, row: Option<&[u8]>) -> Result<Response, RequestError> {
        request.check()?;
        let terms =
            Terms { manifest: &self.manifest, revocation: self.revocation_of(request), opened_at_s: self.opened_at_s };
        let market = answer::market(&self.manifest, &request.market)?;
        let ranked = match self.bundle() {
            None => Ranked { items: Vec::new(), fallback: Some(FallbackReason::SectionMissing) },
            Some(bundle) => {
                self.scratch.with(|scratch| answer::answer(bundle, &terms, market, request, row, scratch))?
            }
        };
        Ok(Response {
            items: ranked.items,
            as_of: self.as_of(),
            bundle: self.info.clone(),
            personalised: ranked.fallback.is_none(),
            fallback_reason: ranked.fallback,
            request: Echo { slot: request.slot, market: request.market.clone(), k: request.k },
        })
    }

    fn users(&self) -> Option<&Users<'_>> {
        self.bundle()?.users.as_ref()
    }

    fn revocation_of(&self, request: &Request) -> Revocation {
        request.visitor.as_deref().map_or(Revocation::Clear, |visitor| self.revocation(visitor))
    }

    fn revocation(&self, visitor: &str) -> Revocation {
        let key = self.visitor_key(visitor).revocation_key();
        // Both count: an update may have been made for another bundle than this one, such as before a rollback, and so
        // lack people who have a row here and whom only this bundle's own section names.
        let own = self.bundle().map(|bundle| bundle.revocations.contains(key));
        let later = self.update.with(|update| match update {
            Some(update) => Some(update.revocations().ok()?.contains(key)),
            None => Some(false),
        });
        match (own, later) {
            (Some(true), _) | (_, Some(true)) => Revocation::Revoked,
            (Some(false), Some(false)) => Revocation::Clear,
            _ => Revocation::Unknown,
        }
    }
}
