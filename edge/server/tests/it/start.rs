//! Mistakes of whoever starts the server, and what they are told.

use std::fs;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use kenal_edge::FallbackReason;
use kenal_server::{ServeConfig, ServeError, Server};

use crate::client::{bundle, config, start_with};
use crate::shop::{BUILT_AT, NOW, visitors};

/// What `Server::bind` says to a configuration that cannot be served.
fn refusal(change: impl FnOnce(&mut ServeConfig)) -> ServeError {
    let bundle = bundle();
    let mut config = config(bundle.path(), &Arc::new(AtomicI64::new(NOW)));
    change(&mut config);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    match runtime.block_on(Server::bind(config)) {
        Ok(_) => panic!("it was served"),
        Err(error) => error,
    }
}

#[test]
fn addresses() {
    for open in ["0.0.0.0:0", "192.168.1.4:8787", "[::]:0"] {
        let said = refusal(|config| config.addr = open.parse().expect("an address")).to_string();
        assert!(said.contains(open) && said.contains("127.0.0.1:8787"), "{said}");
    }
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = taken.local_addr().expect("an address");
    let said = refusal(|config| config.addr = addr).to_string();
    assert!(said.contains(&format!("{addr} is already in use")) && said.contains("--addr"), "{said}");
}

#[test]
fn folders() {
    let said = refusal(|config| config.bundle = "/no/such/folder".into()).to_string();
    assert!(said.contains("/no/such/folder") && said.contains("kenal build"), "{said}");
    let empty = tempfile::tempdir().expect("a folder");
    let said = refusal(|config| config.bundle = empty.path().to_owned()).to_string();
    assert!(said.contains("no manifest.kenal"), "{said}");
    let said = refusal(|config| config.web = Some("/no/such/pages".into())).to_string();
    assert!(said.contains("/no/such/pages") && said.contains("--web"), "{said}");
}

#[test]
fn keys() {
    let said = refusal(|config| config.trust = Some([3; 32])).to_string();
    assert!(said.contains("signed by another key") || said.contains("not an Ed25519 public key"), "{said}");
    let said = refusal(|config| {
        fs::write(config.bundle.join("signer.pub"), "no key").expect("written");
        config.trust = None;
    });
    assert!(said.to_string().contains("64 hexadecimal digits"), "{said}");
    let said = refusal(|config| {
        fs::remove_file(config.bundle.join("signer.pub")).expect("removed");
        config.trust = None;
    });
    assert!(matches!(said, ServeError::Read { .. }) && said.to_string().contains("signer.pub"), "{said}");
}

#[test]
fn one_changed_byte() {
    let files = crate::shop::Shop::default().files();
    let manifest = &files.last().expect("the manifest").bytes;
    let edge = kenal_edge::Edge::open(manifest, &crate::shop::key(), NOW).expect("the manifest opens");
    for section in &edge.manifest().sections {
        let said = refusal(|config| {
            let path = config.bundle.join(section.hash.section_name());
            let mut bytes = fs::read(&path).expect("a section");
            bytes[33] ^= 4;
            fs::write(&path, bytes).expect("written");
        });
        let said = said.to_string();
        assert!(said.contains(&format!("section {}", section.kind.name())) && said.contains("changed"), "{said}");
        let said = refusal(|config| fs::remove_file(config.bundle.join(section.hash.section_name())).expect("removed"));
        assert!(said.to_string().contains(&format!("lacks {}", section.hash.section_name())), "{said}");
    }
    let said = refusal(|config| {
        let path = config.bundle.join("manifest.kenal");
        let mut bytes = fs::read(&path).expect("a manifest");
        bytes[70] ^= 4;
        fs::write(&path, bytes).expect("written");
    });
    assert!(said.to_string().contains("changed after signing"), "{said}");
}

#[test]
fn the_bundles_own_key_is_enough_to_start() {
    let server = start_with(bundle(), NOW, |config| config.trust = None);
    assert!(server.warnings.is_empty(), "{:?}", server.warnings);
    assert!(server.recommend(&format!("visitor={}&market=SG&consent=granted", visitors::SHIRTS)).personalised);
}

#[test]
fn an_expired_bundle_is_served_with_a_warning() {
    let server = start_with(bundle(), BUILT_AT + 90 * 86_400, |_| {});
    let warning = server.warnings.join("\n");
    assert!(
        warning.contains("expired at 2026-01-31T00:00:00Z") && warning.contains("personalises nobody"),
        "{warning}"
    );
    let response = server.recommend(&format!("visitor={}&market=SG&consent=granted", visitors::SHIRTS));
    assert_eq!((response.fallback_reason, response.items.len()), (Some(FallbackReason::BundleExpired), 12));
}
