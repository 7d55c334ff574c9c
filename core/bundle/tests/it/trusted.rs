//! The rules of trust, what publishing refuses, and what the messages say.

use std::collections::BTreeMap;

use kenal_bundle::{
    BundleError, CardValue, Hash, Kind, ManifestFault, PublicKey, PublishError, Publisher, Release, Signer, Trust,
    VisitorKey, shard_bits_for, verify, verify_at, verify_revocations, write_revocation_update,
};
use kenal_core::Model;
use kenal_core::format::write::WriteError;

use crate::sample::{self, CREATED, EXPIRES, file};

#[test]
fn what_was_published_is_what_is_read() {
    let files = sample::build();
    let manifest = verify(file(&files, "manifest.kenal"), &sample::trust()).expect("signed");
    let release = sample::release();
    assert_eq!((manifest.version, manifest.created_at, manifest.expires_at), (41, CREATED, EXPIRES));
    assert_eq!(manifest.as_of, CREATED - 7200);
    assert_eq!(
        (manifest.previous, manifest.consent_root, manifest.salt),
        (release.previous, release.consent_root, release.salt)
    );
    assert_eq!(
        (&manifest.markets, &manifest.card, &manifest.watermarks),
        (&release.markets, &release.card.clone().into(), &release.watermarks.clone().into())
    );
    assert_eq!(manifest.market("MY").map(kenal_core::MarketIdx::get), Some(1));
    assert_eq!(manifest.market("XX"), None);
    let kinds: Vec<Kind> = manifest.sections.iter().map(|s| s.kind).collect();
    let all = [Kind::Items, Kind::Trending, Kind::Churn, Kind::Revocations, Kind::Users, Kind::Catalogue, Kind::Blend];
    assert_eq!(kinds, all);
    let key: PublicKey = std::str::from_utf8(file(&files, "signer.pub")).expect("text").parse().expect("a key");
    assert_eq!(key, *sample::trust().root());
}

#[test]
fn only_the_trusted_key_and_no_rollback() {
    let files = sample::build();
    let manifest = file(&files, "manifest.kenal");
    let stranger = Signer::from_seed(&[8; 32]).public().expect("a key");
    let error = verify(manifest, &Trust::new(stranger)).expect_err("another key");
    assert!(error.to_string().starts_with("signed by another key: "), "{error}");
    let newer = sample::trust().since(42);
    assert_eq!(verify(manifest, &newer).err(), Some(BundleError::Rollback { found: 41, known: 42 }));
    assert!(verify(manifest, &sample::trust().since(41)).is_ok());
    assert!(verify_at(manifest, &sample::trust(), EXPIRES - 1).is_ok());
    let expired = verify_at(manifest, &sample::trust(), EXPIRES).err();
    assert_eq!(expired, Some(BundleError::Expired { expires_at: EXPIRES, now: EXPIRES }));
}

#[test]
fn messages_say_what_happened() {
    let files = sample::build();
    let mut newer = file(&files, "manifest.kenal").to_vec();
    newer[8] = 2;
    let message = |bytes: &[u8]| verify(bytes, &sample::trust()).expect_err("refused").to_string();
    assert_eq!(message(&newer), "written by a newer Kenal: format 2, this reader knows 1");
    assert_eq!(message(b"PK\x03\x04"), "this is not a Kenal manifest (its first bytes are not the magic KENALMAN)");
    assert_eq!(message(b""), "this is not a Kenal manifest (its first bytes are not the magic KENALMAN)");
    assert_eq!(message(b"KENALMAN"), "the file has 8 bytes where its prelude demands 16; was it cut off?");
    let mut touched = file(&files, "manifest.kenal").to_vec();
    touched[40] ^= 1;
    assert_eq!(message(&touched), "the signature does not match: one or more bytes changed after signing");
    let manifest = verify(file(&files, "manifest.kenal"), &sample::trust()).expect("signed");
    let error = manifest.check(Kind::Items, b"other").expect_err("changed").to_string();
    assert!(error.starts_with("section items does not match its hash: one or more bytes changed"), "{error}");
    let mut without = manifest.clone();
    without.sections.clear();
    let error = without.check(Kind::Churn, b"").expect_err("not listed");
    assert_eq!(error.to_string(), "the bundle has no churn section");
}

#[test]
fn keys() {
    let key = *sample::trust().root();
    assert_eq!(format!(" {key}\n").parse::<PublicKey>().ok(), Some(key));
    for bad in ["", "00", &"0".repeat(64), &"g".repeat(64), &format!("{key}0"), &key.to_string().to_uppercase()] {
        assert_eq!(bad.parse::<PublicKey>().err(), Some(BundleError::Key), "{bad:?}");
    }
    assert_eq!(format!("{:?}", sample::signer()), "Signer(secret)");
}

