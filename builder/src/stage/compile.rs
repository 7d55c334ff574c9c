//! compile: everything an edge needs, in one signed bundle.
//!
//! Read in this order: `shelf` (items, catalogue, trending), `rows` (what the edge knows of each person who agreed),
//! `tokens` (by which pages name visitors), this file (sections together, signed and written), `trial` (the finished bundle asked by the core itself).

mod rows;
mod shelf;
mod tokens;
mod trial;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use kenal_bundle::{
    CardValue, File, Hash, Kind, MANIFEST_NAME, MarketEntry, Publisher, Release, Signer, Trust, VisitorKey, verify,
};
use kenal_consent::{Cell, Policy};
use kenal_core::Items;
use kenal_features::Rates;
use kenal_lake::Fingerprint;
use kenal_types::Market;

use self::shelf::Shelf;
pub use self::tokens::Tokens;
use super::matter::ItemNumbers;
use super::models::ModelFiles;
use super::people::People;
use super::{Company, Outcome, PublishPolicy, Stage, consent};
use crate::gold::ModelCardRow;
use crate::ui::{Align, Progress, Table, count};

pub fn run(company: &Company) -> Result<Outcome> {
    let out = company.out.as_deref().context("the bundle's folder is not known; add --out DIR")?;
    let card: Vec<ModelCardRow> = company.get(Stage::Models)?;
    if company.publish == PublishPolicy::OnlyIfBetter && !card.iter().any(|f| f.name == "publish" && f.value == 1.0) {
        return Ok(Outcome::Refused("the model card does not say that the model beats trending".to_owned()));
    }
    let progress = Progress::start("compile");
    let snapshot = consent::snapshot(company)?;
    let (items, variants) = (company.lake.items()?, company.lake.variants()?);
    let learnt = People::new(company, &snapshot, Cell::TRAIN, &items);
    let served = People::new(company, &snapshot, Cell::PERSONALISE_ONSITE, &items);
    let numbers = ItemNumbers::new(&items);
    let models = ModelFiles::read(company, &numbers)?;
    let cut = company.cut()?;

    let signer = Signer::from_seed(&crate::keys::load_or_make(&company.key)?);
    let release = release(company, out, &signer, Hash(snapshot.root()), &card)?;
    let version = release.version;
    let before = items_before(out, &signer);
    let before = before.as_deref().map(Items::parse).transpose().context("reading the items of the last bundle")?;
    let mut publisher = Publisher::new(release).following(before);
    let shelf = Shelf::new(&items, &variants, &numbers, &Rates::default())?;
    let index = shelf.write(&mut publisher, &models, &numbers)?;
    shelf.write_trending(&mut publisher, &learnt, &snapshot, &index, cut)?;
    publisher.churn(&models.churn())?;

    let shown = rows::Items { models: &models, index: &index };
    let people = rows::Rows::read(&served, &snapshot, &rows::deciles(company)?, shown, cut)?;
    let names = people.names(&rows::aliases(company)?);
    let tokens = Tokens::keep(&Tokens::path(&company.key), &names)?;
    let mut folder = Written::to(out)?;
    people.write(&mut publisher, &names, &tokens, &Hash(salt(&signer)?), |shard| folder.write(&shard))?;
    // The manifest is the last.
    for file in publisher.finish(&signer).context("putting the sections together")? {
        folder.write(&file)?;
    }
    folder.sweep()?;
    let trial = trial::run(company, out, &people, &tokens)?;
    progress.finish(&format!("version {version}, {} bytes", count(folder.bytes)));
    show(&folder, people.len(), &trial);
    Ok(Outcome::Done)
}

/// The keys of all visitors whose token is kept and who may be personalised, but for those of the tokens in `withdrawn`.
pub fn allowed(company: &Company, signer: &Signer, withdrawn: &BTreeSet<&str>) -> Result<BTreeSet<VisitorKey>> {
    let snapshot = consent::snapshot(company)?;
    let salt = Hash(salt(signer)?);
    let tokens = Tokens::read(&Tokens::path(&company.key))?;
    let may = |person| snapshot.permits(person, Cell::PERSONALISE_ONSITE);
    let allowed = tokens.iter().filter(|(person, token)| may(*person) && !withdrawn.contains(token));
    Ok(allowed.map(|(_, token)| VisitorKey::new(&salt, token)).collect())
}

/// Salt of the visitor keys: the signer's own, so that it stays from bundle to bundle and is no other company's.
fn salt(signer: &Signer) -> Result<[u8; 32]> {
    let key = signer.public()?.to_bytes();
    Ok(Fingerprint::of("visitor salt 1").hash("signer", &key).finish().0)
}

