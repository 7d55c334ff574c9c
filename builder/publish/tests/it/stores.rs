//! The same publication on every kind of store.

use std::collections::BTreeSet;

use kenal_bundle::{Hash, MANIFEST_NAME, apply_delta, verify_revocations};
use kenal_publish::place::Access;
use kenal_publish::{Allowed, Error, Options, Place, Target, publish, publish_revocations};

use crate::emulated::{self, TOKEN};
use crate::shop::{self, NOW, VISITORS};

fn variable(name: &str) -> Option<String> {
    match name {
        "FASTLY_API_TOKEN" | "CLOUDFLARE_API_TOKEN" => Some(TOKEN.to_owned()),
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("test".to_owned()),
        "AWS_REGION" => Some("ap-southeast-1".to_owned()),
        _ => None,
    }
}

async fn on_every_store(test: impl AsyncFn(&dyn Target)) {
    let folder = tempfile::tempdir().expect("a folder");
    let (_, address) = emulated::start().await;
    let places = [
        (folder.path().to_str().expect("text").to_owned(), None),
        ("s3://shop/kenal/".to_owned(), Some(format!("{address}/s3"))),
        ("fastly-kv://st0re/one".to_owned(), Some(format!("{address}/fastly"))),
        ("cloudflare-kv://account/namespace/two".to_owned(), Some(format!("{address}/cf"))),
    ];
    for (place, endpoint) in places {
        println!("{place}");
        let place: Place = place.parse().expect("a place");
        let target = place.open(&Access { variable, endpoint }).expect("opens");
        test(target.as_ref()).await;
    }
}

fn quiet() -> impl Fn(usize, usize) + Sync {
    |_, _| {}
}

#[tokio::test]
async fn a_bundle_arrives_whole_and_the_next_one_sends_what_changed() {
    on_every_store(async |target| {
        let folder = tempfile::tempdir().expect("a folder");
        let first = shop::source(folder.path(), 1);
        let signer = shop::signer();
        let report = publish(&first, target, &signer, Options::default(), &quiet()).await.expect("published");
        assert_eq!((report.version, report.before, report.sent), (1, None, first.sections.len()));
        assert_eq!(target.get(MANIFEST_NAME).await.expect("read"), Some(first.manifest_bytes.clone()));
        for hash in &first.sections {
            let there = target.get(&hash.section_name()).await.expect("read").expect("there");
            assert_eq!(Hash::of(&there), *hash);
        }
        let again = publish(&first, target, &signer, Options::default(), &quiet()).await.expect("published again");
        assert_eq!((again.sent, again.swept), (0, 0), "nothing is sent twice");

        let items = |source: &kenal_publish::Source| {
            let hash = source.manifest.section(kenal_bundle::Kind::Items).expect("items").hash;
            (hash, source.section(&hash).expect("there"))
        };
        let (old_hash, old) = items(&first);
        let second = shop::source(folder.path(), 2);
        let report = publish(&second, target, &signer, Options::default(), &quiet()).await.expect("published");
        assert!(report.sent < second.sections.len() && report.before == Some(1), "{report:?}");
        assert!(report.delta_bytes * 2 < report.delta_for_bytes, "{report:?}");
        let (new_hash, new) = items(&second);
        let name = kenal_bundle::delta_name(&old_hash, &new_hash);
        let delta = target.get(&name).await.expect("read").expect("a delta");
        assert_eq!(apply_delta(&old, &delta, &new_hash).expect("applies"), new);

        let older = publish(&first_again(), target, &signer, Options::default(), &quiet()).await;
        assert!(matches!(older, Err(Error::Older { there: 2, ours: 1 })), "{older:?}");
    })
    .await;
}

fn first_again() -> kenal_publish::Source {
    let folder = tempfile::tempdir().expect("a folder");
    shop::source(folder.path(), 1)
}