#[test]
fn visitor_keys_depend_on_the_salt_and_spread_over_the_shards() {
    let (salt, other) = (Hash::of(b"a"), Hash::of(b"b"));
    let key = VisitorKey::new(&salt, "visitor");
    assert_eq!(key, VisitorKey::new(&salt, "visitor"));
    assert_ne!(key, VisitorKey::new(&other, "visitor"));
    assert_ne!(key.revocation_key(), VisitorKey::new(&salt, "visitor2").revocation_key());
    assert_eq!(key.shard(0), 0);
    assert_eq!(key.shard(8), u32::from(key.as_bytes()[0]));
    assert!(format!("{key:?}").len() < 20, "a log must not hold whole keys");
    let mut counts = [0; 16];
    for i in 0..16_000 {
        counts[VisitorKey::new(&salt, &format!("visitor {i}")).shard(4) as usize] += 1;
    }
    assert!(counts.iter().all(|n| (850..1150).contains(n)), "{counts:?}");
    for (users, bits) in [(0, 0), (512, 0), (513, 1), (4_100_000, 13), (u64::MAX, 16)] {
        assert_eq!(shard_bits_for(users), bits, "{users}");
    }
}

#[test]
fn revocation_updates_belong_to_their_bundle() {
    let files = sample::build();
    let manifest = verify(file(&files, "manifest.kenal"), &sample::trust()).expect("signed");
    let signer = sample::signer();
    let early = write_revocation_update(&signer, &manifest, CREATED - 1, &[]);
    assert_eq!(early, Err(PublishError::Refused(BundleError::StaleRevocations)));
    let update = write_revocation_update(&signer, &manifest, CREATED + 5, &[]).expect("good");
    let read = verify_revocations(&update, &sample::trust(), &manifest).expect("signed");
    assert_eq!(read.issued_at, CREATED + 5);
    let mut other = manifest.clone();
    other.salt = Hash::of(b"another");
    let refused = verify_revocations(&update, &sample::trust(), &other).err();
    assert_eq!(refused, Some(BundleError::ForeignRevocations));
}

const MODEL: Model = Model { alpha0: 0.1, reg: 0.1, view: 1.0, cart: 1.0, purchase: 1.0, half_life_s: 0.0 };

/// Publishes `release` with no items, and the sections that must be there.
fn publish(release: Release) -> Result<(), PublishError> {
    let mut publisher = Publisher::new(release);
    publisher.items(MODEL, 1, &[], &[])?;
    publisher.trending(&[])?;
    publisher.finish(&sample::signer()).map(drop)
}

#[test]
fn manifests_that_make_no_sense_are_not_published() {
    let good = sample::release;
    assert_eq!(publish(good()), Ok(()));
    let fault = |fault| Err(PublishError::Refused(BundleError::Manifest(fault)));
    let nan = BTreeMap::from([("x".to_owned(), CardValue::Number(f64::NAN))]);
    let twice = vec![good().markets[0].clone(), good().markets[0].clone()];
    for (release, expected) in [
        (Release { expires_at: CREATED, ..good() }, ManifestFault::Times),
        (Release { watermarks: BTreeMap::new(), ..good() }, ManifestFault::AsOf),
        (Release { markets: twice, ..good() }, ManifestFault::Markets),
        (Release { card: nan, ..good() }, ManifestFault::Card),
    ] {
        assert_eq!(publish(release), fault(expected));
    }
    let mut publisher = Publisher::new(good());
    publisher.items(MODEL, 1, &[], &[]).expect("no items");
    let missing = publisher.finish(&sample::signer());
    assert_eq!(missing, fault(ManifestFault::Sections(Kind::Trending)).map(|()| Vec::new()));
}

#[test]
fn publishing_has_an_order() {
    let mut publisher = Publisher::new(sample::release());
    assert_eq!(publisher.trending(&[]), Err(PublishError::ItemsFirst(Kind::Trending)));
    publisher.items(MODEL, 1, &[], &[]).expect("no items");
    assert_eq!(publisher.items(MODEL, 1, &[], &[]).map(drop), Err(PublishError::Twice(Kind::Items)));
    assert_eq!(publisher.shard(0, &[]), Err(PublishError::NoShard { shard: 0 }));
    let limit = WriteError::Limit { section: Kind::Users, what: "shard bits", found: 17, max: 16 };
    assert_eq!(publisher.users(17), Err(PublishError::Write(limit)));
    publisher.users(1).expect("two shards");
    assert_eq!(publisher.users(1), Err(PublishError::Twice(Kind::Users)));
    assert_eq!(publisher.shard(2, &[]), Err(PublishError::NoShard { shard: 2 }));
    publisher.shard(1, &[]).expect("an empty shard");
    assert_eq!(publisher.shard(1, &[]), Err(PublishError::Twice(Kind::UserShard)));
    let card = kenal_core::format::write::CatalogueItem {
        title: "x".to_owned(),
        prices: vec![1, 1],
        category: kenal_core::CategoryIdx::new(0).expect("small"),
    };
    assert_eq!(publisher.catalogue(&[card]), Err(PublishError::Catalogue { found: 1, expected: 0 }));
    publisher.trending(&[]).expect("no lists");
    let files = publisher.finish(&sample::signer()).expect("a good bundle");
    let names: Vec<&str> = files.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(names.len(), 4 + 1 + 2, "items, trending, revocations, users; shard 0; signer and manifest");
    assert_eq!(names[names.len() - 2..], ["signer.pub", "manifest.kenal"], "the manifest is written last");
}
