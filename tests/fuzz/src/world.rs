//! What the targets work on: the test shop, opened once, with its parts at hand, and more bundles to take pieces from.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use kenal_bundle::{File, Manifest, RowSeal, Trust, verify};
use kenal_core::format::write::{ItemInput, ItemsInput, Tiers, write_items};
use kenal_core::{Attributes, Items, Kind, Users};
use kenal_edge::{Edge, MANIFEST_NAME};

use crate::shop::{self, NOW, Shop, visitors};

/// The visitors that the shop knows, and one that it does not.
pub const VISITORS: [&str; 6] =
    [visitors::SHIRTS, visitors::LAMPS, visitors::SILENT, visitors::REVOKED, visitors::EMPTY, visitors::STRANGER];

/// The shop and what it is made of.
#[derive(Debug)]
pub struct World {
    /// The manifest file, and what it says.
    pub manifest_bytes: Vec<u8>,
    pub manifest: Manifest,
    /// The sections that the manifest lists.
    pub sections: BTreeMap<Kind, Vec<u8>>,
    /// The user shards by number.
    pub shards: BTreeMap<u32, Vec<u8>>,
    /// The rows by visitor, opened.
    pub rows: BTreeMap<&'static str, Vec<u8>>,
    /// The shop, complete.
    pub edge: Edge,
    /// The sections of this shop and of others.
    pub shops: Vec<BTreeMap<Kind, Vec<u8>>>,
    /// All of them and those of the golden bundles: what damage begins with.
    pub seeds: Vec<Vec<u8>>,
    /// Signed files of the golden bundles.
    pub foreign: Vec<Vec<u8>>,
}

/// The one world of this process.
pub fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(World::new)
}

/// Whom everything here trusts: the test shop's own key.
pub fn trust() -> Trust {
    static TRUST: OnceLock<Trust> = OnceLock::new();
    *TRUST.get_or_init(|| Trust::new(shop::signer().public().expect("a good seed")))
}

impl World {
    fn new() -> World {
        let files = Shop::default().files();
        let file = |name: &str| files.iter().find(|file| file.name == name).expect("a file of the shop").bytes.clone();
        let manifest_bytes = file(MANIFEST_NAME);
        let manifest = verify(&manifest_bytes, &trust()).expect("the shop's manifest");
        let sections = sections_of(&files);
        let edge = open(&manifest_bytes, sections.values()).expect("the shop opens");
        let users = Users::parse(&sections[&Kind::Users]).expect("the shop's users");
        let names = users.hashes().iter().map(|hash| kenal_bundle::Hash(*hash).section_name());
        let shards: BTreeMap<u32, Vec<u8>> = (0..).zip(names.map(|name| file(&name))).collect();
        let row = |visitor: &'static str| {
            let shard = &shards[&shard_of(visitor)];
            Some((visitor, edge.row_from_shard(shard, visitor).expect("a shard")?))
        };
        let rows = VISITORS.into_iter().filter_map(row).collect();
        let (golden, foreign) = golden();
        let others = [(22, 1, 1), (23, 16, 2), (40, 256, 3), (300, 17, 4)];
        let others = others.map(|(items, dims, version)| Shop { items, dims, version, ..Shop::default() }.files());
        let mut shops = vec![sections.clone()];
        shops.extend(others.iter().map(|files| sections_of(files)));
        let mut with_halves = sections.clone();
        with_halves.insert(Kind::Items, of_other_tiers(&sections[&Kind::Items]));
        shops.push(with_halves);
        let mut seeds = golden;
        seeds.extend(shops.iter().flat_map(|shop| shop.values().cloned()));
        seeds.extend(shards.values().cloned());
        World { manifest_bytes, manifest, sections, shards, rows, edge, shops, seeds, foreign }
    }
}

/// The same items: a few fine, half of them in half bytes.
fn of_other_tiers(section: &[u8]) -> Vec<u8> {
    let items = Items::parse(section).expect("the shop's items");
    let categories: Vec<String> = items.categories().iter().map(str::to_owned).collect();
    let input = |item| {
        let mut factor = vec![0.0; items.dims()];
        assert!(items.dequantise(item, &mut factor));
        let Attributes { markets, category, price_band, in_stock } = items.attributes(item).expect("an item");
        let (id, boost) = (items.id(item).expect("an item").to_owned(), items.boost(item));
        ItemInput { id, factor, markets, category, price_band, in_stock, boost }
    };
    let inputs: Vec<ItemInput> = items.iter().map(input).collect();
    let (model, dims, markets) = (*items.model(), items.dims(), items.markets());
    let tiers = Tiers { fine: items.len() / 4, whole: items.len() / 2 };
    let input =
        ItemsInput { model, dims, markets, categories: &categories, items: &inputs, tiers, previous: Some(&items) };
    write_items(&input).expect("as good as before").bytes
}

/// The sections that the manifest among these files lists.
fn sections_of(files: &[File]) -> BTreeMap<Kind, Vec<u8>> {
    let file = |name: &str| files.iter().find(|file| file.name == name).expect("a file of the shop").bytes.clone();
    let manifest = verify(&file(MANIFEST_NAME), &trust()).expect("a shop's manifest");
    manifest.sections.iter().map(|entry| (entry.kind, file(&entry.hash.section_name()))).collect()
}

/// The number of the shard in which the shop has a visitor.
pub fn shard_of(visitor: &str) -> u32 {
    RowSeal::new(&shop::salt(), visitor).visitor_key().shard(shop_bits())
}

/// Bits of a visitor key that choose a shard of the shop.
pub const fn shop_bits() -> u32 {
    2
}

/// A bundle with these sections.
///
/// # Errors
/// What the edge says to the first part that it refuses.
pub fn open<'s>(
    manifest: &[u8],
    sections: impl IntoIterator<Item = &'s Vec<u8>>,
) -> Result<Edge, kenal_edge::EdgeError> {
    let mut edge = Edge::open(manifest, &shop::key(), NOW)?;
    for section in sections {
        edge.add_section(section.clone())?;
    }
    Ok(edge)
}

/// Sections, and everything else, of the bundles that every reader must read for ever.
fn golden() -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../core/bundle/tests/fixtures");
    let (mut sections, mut others) = (Vec::new(), Vec::new());
    for version in folder(&root) {
        sections.extend(folder(&version.join("sections")).iter().map(|path| read(path)));
        others.push(read(&version.join(MANIFEST_NAME)));
    }
    assert!(sections.len() > 20, "the golden bundles are not in {}", root.display());
    (sections, others)
}

fn folder(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a folder can be read").path()).collect();
    paths.sort();
    paths
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
