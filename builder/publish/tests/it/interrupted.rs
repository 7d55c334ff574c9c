//! Whenever a publication breaks off, readers see the old version or the new one, whole; doing it again finishes it.

use std::collections::BTreeSet;

use kenal_bundle::{Hash, Kind, MANIFEST_NAME, Trust, verify};
use kenal_core::Users;
use kenal_publish::place::Access;
use kenal_publish::{Options, Place, publish};

use crate::emulated::{self, Shared, TOKEN};
use crate::shop;

/// The version that a reader would open, all of whose sections must be there and right.
fn readable(shared: &Shared) -> Option<u64> {
    let content = shared.lock().expect("one at a time");
    let manifest = verify(content.files.get(MANIFEST_NAME)?, &Trust::new(shop::key())).expect("signed");
    let mut hashes: BTreeSet<Hash> = BTreeSet::new();
    for entry in &manifest.sections {
        let bytes = content.files.get(&entry.hash.section_name()).expect("listed and there");
        assert_eq!(Hash::of(bytes), entry.hash);
        if entry.kind == Kind::Users {
            hashes.extend(Users::parse(bytes).expect("users").hashes().iter().map(|hash| Hash(*hash)));
        }
    }
    assert!(hashes.iter().all(|hash| content.files.contains_key(&hash.section_name())), "a shard is missing");
    Some(manifest.version)
}

#[tokio::test]
async fn at_every_write() {
    let (shared, address) = emulated::start().await;
    let access = Access { variable: |_| Some(TOKEN.to_owned()), endpoint: Some(format!("{address}/fastly")) };
    let target = "fastly-kv://store".parse::<Place>().expect("a place").open(&access).expect("opens");
    let folder = tempfile::tempdir().expect("a folder");
    let first = shop::source(folder.path(), 1);
    let progress = |_, _| {};
    publish(&first, target.as_ref(), &shop::signer(), Options::default(), &progress).await.expect("published");
    let before = shared.lock().expect("one at a time").files.clone();
    let second = shop::source(folder.path(), 2);
    let mut seen = BTreeSet::new();
    for writes in (0..).step_by(2) {
        {
            let mut content = shared.lock().expect("one at a time");
            content.files.clone_from(&before);
            content.writes_left = Some(writes);
        }
        let result = publish(&second, target.as_ref(), &shop::signer(), Options::default(), &progress).await;
        let version = readable(&shared).expect("a bundle");
        assert!(version == 1 || version == 2);
        assert!(result.is_err() || version == 2);
        seen.insert((version, result.is_ok()));
        if result.is_ok() {
            break;
        }
        shared.lock().expect("one at a time").writes_left = None;
        let finished = publish(&second, target.as_ref(), &shop::signer(), Options::default(), &progress).await;
        assert!(finished.expect("goes on").sent <= second.sections.len());
        assert_eq!(readable(&shared), Some(2));
    }
    assert!(seen.contains(&(1, false)) && seen.contains(&(2, true)), "{seen:?}");
}

#[tokio::test]
async fn a_store_that_fails_for_a_moment_is_asked_again() {
    let (shared, address) = emulated::start().await;
    let access = Access { variable: |_| Some(TOKEN.to_owned()), endpoint: Some(format!("{address}/cf")) };
    let target = "cloudflare-kv://a/n".parse::<Place>().expect("a place").open(&access).expect("opens");
    let folder = tempfile::tempdir().expect("a folder");
    let source = shop::source(folder.path(), 1);
    shared.lock().expect("one at a time").failing = 2;
    publish(&source, target.as_ref(), &shop::signer(), Options::default(), &|_, _| {}).await.expect("published");
    assert_eq!(readable(&shared), Some(1));
}
