//! A store whose files were damaged, read by what a CDN host keeps between requests: a host that has a bundle goes on
//! with it, whatever the store gives, and one that has none has none or a whole one.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker};

use kenal_edge::{CANARY_NAME, KEYS_NAME, MANIFEST_NAME, REVOCATIONS_NAME};
use kenal_page::{Found, Keeper, Source, Unavailable};

use crate::sections::check_shop;
use crate::shop::{self, NOW, Shop, visitors};
use crate::signed;

/// Files by name; those that a damaged store lacks fail, so that both kinds of trouble are met.
#[derive(Debug, Clone, Default)]
pub struct Store(BTreeMap<String, Option<Vec<u8>>>);

impl Store {
    /// What a publisher uploads.
    pub fn of(shop: Shop) -> Store {
        Store(shop.files().into_iter().map(|file| (file.name, Some(file.bytes))).collect())
    }
}

impl Source for Store {
    async fn get(&self, name: &str) -> Found {
        self.0.get(name).cloned().map_or(Ok(None), |bytes| bytes.map(Some).ok_or(Unavailable))
    }
}

/// The shop, and a newer bundle of it in whose files the damage is done.
fn stores() -> &'static [Store; 2] {
    static STORES: OnceLock<[Store; 2]> = OnceLock::new();
    STORES.get_or_init(|| [Store::of(Shop::default()), Store::of(Shop { version: 8, items: 61, ..Shop::default() })])
}

/// The files that hosts read, in the order of which an input names them.
fn names() -> Vec<String> {
    let fixed = [MANIFEST_NAME, REVOCATIONS_NAME, KEYS_NAME, CANARY_NAME].map(str::to_owned);
    fixed.into_iter().chain(stores()[1].0.keys().filter(|name| name.starts_with("sections/")).cloned()).collect()
}

/// How many files there are to damage.
pub fn files_count() -> usize {
    names().len()
}

/// The file with this number, empty where there is none.
pub fn file(at: usize) -> Vec<u8> {
    let bytes = names().get(at).and_then(|name| stores()[1].0.get(name).cloned().flatten());
    bytes.unwrap_or_default()
}

/// Reads a store in which some files are others: each piece is the number of a file and its bytes.
pub fn check(body: &[u8]) {
    let names = names();
    let [good, newer] = stores();
    let mut damaged = newer.clone();
    for piece in signed::split(body, 8) {
        let Some((at, bytes)) = piece.split_first() else { continue };
        let name = names[usize::from(*at) % names.len()].clone();
        damaged.0.insert(name, (!bytes.is_empty()).then(|| bytes.to_vec()));
    }
    let keeper = Keeper::default();
    now(keeper.refresh(good, &shop::key(), NOW));
    now(keeper.refresh(&damaged, &shop::key(), NOW + 60));
    keeper.with(NOW + 60, Some(visitors::SHIRTS), |kept| {
        let (edge, _) = kept.expect("what there was stays");
        assert!(edge.bundle().is_some() && [7, 8].contains(&edge.info().version));
        check_shop(edge);
    });
    let other = Keeper::default();
    now(other.refresh(&damaged, &shop::key(), NOW));
    other.with(NOW, None, |kept| assert!(kept.is_none_or(|(edge, _)| edge.bundle().is_some())));
}

/// What a future gives at once: no store here waits.
pub fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("nothing here waits"),
    }
}
