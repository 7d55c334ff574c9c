//! No byte of a bundle can change unseen.

use kenal_bundle::{BundleError, Hash, Kind, check_shard, verify, verify_revocations, write_revocation_update};
use kenal_core::{Revocations, Users};
use proptest::prelude::*;

use crate::sample::{self, file};

#[test]
fn every_changed_byte_of_the_manifest_is_refused() {
    let files = sample::build();
    let good = file(&files, "manifest.kenal");
    assert!(verify(good, &sample::trust()).is_ok());
    for at in 0..good.len() {
        for flip in [0x01, 0x80] {
            let mut bytes = good.to_vec();
            bytes[at] ^= flip;
            let error = verify(&bytes, &sample::trust()).expect_err("changed");
            let expected = match at {
                0..8 => matches!(error, BundleError::Magic { .. }),
                8..10 => matches!(error, BundleError::NewerFormat { .. } | BundleError::Prelude),
                10..12 => error == BundleError::Prelude,
                12..16 => matches!(error, BundleError::Length { .. } | BundleError::Prelude),
                _ if (good.len() - 80..good.len() - 64).contains(&at) => {
                    matches!(error, BundleError::UnknownKey { .. })
                }
                _ => error == BundleError::Signature,
            };
            assert!(expected, "byte {at}: {error}");
        }
    }
    for end in 0..good.len() {
        assert!(verify(&good[..end], &sample::trust()).is_err(), "cut to {end}");
    }
    let mut longer = good.to_vec();
    longer.push(0);
    assert!(matches!(verify(&longer, &sample::trust()), Err(BundleError::Length { .. })));
}

#[test]
fn every_changed_byte_of_a_section_is_caught() {
    let files = sample::build();
    let manifest = verify(file(&files, "manifest.kenal"), &sample::trust()).expect("signed");
    for entry in &manifest.sections {
        let good = file(&files, &entry.hash.section_name());
        assert_eq!(good.len(), entry.bytes as usize);
        for at in 0..good.len() {
            let mut bytes = good.to_vec();
            bytes[at] ^= 1;
            let error = manifest.check(entry.kind, &bytes).expect_err("changed");
            assert!(matches!(error, BundleError::Hash { section, .. } if section == entry.kind));
        }
        assert!(manifest.check(entry.kind, &good[1..]).is_err());
    }
    let users = sample::section(&manifest, &files, Kind::Users);
    let users = Users::parse(users).expect("good");
    for (shard, hash) in (0..).zip(users.hashes()) {
        let good = file(&files, &Hash(*hash).section_name());
        assert!(check_shard(&users, shard, good).is_ok());
        assert!(check_shard(&users, 1 - shard, good).is_err(), "the other shard's bytes");
        for at in 0..good.len() {
            let mut bytes = good.to_vec();
            bytes[at] ^= 0x10;
            assert!(matches!(check_shard(&users, shard, &bytes), Err(BundleError::Hash { .. })));
        }
    }
    assert_eq!(check_shard(&users, 2, &[]).err(), Some(BundleError::NoSection(Kind::UserShard)));
}

#[test]
fn every_changed_byte_of_a_revocation_update_is_refused() {
    let files = sample::build();
    let manifest = verify(file(&files, "manifest.kenal"), &sample::trust()).expect("signed");
    let key = kenal_bundle::VisitorKey::new(&manifest.salt, sample::VISITORS[0]);
    let good = write_revocation_update(&sample::signer(), &manifest, sample::CREATED, &[key]).expect("good");
    let update = verify_revocations(&good, &sample::trust(), &manifest).expect("signed");
    let filter: Revocations<'_> = update.revocations().expect("read before");
    assert!(filter.contains(key.revocation_key()));
    assert!(verify(&good, &sample::trust()).is_err(), "an update is no manifest");
    for at in 0..good.len() {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        assert!(verify_revocations(&bytes, &sample::trust(), &manifest).is_err(), "byte {at}");
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(verify(&bytes, &sample::trust()).is_err());
        let mut prefixed = b"KENALMAN\x01\0\0\0".to_vec();
        prefixed.extend_from_slice(&bytes);
        prop_assert!(verify(&prefixed, &sample::trust()).is_err());
    }
}
