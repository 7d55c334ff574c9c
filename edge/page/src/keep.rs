//! The bundle that a host keeps between requests, and when it reads the store again.
//!
//! A new version replaces the old one only when every section of it is there and verifies; until then the old one
//! answers. When withdrawals could not be read for [`STALE_S_MAX`], nobody is personalised. A canary is kept beside it, for
//! the visitors that it is for; one that cannot be read is for nobody.

use std::cell::RefCell;
use std::future::Future;

use futures::future::join4;
use kenal_edge::store::add_newer_revocations;
use kenal_edge::{CANARY_NAME, Canary, Edge, Hash, KEYS_NAME, MANIFEST_NAME, Need, REVOCATIONS_NAME, Table};

/// How long a manifest and the withdrawals are believed before the store is asked again.
pub const REREAD_S: i64 = 30;
/// How soon a store that failed is asked again: not with every request.
pub const RETRY_S: i64 = 2;
/// How old the last successful look at withdrawals may be for anybody to be personalised.
pub const STALE_S_MAX: i64 = 600;

/// The store failed, or did not answer in the time a host allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unavailable;

/// A file of a bundle, if it is there.
pub type Found = Result<Option<Vec<u8>>, Unavailable>;

/// Where the files of a bundle come from. What it returns is not trusted.
pub trait Source {
    /// The bytes under a name of `core/FORMAT.md`; `None` when there are none.
    fn get(&self, name: &str) -> impl Future<Output = Found>;

    /// A section that is the same for everybody and never changes, as its name is its hash: a host may keep it nearer.
    fn section(&self, hash: &Hash) -> impl Future<Output = Found> {
        async { self.get(&hash.section_name()).await }
    }

    /// The sections that the host's program carries with it.
    fn carried(&self) -> Option<Table<'static>> {
        None
    }

    /// What [`Source::section`] gave is not the section: it must not be given again.
    fn refused(&self, _hash: &Hash) -> impl Future<Output = ()> {
        std::future::ready(())
    }
}

/// A bundle between requests. No borrow of it outlives a wait, so that requests may take turns.
#[derive(Debug, Default)]
pub struct Keeper(RefCell<State>);

#[derive(Debug, Default)]
struct State {
    kept: Option<Kept>,
    /// A newer bundle, and whom it is for.
    canary: Option<(Canary, Kept)>,
    asked_at: Option<i64>,
    failed: bool,
}

#[derive(Debug)]
struct Kept {
    edge: Edge,
    manifest: Hash,
    withdrawals_read_at: Option<i64>,
}

impl Keeper {
    /// Calls `with` with the visitor's bundle and whether its withdrawals are known to be new enough.
    pub fn with<T>(&self, now: i64, visitor: Option<&str>, with: impl FnOnce(Option<(&Edge, bool)>) -> T) -> T {
        let state = self.0.borrow();
        let chosen = state
            .canary
            .as_ref()
            .filter(|(canary, kept)| visitor.is_some_and(|visitor| canary.includes(&kept.edge.visitor_key(visitor))));
        let kept = chosen.map(|(_, kept)| kept).or(state.kept.as_ref());
        with(kept.map(|kept| {
            let fresh = kept.withdrawals_read_at.is_some_and(|at| (0..=STALE_S_MAX).contains(&(now - at)));
            (&kept.edge, fresh)
        }))
    }

    /// Reads the store again when it is time to.
    pub async fn refresh(&self, source: &impl Source, trust_key: &[u8; 32], now: i64) {
        {
            let mut state = self.0.borrow_mut();
            let wait = if state.failed { RETRY_S } else { REREAD_S };
            if state.asked_at.is_some_and(|at| (0..wait).contains(&(now - at))) {
                return;
            }
            // Requests that come while this one waits answer from what there is.
            state.asked_at = Some(now);
        }
        let whole = self.read(source, trust_key, now).await.is_some();
        self.0.borrow_mut().failed = !whole;
    }

    /// `None` when anything that should have been read was not.
    async fn read(&self, source: &impl Source, trust_key: &[u8; 32], now: i64) -> Option<()> {
        // Asked for at once, so that a slow store is waited for once.
        let reads = join4(
            source.get(MANIFEST_NAME),
            source.get(REVOCATIONS_NAME),
            source.get(KEYS_NAME),
            source.get(CANARY_NAME),
        );
        let (manifest, withdrawals, keys, found_canary) = reads.await;
        let terms = keys.as_ref().ok().map(|keys| Terms { keys: keys.as_deref(), trust_key, now });
        let known = self.0.borrow().kept.as_ref().map(Kept::named);
        let newer = match (&manifest, terms) {
            (Ok(Some(bytes)), Some(terms)) => newer(source, terms, bytes, known).await,
            _ => None,
        };
        let whole = newer.is_some();
        if let Some(Some(kept)) = newer {
            self.0.borrow_mut().kept = Some(kept);
        }
        if let Some(terms) = terms {
            self.read_canary(source, terms, found_canary.ok().flatten()).await;
        }
        let mut state = self.0.borrow_mut();
        let State { kept, canary, .. } = &mut *state;
        let kept = kept.as_mut()?;
        let read = kept.withdraw(&withdrawals, now);
        // Who the canary is for is fewer people; those whose withdrawals it cannot read fall back with it.
        if let Some((_, canary)) = canary {
            canary.withdraw(&withdrawals, now);
        }
        (whole && read).then_some(())
    }

