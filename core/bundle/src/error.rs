//! Why a bundle is refused.

use kenal_core::{Kind, SectionError};

use crate::hash::Hash;
use crate::trust::KeyId;

/// Why a bundle, or a part of one, is refused. Nothing of what is refused may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// Fewer or more bytes than the prelude says: the file was cut off, or something was appended.
    #[error("the file has {found} bytes where its prelude demands {expected}; was it cut off?")]
    Length {
        /// Bytes there are.
        found: usize,
        /// Bytes there should be.
        expected: usize,
    },
    /// Another kind of file.
    #[error("this is not a Kenal {expected} (its first bytes are not the magic {magic})")]
    Magic {
        /// What was to be read.
        expected: &'static str,
        /// What it starts with.
        magic: &'static str,
    },
    /// Written by a newer Kenal: update the reader.
    #[error("written by a newer Kenal: format {found}, this reader knows {known}")]
    NewerFormat {
        /// The version in the prelude.
        found: u16,
        /// The newest version this reader knows.
        known: u16,
    },
    /// A prelude that no writer writes: a reserved field is set, the version is 0, or the length beyond the limit.
    #[error("the prelude is damaged")]
    Prelude,
    /// Signed, but by somebody else: compare the trusted key with `signer.pub`.
    #[error("signed by another key: {found}, trusted is {trusted}")]
    UnknownKey {
        /// Who signed.
        found: KeyId,
        /// Who is trusted.
        trusted: KeyId,
    },
    /// The bytes are not those that were signed.
    #[error("the signature does not match: one or more bytes changed after signing")]
    Signature,
    /// 32 bytes, or 64 hexadecimal digits, that are no Ed25519 public key.
    #[error("not an Ed25519 public key; expected the 64 hexadecimal digits of a signer.pub")]
    Key,
    /// Rightly signed, but not a manifest as `FORMAT.md` says: a bug in the writer.
    #[error("the signed manifest is malformed: {0}")]
    Manifest(ManifestFault),
    /// A bundle from before the one already accepted: a rollback that nobody signed, or a stale cache.
    #[error("bundle {found} is older than {known}, which was already accepted")]
    Rollback {
        /// The version in the manifest.
        found: u64,
        /// The least version that is accepted.
        known: u64,
    },
    /// The time of a bundle or of a list of keys is over: publish a new one. Until then nothing is personalised.
    #[error("it expired at {expires_at} (seconds since 1970), it is {now} now; build and publish a new one")]
    Expired {
        /// When it expired.
        expires_at: u64,
        /// The time.
        now: u64,
    },
    /// The manifest does not list such a section.
    #[error("the bundle has no {} section", .0.name())]
    NoSection(Kind),
    /// The bytes of a section are not those that the manifest lists.
    #[error("section {} does not match its hash: one or more bytes changed (expected {expected}, found {found})", section.name())]
    Hash {
        /// Which section.
        section: Kind,
        /// What the manifest or the users section lists.
        expected: Hash,
        /// What the bytes hash to.
        found: Hash,
    },
    /// The bytes of a section match their hash and yet are not a section: a bug in the writer.
    #[error(transparent)]
    Section(#[from] SectionError),
    /// A delta that is none, is for other bytes, or does not give the section: fetch the section whole.
    #[error("the delta does not give the section that it is for; fetch the section whole")]
    Delta,
    /// A sealed row that does not open: it is another visitor's, or its bytes changed.
    #[error("the row does not open: it was sealed for another visitor, or its bytes changed")]
    Seal,
    /// A revocation update of another salt: its keys mean nothing here.
    #[error("the revocation update was made for another salt")]
    ForeignRevocations,
    /// A revocation update from before the bundle was built; the bundle's own section is newer.
    #[error("the revocation update is older than the bundle")]
    StaleRevocations,
}

/// What is wrong with a rightly signed payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ManifestFault {
    /// Not MessagePack of this shape, or not as the writer would have encoded it.
    #[error("its payload is not the MessagePack of this format, in its one form")]
    Payload,
    /// `created_at` is not before `expires_at`.
    #[error("it expires before it was created")]
    Times,
    /// `as_of` is not the least watermark.
    #[error("as_of is not the least of its watermarks")]
    AsOf,
    /// No market, too many, or one twice.
    #[error("its markets are none, too many, or not distinct")]
    Markets,
    /// A section is missing, twice, out of order, or too large.
    #[error("its list of sections lacks {}, or has it twice or out of order", .0.name())]
    Sections(Kind),
    /// A canary for more than everybody, or of another version than its manifest.
    #[error("its share of visitors is more than all, or its version is not its manifest's")]
    Canary,
    /// A number of the model card is not finite.
    #[error("a number of its model card is not finite")]
    Card,
}
