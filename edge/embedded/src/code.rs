//! The codes that functions return; they are part of the interface and never change their meaning.

use kenal_edge::EdgeError;

/// What became of a call. For anything but `Ok`, `kenal_message` words it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Code {
    /// Done; what there is to read is in the output.
    Ok = 0,
    /// A null pointer or a length that cannot be.
    Argument = 1,
    /// The manifest is damaged, foreign, or not signed with the trusted key.
    Manifest = 2,
    /// A section is damaged, foreign, or not one of this bundle.
    Section = 3,
    /// The request is not of the contract's form.
    Request = 4,
    /// A user shard is damaged or not the visitor's.
    Shard = 5,
    /// A revocation update is damaged or foreign.
    Revocations = 6,
    /// Nothing can be done before a manifest was accepted.
    NoManifest = 7,
    /// A bug of ours; the handle may be used no more, except to free it.
    Internal = 8,
}

impl From<&EdgeError> for Code {
    fn from(error: &EdgeError) -> Self {
        match error {
            EdgeError::Manifest(_) | EdgeError::Keys(_) => Code::Manifest,
            EdgeError::Revocations(_) => Code::Revocations,
            EdgeError::NotListed { .. } | EdgeError::Section(_) | EdgeError::Missing { .. } | EdgeError::Store(_) => {
                Code::Section
            }
            EdgeError::Shard(_) => Code::Shard,
        }
    }
}
