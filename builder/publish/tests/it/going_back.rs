//! Canaries, and back to an older model.

use kenal_bundle::{CANARY_NAME, Kind, MANIFEST_NAME, Trust, verify, verify_canary};
use kenal_core::Revocations;
use kenal_publish::place::Access;
use kenal_publish::{Error, Options, Place, Target, publish, rollback};

use crate::shop::{self, NOW};

fn target(folder: &tempfile::TempDir) -> Box<dyn Target> {
    let place = Place::Folder(folder.path().join("published"));
    place.open(&Access { variable: |_| None, endpoint: None }).expect("opens")
}

async fn manifest(target: &dyn Target) -> kenal_bundle::Manifest {
    let bytes = target.get(MANIFEST_NAME).await.expect("read").expect("there");
    verify(&bytes, &Trust::new(shop::key())).expect("signed")
}

#[tokio::test]
async fn a_canary_changes_nothing_for_the_others_until_it_is_published_to_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = target(&folder);
    let from = folder.path().join("built");
    let publish = async |version, canary| {
        let options = Options { canary, ..Options::default() };
        publish(&shop::source(&from, version), target.as_ref(), &shop::signer(), options, &|_, _| {}).await
    };
    publish(1, None).await.expect("published");
    publish(2, Some(500)).await.expect("a canary");
    assert_eq!(manifest(target.as_ref()).await.version, 1);
    let bytes = target.get(CANARY_NAME).await.expect("read").expect("a canary");
    let canary = verify_canary(&bytes, &Trust::new(shop::key())).expect("signed");
    assert_eq!((canary.version, canary.share), (2, 500));
    let source = kenal_publish::Source::open(&from, shop::key()).expect("a bundle");
    let options = Options::default();
    let report = kenal_publish::publish(&source, target.as_ref(), &shop::signer(), options, &|_, _| {}).await;
    assert_eq!(report.expect("published").sent, 0, "its sections are there already");
    assert_eq!(manifest(target.as_ref()).await.version, 2);
    assert_eq!(target.get(CANARY_NAME).await.expect("read"), None);
}

#[tokio::test]
async fn going_back_is_a_new_version_with_the_withdrawals_of_today() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = target(&folder);
    let from = folder.path().join("built");
    let back = async |to, gone, now| rollback(target.as_ref(), &shop::signer(), to, &shop::allowed(gone), now).await;
    assert!(matches!(back(None, 0, NOW).await, Err(Error::NoBundle)));
    let mut items = Vec::new();
    for version in 1..=3 {
        let source = shop::source(&from, version);
        items.push(*source.manifest.section(Kind::Items).expect("items"));
        let options = Options::default();
        publish(&source, target.as_ref(), &shop::signer(), options, &|_, _| {}).await.expect("published");
    }
    let now = NOW + 4000;
    let done = back(None, 2, now).await.expect("back");
    assert_eq!((done.from, done.to, done.version, done.revoked), (3, 2, 4, 2));
    let present = manifest(target.as_ref()).await;
    assert_eq!((present.version, present.section(Kind::Items)), (4, Some(&items[1])));
    assert_eq!(present.expires_at, NOW + 2 * 900 + 86_400, "consent is not proved for longer than it was");
    let section = present.section(Kind::Revocations).expect("listed");
    let bytes = target.get(&section.hash.section_name()).await.expect("read").expect("there");
    let filter = Revocations::parse(section.check(&bytes).expect("untouched")).expect("a filter");
    assert!((0..2).all(|n| filter.contains(shop::visitor(n).revocation_key())));

    let further = back(None, 0, now).await.expect("further back");
    assert_eq!((further.to, further.version), (1, 5), "not to the version that was left");
    assert!(matches!(back(Some(9), 0, now).await, Err(Error::NoVersion { wanted: Some(9), .. })));
    let late = NOW + 3 * 86_400;
    assert!(matches!(back(Some(3), 0, late).await, Err(Error::Expired { version: 3, .. })));
}