#[tokio::test]
async fn versions_that_nobody_goes_back_to_are_swept() {
    on_every_store(async |target| {
        let folder = tempfile::tempdir().expect("a folder");
        let mut all: BTreeSet<Hash> = BTreeSet::new();
        let mut last = None;
        for version in 1..=5 {
            let source = shop::source(folder.path(), version);
            all.extend(&source.sections);
            let options = Options { keep: 2, ..Options::default() };
            publish(&source, target, &shop::signer(), options, &quiet()).await.expect("published");
            last = Some(source);
        }
        assert_eq!(target.list("history/").await.expect("listed").len(), 2);
        let there = target.list("sections/").await.expect("listed");
        assert!(there.len() < all.len(), "{} of {}", there.len(), all.len());
        let last = last.expect("five");
        assert!(last.sections.iter().all(|hash| there.contains(&hash.section_name())));
    })
    .await;
}

#[tokio::test]
async fn who_may_not_be_personalised_is_revoked() {
    on_every_store(async |target| {
        let folder = tempfile::tempdir().expect("a folder");
        let source = shop::source(folder.path(), 1);
        let signer = shop::signer();
        let at = NOW + 5000;
        let none = publish_revocations(target, &signer, &shop::allowed(0), None, at).await;
        assert!(matches!(none, Err(Error::NoBundle)), "{none:?}");
        publish(&source, target, &signer, Options::default(), &quiet()).await.expect("published");
        for near in [None, Some(&source)] {
            let revoked = publish_revocations(target, &signer, &shop::allowed(3), near, at).await.expect("revoked");
            assert_eq!((revoked.version, revoked.visitors, revoked.revoked), (1, VISITORS, 3));
        }
        let bytes = target.get("revocations.kenal").await.expect("read").expect("there");
        let trust = kenal_bundle::Trust::new(shop::key());
        let update = verify_revocations(&bytes, &trust, &source.manifest).expect("signed");
        let filter = update.revocations().expect("a filter");
        assert!((0..3).all(|n| filter.contains(shop::visitor(n).revocation_key())));
        let others = (3..VISITORS).filter(|n| filter.contains(shop::visitor(*n).revocation_key())).count();
        assert!(others <= 2, "about one in 256 is closed as well, not {others} of {VISITORS}");

        // One that was built before them does not know, unless it is told.
        let early = shop::source(folder.path(), 2);
        let refused = publish(&early, target, &signer, Options::default(), &quiet()).await;
        assert!(matches!(refused, Err(Error::Withdrawals { issued_at }) if issued_at == at), "{refused:?}");
        let visitors = shop::allowed(4);
        let told = Options { allowed: Some(Allowed { visitors: &visitors, at: at + 1 }), ..Options::default() };
        publish(&early, target, &signer, told, &quiet()).await.expect("published with its withdrawals");
        let bytes = target.get("revocations.kenal").await.expect("read").expect("there");
        let update = verify_revocations(&bytes, &trust, &early.manifest).expect("signed");
        let filter = update.revocations().expect("a filter");
        assert!((0..4).all(|n| filter.contains(shop::visitor(n).revocation_key())));

        // The next bundle was built later and knows; what is stale is removed.
        let next = shop::source(folder.path(), 20);
        publish(&next, target, &signer, Options::default(), &quiet()).await.expect("published");
        assert_eq!(target.get("revocations.kenal").await.expect("read"), None);
    })
    .await;
}

#[tokio::test]
async fn what_a_platform_refuses_is_told_without_the_token() {
    let (_, address) = emulated::start().await;
    let access = Access { variable: |_| Some("wrong".to_owned()), endpoint: Some(format!("{address}/cf")) };
    let place: Place = "cloudflare-kv://account/namespace".parse().expect("a place");
    let target = place.open(&access).expect("opens");
    let said = target.list("sections/").await.expect_err("refused").to_string();
    assert!(said.contains("403") && said.contains("Authentication error") && !said.contains("wrong"), "{said}");
}