    /// Keeps the canary that there is, if there is one and all of it can be read.
    async fn read_canary(&self, source: &impl Source, terms: Terms<'_>, found: Option<Vec<u8>>) {
        let (canary, version, known) = {
            let state = self.0.borrow();
            let Some(kept) = &state.kept else { return };
            let canary = found.and_then(|bytes| kept.edge.canary(&bytes).ok());
            (canary, kept.edge.info().version, state.canary.as_ref().map(|(_, kept)| kept.named()))
        };
        let Some(canary) = canary.filter(|canary| canary.version > version) else {
            self.0.borrow_mut().canary = None;
            return;
        };
        match newer(source, terms, &canary.manifest, known.filter(|(_, v)| *v <= canary.version)).await {
            Some(Some(kept)) => self.0.borrow_mut().canary = Some((canary, kept)),
            Some(None) => {
                if let Some((known, _)) = &mut self.0.borrow_mut().canary {
                    *known = canary;
                }
            }
            None => self.0.borrow_mut().canary = None,
        }
    }
}

impl Kept {
    /// The manifest's hash and version.
    fn named(&self) -> (Hash, u64) {
        (self.manifest, self.edge.info().version)
    }

    /// Takes in the withdrawals as read; whether they are known now.
    fn withdraw(&mut self, withdrawals: &Found, now: i64) -> bool {
        let read = match withdrawals {
            Ok(None) => true,
            Ok(Some(update)) => add_newer_revocations(&self.edge, update).is_ok(),
            Err(Unavailable) => false,
        };
        if read {
            self.withdrawals_read_at = Some(now);
        }
        read
    }
}

/// What manifests are opened under.
#[derive(Clone, Copy)]
struct Terms<'a> {
    keys: Option<&'a [u8]>,
    trust_key: &'a [u8; 32],
    now: i64,
}

/// Takes one section in; `None` when it is not to be had, or is not what it should be.
async fn take(source: &impl Source, edge: &mut Edge, need: Need) -> Option<()> {
    let section = source.section(&need.hash).await.ok()??;
    let taken = edge.add_section_of(need.kind, section);
    if taken.is_err() {
        source.refused(&need.hash).await;
    }
    taken.ok()
}

/// The bundle of a manifest with all its sections; `Some(None)` when it is the `known` one.
async fn newer(
    source: &impl Source,
    terms: Terms<'_>,
    bytes: &[u8],
    known: Option<(Hash, u64)>,
) -> Option<Option<Kept>> {
    let manifest = Hash::of(bytes);
    if known.is_some_and(|(hash, _)| hash == manifest) {
        return Some(None);
    }
    let mut edge = Edge::open_listed(bytes, terms.keys, terms.trust_key, terms.now).ok()?;
    if known.is_some_and(|(_, version)| edge.info().version <= version) {
        return None;
    }
    if let Some(table) = source.carried() {
        edge.add_carried(table);
    }
    for need in edge.needs() {
        if take(source, &mut edge, need).await.is_none() {
            // What a host kept nearer may have been damaged there.
            take(source, &mut edge, need).await?;
        }
    }
    Some(Some(Kept { edge, manifest, withdrawals_read_at: None }))
}

#[cfg(test)]
mod tests {
    use kenal_bundle::{File, Signer, write_canary, write_keys, write_revocation_update};

    use super::*;
    use crate::memory::{Memory, refresh};
    use crate::shop::{self, NOW, Shop, visitors};

    /// Items of the visitor's bundle, and whether they may be personalised.
    fn sees(keeper: &Keeper, visitor: Option<&str>, now: i64) -> Option<(usize, bool)> {
        keeper.with(now, visitor, |kept| kept.map(|(edge, fresh)| (edge.items().expect("complete"), fresh)))
    }

    fn shop(items: usize, version: u64) -> Shop {
        Shop { items, version, ..Shop::default() }
    }