fn release(company: &Company, out: &Path, signer: &Signer, root: Hash, card: &[ModelCardRow]) -> Result<Release> {
    let markets: Vec<Market> = Market::ALL.to_vec();
    let lifetime_h = Policy::default().withdrawal_effect_h(&markets);
    let created_at = u64::try_from(company.now.seconds()).context("a bundle cannot be built before 1970")?;
    let (version, previous) = previous(out, signer)?;
    let mut card: BTreeMap<String, CardValue> =
        card.iter().map(|row| (row.name.clone(), CardValue::Number(row.value))).collect();
    super::card::attach(company, out, &mut card)?;
    let watermarks = company
        .lake
        .watermarks()?
        .into_iter()
        .filter_map(|w| Some((format!("{}/{}", w.system, w.kind), u64::try_from(w.watermark?.seconds()).ok()?)));
    Ok(Release {
        version,
        created_at,
        expires_at: created_at + u64::from(lifetime_h) * 3_600,
        previous,
        consent_root: root,
        salt: Hash(salt(signer)?),
        markets: markets.iter().map(|m| entry(*m)).collect(),
        watermarks: watermarks.collect(),
        card,
    })
}

fn entry(market: Market) -> MarketEntry {
    MarketEntry { code: market.code().to_owned(), currency: market.currency().code().to_owned() }
}

/// The version to publish, and the hash of the manifest it follows. A manifest that is there and does not verify is
/// not built upon: somebody should look.
fn previous(out: &Path, signer: &Signer) -> Result<(u64, Option<Hash>)> {
    let path = out.join(MANIFEST_NAME);
    if !path.exists() {
        return Ok((1, None));
    }
    let bytes = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
    let last = verify(&bytes, &Trust::new(signer.public()?)).with_context(|| {
        format!("{} is not a bundle of this company; move it away or choose another --out", out.display())
    })?;
    Ok((last.version + 1, Some(Hash::of(&bytes))))
}

/// The items of the bundle that is there, whose order the next one keeps; `None` where there is none to be read.
fn items_before(out: &Path, signer: &Signer) -> Option<Vec<u8>> {
    let folder = crate::bundle_folder::BundleFolder::open(out, signer.public().ok()).ok()?;
    folder.section(Kind::Items).map(<[u8]>::to_vec)
}

/// A bundle's folder as it fills: each file by renaming and the manifest last, so that a reader sees the old bundle or the
/// new one.
struct Written<'o> {
    out: &'o Path,
    names: BTreeSet<String>,
    bytes: u64,
}

impl<'o> Written<'o> {
    fn to(out: &'o Path) -> Result<Self> {
        let sections = out.join("sections");
        fs::create_dir_all(&sections).with_context(|| format!("making {}", sections.display()))?;
        Ok(Written { out, names: BTreeSet::new(), bytes: 0 })
    }

    fn write(&mut self, file: &File) -> Result<()> {
        let path = self.out.join(&file.name);
        let begun = path.with_extension("part");
        fs::write(&begun, &file.bytes).with_context(|| format!("writing {}", begun.display()))?;
        fs::rename(&begun, &path).with_context(|| format!("writing {}", path.display()))?;
        self.names.insert(file.name.clone());
        self.bytes += file.bytes.len() as u64;
        Ok(())
    }

    /// Removes sections that neither this bundle nor a reader still opening the last one needs: those of bundles before.
    fn sweep(&self) -> Result<()> {
        let folder = self.out.join("sections");
        let day = std::time::Duration::from_secs(86_400);
        for entry in fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))? {
            let entry = entry?;
            let name = format!("sections/{}", entry.file_name().to_string_lossy());
            let old = entry.metadata()?.modified().is_ok_and(|m| m.elapsed().is_ok_and(|age| age > day));
            if old && !self.names.contains(&name) {
                fs::remove_file(entry.path()).with_context(|| format!("removing {}", entry.path().display()))?;
            }
        }
        Ok(())
    }
}

fn show(folder: &Written<'_>, people: usize, trial: &trial::Trial) {
    let mut table = Table::new(&[("bundle", Align::Left), ("", Align::Right)]);
    table.row(["files", &count(folder.names.len() as u64)]);
    table.row(["bytes", &count(folder.bytes)]);
    table.row(["people with a row", &count(people as u64)]);
    table.row(["asked of the core, people", &count(trial.asked)]);
    table.row(["answered in their own taste", &count(trial.personalised)]);
    println!("{table}");
}
