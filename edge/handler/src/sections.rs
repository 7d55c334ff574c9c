//! The bytes of a bundle's sections and the parsed views into them, in one value that can be moved.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;

use kenal_core::{Bundle, Kind, SectionError, Sections};
use self_cell::self_cell;

/// Bytes that were fetched, or that the program carries with it.
type Bytes = Cow<'static, [u8]>;

/// Sections as fetched and hash-checked, or carried; not yet parsed.
#[derive(Default)]
pub(crate) struct Parts {
    items: Option<Bytes>,
    trending: Option<Bytes>,
    revocations: Option<Bytes>,
    users: Option<Bytes>,
    catalogue: Option<Bytes>,
    blend: Option<Bytes>,
}

impl Parts {
    /// Where the bytes of a kind go; `None` for kinds that no request reads.
    fn slot(&mut self, kind: Kind) -> Option<&mut Option<Bytes>> {
        match kind {
            Kind::Items => Some(&mut self.items),
            Kind::Trending => Some(&mut self.trending),
            Kind::Revocations => Some(&mut self.revocations),
            Kind::Users => Some(&mut self.users),
            Kind::Catalogue => Some(&mut self.catalogue),
            Kind::Blend => Some(&mut self.blend),
            Kind::Churn | Kind::UserShard => None,
        }
    }

    /// In the order in which another bundle takes them in at the least cost.
    fn all(&self) -> [(Kind, Option<&Bytes>); 6] {
        [
            (Kind::Items, self.items.as_ref()),
            (Kind::Blend, self.blend.as_ref()),
            (Kind::Catalogue, self.catalogue.as_ref()),
            (Kind::Users, self.users.as_ref()),
            (Kind::Trending, self.trending.as_ref()),
            (Kind::Revocations, self.revocations.as_ref()),
        ]
    }

    /// `None` while one is missing without which nothing can be said.
    fn sections(&self) -> Option<Sections<'_>> {
        Some(Sections {
            items: self.items.as_deref()?,
            trending: self.trending.as_deref()?,
            revocations: self.revocations.as_deref()?,
            users: self.users.as_deref(),
            churn: None,
            catalogue: self.catalogue.as_deref(),
            blend: self.blend.as_deref(),
        })
    }

    /// What is signed has been parsed by whoever signed it (`kenal_bundle::Publisher`), so it is not read through again.
    fn open(&self) -> Result<Parsed<'_>, SectionError> {
        self.sections().map(|sections| Bundle::reopen(&sections)).transpose()
    }
}

self_cell!(
    struct Cell {
        owner: Parts,
        #[covariant]
        dependent: Parsed,
    }
);

type Parsed<'a> = Option<Bundle<'a>>;

/// The sections of a bundle that have arrived, parsed as soon as the ones are there without which nothing can be said.
pub(crate) struct Loaded(Cell);

impl fmt::Debug for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loaded").field("complete", &self.bundle().is_some()).finish()
    }
}

impl Default for Loaded {
    fn default() -> Self {
        Loaded(Cell::new(Parts::default(), |_| None))
    }
}

impl Loaded {
    /// Sections that the program carries with it.
    pub(crate) fn carried(sections: impl Iterator<Item = (Kind, &'static [u8])>) -> Result<Loaded, SectionError> {
        let mut parts = Parts::default();
        for (kind, bytes) in sections {
            if let Some(slot) = parts.slot(kind) {
                *slot = Some(bytes.into());
            }
        }
        Cell::try_new(parts, Parts::open).map(Loaded)
    }

    /// Adds or replaces the section of a kind. When it does not open, or not with the others, nothing has changed.
    pub(crate) fn put(&mut self, kind: Kind, bytes: Vec<u8>) -> Result<(), SectionError> {
        let mut parts = core::mem::take(self).0.into_owner();
        let before = parts.slot(kind).and_then(|slot| slot.replace(bytes.into()));
        let (cell, error) = match Cell::try_new_or_recover(parts, Parts::open) {
            Ok(cell) => (cell, None),
            Err((mut parts, error)) => {
                if let Some(slot) = parts.slot(kind) {
                    *slot = before;
                }
                // These opened before; if they were never together, they wait unopened.
                let restored = Cell::try_new_or_recover(parts, Parts::open);
                (restored.unwrap_or_else(|(parts, _)| Cell::new(parts, |_| None)), Some(error))
            }
        };
        self.0 = cell;
        error.map_or(Ok(()), Err)
    }

    /// The bundle, when items, trending and revocations are there.
    pub(crate) fn bundle(&self) -> Option<&Bundle<'_>> {
        self.0.borrow_dependent().as_ref()
    }

    /// Whether the section of a kind has arrived.
    pub(crate) fn has(&self, kind: Kind) -> bool {
        self.bytes().any(|(k, _)| k == kind)
    }

    /// What has arrived.
    pub(crate) fn bytes(&self) -> impl Iterator<Item = (Kind, &[u8])> {
        self.0.borrow_owner().all().into_iter().filter_map(|(kind, bytes)| Some((kind, &**bytes?)))
    }
}