    #[test]
    fn a_new_version_is_taken_whole_or_not_at_all() {
        let (keeper, store, key) = (Keeper::default(), Memory::default(), shop::key());
        refresh(&keeper, &store, &key, NOW);
        assert_eq!(sees(&keeper, None, NOW), None, "an empty store");
        store.put(shop(60, 7).files());
        refresh(&keeper, &store, &key, NOW + 1);
        assert_eq!(sees(&keeper, None, NOW + 1), None, "not asked again at once");
        refresh(&keeper, &store, &key, NOW + 3);
        assert_eq!(sees(&keeper, None, NOW + 3), Some((60, true)));
        // The next version's manifest is there before its sections.
        let next = shop(61, 8).files();
        let (manifest, sections): (Vec<File>, Vec<File>) =
            next.into_iter().partition(|file| file.name == MANIFEST_NAME);
        store.put(manifest);
        refresh(&keeper, &store, &key, NOW + 40);
        assert_eq!(sees(&keeper, None, NOW + 40), Some((60, true)), "the old version answers");
        store.put(sections);
        refresh(&keeper, &store, &key, NOW + 43);
        assert_eq!(sees(&keeper, None, NOW + 43), Some((61, true)));
        // Somebody puts the old manifest back.
        store.put(shop(60, 7).files());
        refresh(&keeper, &store, &key, NOW + 80);
        assert_eq!(sees(&keeper, None, NOW + 80), Some((61, true)));
    }

    #[test]
    fn withdrawals_that_cannot_be_read_end_personalising() {
        let (keeper, store, key) = (Keeper::default(), Memory::default(), shop::key());
        store.put(shop(60, 7).files());
        refresh(&keeper, &store, &key, NOW);
        *store.down.borrow_mut() = vec![REVOCATIONS_NAME.to_owned()];
        for (later, fresh) in [(100, true), (STALE_S_MAX, true), (STALE_S_MAX + 1, false), (-1, false)] {
            refresh(&keeper, &store, &key, NOW + later);
            assert_eq!(sees(&keeper, None, NOW + later), Some((60, fresh)), "{later}");
        }
        store.down.borrow_mut().clear();
        refresh(&keeper, &store, &key, NOW + 700);
        assert_eq!(sees(&keeper, None, NOW + 700), Some((60, true)));
        let trust = kenal_bundle::Trust::new(shop::signer().public().expect("a key"));
        let manifest = kenal_bundle::verify(&store.file(MANIFEST_NAME), &trust).expect("signed");
        let gone = kenal_bundle::VisitorKey::new(&shop::salt(), visitors::SHIRTS);
        let update = write_revocation_update(&shop::signer(), &manifest, NOW as u64, &[gone]).expect("an update");
        store.put(vec![File { name: REVOCATIONS_NAME.to_owned(), bytes: update }]);
        refresh(&keeper, &store, &key, NOW + 740);
        assert!(keeper.with(NOW + 740, None, |kept| kept.expect("kept").0.is_revoked(visitors::SHIRTS)));
    }

    #[test]
    fn a_canary_is_for_its_visitors_and_ends_when_it_is_gone() {
        let (keeper, store, key) = (Keeper::default(), Memory::default(), shop::key());
        store.put(shop(60, 7).files());
        let newer = shop(61, 8).files();
        let manifest = newer.iter().find(|file| file.name == MANIFEST_NAME).expect("there").bytes.clone();
        store.put(newer.into_iter().filter(|file| file.name != MANIFEST_NAME).collect());
        let share = |share| File {
            name: CANARY_NAME.to_owned(),
            bytes: write_canary(&shop::signer(), share, &manifest).expect("one"),
        };
        store.put(vec![share(3_000)]);
        refresh(&keeper, &store, &key, NOW);
        let names: Vec<String> = (0..400).map(|n| format!("v{n}")).collect();
        let newer_of = |now| names.iter().filter(|name| sees(&keeper, Some(name), now) == Some((61, true))).count();
        let found = newer_of(NOW);
        assert!((80..160).contains(&found), "{found} of 400 for 30 %");
        assert_eq!(sees(&keeper, None, NOW), Some((60, true)), "nobody in particular is not among them");
        store.put(vec![share(10_000)]);
        refresh(&keeper, &store, &key, NOW + 40);
        assert_eq!(newer_of(NOW + 40), 400);
        let mut damaged = store.file(CANARY_NAME);
        damaged[30] ^= 1;
        store.put(vec![File { name: CANARY_NAME.to_owned(), bytes: damaged }]);
        refresh(&keeper, &store, &key, NOW + 80);
        assert_eq!(newer_of(NOW + 80), 0, "one that cannot be read is for nobody");
    }

    #[test]
    fn a_list_of_keys_is_followed_or_nothing_is_opened() {
        let root = Signer::from_seed(&[1; 32]);
        let key = root.public().expect("a key").to_bytes();
        let (keeper, store) = (Keeper::default(), Memory::default());
        store.put(shop(60, 7).files());
        refresh(&keeper, &store, &key, NOW);
        assert_eq!(sees(&keeper, None, NOW), None, "the root did not sign it");
        let list = write_keys(&root, 1, NOW as u64 + 60, &[shop::signer().public().expect("a key")]).expect("a list");
        store.put(vec![File { name: KEYS_NAME.to_owned(), bytes: list }]);
        refresh(&keeper, &store, &key, NOW + 3);
        assert_eq!(sees(&keeper, None, NOW + 3), Some((60, true)));
        let late = Keeper::default();
        refresh(&late, &store, &key, NOW + 61);
        assert_eq!(sees(&late, None, NOW + 61), None, "the list has expired");
    }
}
