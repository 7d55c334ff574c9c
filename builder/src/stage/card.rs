//! The model card: made by the models stage, kept in the lake's reports, named by hash in the bundle's manifest.
//!
//! Read [`Judgement`] (who was tested), [`write`] (models), [`attach`] (compile), [`find`] (`kenal model`).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use kenal_bundle::{CardValue, Hash, TextMap};
use kenal_card::{Card, Churn, Judged, Ranking, Role, html};
use kenal_consent::Snapshot;
use kenal_models::eval::{Case, Evaluation};
use kenal_types::PersonId;

use super::Company;
use super::consent::hex;
use super::matter::ItemNumbers;

/// Name of the newest card beside a bundle and in the lake's reports.
pub const NAME: &str = "model-card.json";
const PAGE: &str = "model-card.html";
/// Key of its hash in the manifest's card.
const HASH: &str = "model card, BLAKE3";

/// Recommenders judged on the same people.
pub struct Judgement {
    people: Vec<PersonId>,
    test: Hash,
    models: Vec<Judged>,
}

impl Judgement {
    /// The cases of an evaluation, and what each recommender reached on them: the model to publish, and the baseline.
    pub fn new(
        cases: &[Case],
        people: &[PersonId],
        items: &ItemNumbers,
        models: &[(&str, Role, &Evaluation)],
    ) -> Judgement {
        let counted = || cases.iter().filter(|c| !c.relevant.is_empty());
        let person = |c: &Case| people[c.user as usize];
        // People and what was hidden of them, by names that stay when numbers change.
        let mut named = Vec::new();
        for case in counted() {
            named.extend(person(case).0.to_le_bytes());
            for &item in &case.relevant {
                named.extend(items.ids()[item as usize].as_bytes());
                named.push(0);
            }
        }
        let judged = |(name, role, evaluation): &(&str, Role, &Evaluation)| Judged::new(name, *role, evaluation);
        Judgement {
            people: counted().map(person).collect(),
            test: Hash::of(&named),
            models: models.iter().map(judged).collect(),
        }
    }

    fn ranking(self, snapshot: &Snapshot) -> Ranking {
        let market = |p: &PersonId| snapshot.of(*p).first().map_or("none", |r| r.market.code());
        let mut markets: Vec<&str> = self.people.iter().map(market).collect();
        markets.sort_unstable();
        markets.dedup();
        let number = |p: &PersonId| markets.iter().position(|m| *m == market(p)).unwrap_or_default() as u8;
        Ranking {
            test: self.test.to_string(),
            cases: self.people.len(),
            market_of: self.people.iter().map(number).collect(),
            markets: markets.iter().map(|m| (*m).to_owned()).collect(),
            models: self.models,
        }
    }
}

/// What the models stage knows when it is done.
pub struct Trained {
    pub judgement: Judgement,
    pub churn: Churn,
    /// May it be published, in words.
    pub verdict: String,
    pub published: bool,
    /// Settings and data in words.
    pub about: BTreeMap<String, String>,
}

/// Writes the card into the lake's reports: as the newest, and under its hash for later comparisons.
pub fn write(company: &Company, snapshot: &Snapshot, trained: Trained) -> Result<()> {
    let cut = company.cut()?;
    let mut card = Card::new(&format!("Models of {}", cut.date()), &trained.verdict, trained.published);
    card.about = trained.about;
    card.about.insert("data up to".to_owned(), cut.to_string());
    card.about.insert("complete in every source up to".to_owned(), company.as_of()?.to_string());
    card.about.insert("consent snapshot".to_owned(), hex(&snapshot.root()));
    card.about.insert("code of the features".to_owned(), kenal_features::CODE_HASH.to_owned());
    card.recommender = Some(trained.judgement.ranking(snapshot));
    card.churn = Some(trained.churn);
    let (json, page) = (card.to_json()?, html(&card));
    let reports = company.lake.root().join("reports");
    let kept = reports.join("model-cards");
    fs::create_dir_all(&kept).with_context(|| format!("making {}", kept.display()))?;
    let name = &Hash::of(&json).to_string()[..12];
    for (path, bytes) in [
        (kept.join(format!("{name}.json")), &json[..]),
        (kept.join(format!("{name}.html")), page.as_bytes()),
        (reports.join(PAGE), page.as_bytes()),
        (reports.join(NAME), &json),
    ] {
        fs::write(&path, bytes).with_context(|| format!("writing {}", path.display()))?;
    }
    println!("model card {}", reports.join(PAGE).display());
    Ok(())
}

/// Puts the card beside the bundle, and its hash among the lines of the manifest's card.
pub fn attach(company: &Company, out: &Path, lines: &mut BTreeMap<String, CardValue>) -> Result<()> {
    let reports = company.lake.root().join("reports");
    let json = fs::read(reports.join(NAME)).context("reading the model card; run `kenal run models` again")?;
    lines.insert(HASH.to_owned(), CardValue::Text(Hash::of(&json).to_string()));
    fs::create_dir_all(out).with_context(|| format!("making {}", out.display()))?;
    fs::write(out.join(NAME), &json).with_context(|| format!("writing {NAME}"))?;
    fs::copy(reports.join(PAGE), out.join(PAGE)).with_context(|| format!("writing {PAGE}"))?;
    Ok(())
}

/// The card of a file, of a bundle's folder, or of a lake: the newest one there.
pub fn find(path: &Path) -> Result<(PathBuf, Card)> {
    let places = [path.to_owned(), path.join(NAME), path.join("reports").join(NAME)];
    let Some(file) = places.into_iter().find(|p| p.is_file()) else {
        bail!("{}: neither a model card nor a folder of a bundle or lake with one", path.display());
    };
    let bytes = fs::read(&file).with_context(|| format!("reading {}", file.display()))?;
    let card = Card::from_json(&bytes).with_context(|| file.display().to_string())?;
    Ok((file, card))
}

/// What is to be said of the card beside a bundle: the manifest names its hash, and whoever copies a bundle to an edge
/// may leave it behind.
///
/// # Errors
/// A card that is there and is not the one that was signed.
pub fn check(folder: &Path, lines: &TextMap<CardValue>) -> Result<&'static str> {
    let Some(CardValue::Text(expected)) = lines.get(HASH) else { return Ok("no model card was signed") };
    let path = folder.join(NAME);
    if !path.exists() {
        return Ok("the model card is not beside the bundle");
    }
    let found = Hash::of(&fs::read(&path).with_context(|| format!("reading {}", path.display()))?).to_string();
    if found != *expected {
        bail!("{} is not the model card that was signed: {found} instead of {expected}", path.display());
    }
    Ok("model card as signed")
}
