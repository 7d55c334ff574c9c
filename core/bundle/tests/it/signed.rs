//! Who may sign, and who gets a bundle first.

use kenal_bundle::{
    BundleError, Hash, PublicKey, Signer, Trust, VisitorKey, verify, verify_canary, verify_keys, write_canary,
    write_keys,
};

use crate::sample::{self, file};

const NOW: u64 = sample::CREATED;
const LATER: u64 = NOW + 90 * 86_400;

fn root() -> Signer {
    Signer::from_seed(&[1; 32])
}

fn public(signer: &Signer) -> PublicKey {
    signer.public().expect("a key")
}

#[test]
fn signing_keys_change_with_an_overlap_and_a_compromised_one_is_revoked() {
    let files = sample::build();
    let manifest = file(&files, "manifest.kenal");
    let (old, next) = (public(&sample::signer()), public(&Signer::from_seed(&[9; 32])));
    let trust = Trust::new(public(&root()));
    assert!(matches!(verify(manifest, &trust), Err(BundleError::UnknownKey { .. })), "the root did not sign it");

    let overlap = write_keys(&root(), 5, LATER, &[next, old]).expect("a list");
    let both = verify_keys(&overlap, &trust, NOW).expect("signed by the root");
    assert!(verify(manifest, &both).is_ok());
    assert_eq!(both.keys(), [next, old]);

    let alone = write_keys(&root(), 6, LATER, &[next]).expect("a list");
    let after = verify_keys(&alone, &both, NOW).expect("newer");
    assert!(matches!(verify(manifest, &after), Err(BundleError::UnknownKey { .. })), "the old key was revoked");
    let replayed = verify_keys(&overlap, &after, NOW).map(drop);
    assert_eq!(replayed, Err(BundleError::Rollback { found: 5, known: 6 }));
    // A host that remembers nothing is protected by the list's end.
    assert_eq!(
        verify_keys(&overlap, &trust, LATER).map(drop),
        Err(BundleError::Expired { expires_at: LATER, now: LATER })
    );
}

#[test]
fn only_the_root_signs_lists() {
    let signer = sample::signer();
    let own = write_keys(&signer, 9, LATER, &[public(&signer)]).expect("a list of its own");
    let trust = Trust::new(public(&root()));
    let listed = write_keys(&root(), 1, LATER, &[public(&signer)]).expect("a list");
    let trusted = verify_keys(&listed, &trust, NOW).expect("good");
    // A signing key that is stolen cannot make itself the only one.
    assert!(matches!(verify_keys(&own, &trusted, NOW), Err(BundleError::UnknownKey { .. })));
    assert_eq!(write_keys(&root(), 1, LATER, &[]), Err(BundleError::Key));
    let many = [public(&signer); 5];
    assert_eq!(write_keys(&root(), 1, LATER, &many), Err(BundleError::Key));
    for at in 0..listed.len() {
        let mut bytes = listed.clone();
        bytes[at] ^= 1;
        assert!(verify_keys(&bytes, &trust, NOW).is_err(), "byte {at}");
    }
}

#[test]
fn a_canary_takes_its_share_of_visitors_and_no_other() {
    let files = sample::build();
    let manifest = file(&files, "manifest.kenal");
    let salt = Hash::of(b"salt");
    let visitors: Vec<VisitorKey> = (0..20_000).map(|n| VisitorKey::new(&salt, &format!("v{n}"))).collect();
    for share in [0u16, 1, 500, 2_500, 10_000] {
        let bytes = write_canary(&sample::signer(), share, manifest).expect("a canary");
        let canary = verify_canary(&bytes, &sample::trust()).expect("signed");
        assert_eq!((canary.manifest.as_slice(), canary.version), (manifest, 41));
        let found = visitors.iter().filter(|v| canary.includes(v)).count() as f64;
        let expected = visitors.len() as f64 * f64::from(share) / 10_000.0;
        // Five standard deviations of a binomial.
        let spread = 5.0 * (expected * (1.0 - f64::from(share) / 10_000.0)).sqrt();
        assert!((found - expected).abs() <= spread, "{share}: {found}");
    }
    let few =
        verify_canary(&write_canary(&sample::signer(), 500, manifest).expect("few"), &sample::trust()).expect("ok");
    let many =
        verify_canary(&write_canary(&sample::signer(), 2_500, manifest).expect("more"), &sample::trust()).expect("ok");
    assert!(visitors.iter().all(|v| !few.includes(v) || many.includes(v)), "who is in stays in as the share grows");
    assert!(write_canary(&sample::signer(), 10_001, manifest).is_err());
    assert!(write_canary(&root(), 1, manifest).is_err(), "a manifest that another key signed");
    let good = write_canary(&sample::signer(), 500, manifest).expect("a canary");
    for at in (0..good.len()).step_by(7) {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        assert!(verify_canary(&bytes, &sample::trust()).is_err(), "byte {at}");
    }
}
