//! models: recommender and churn model, evaluated on what they had not seen, kept as tables.

use anyhow::{Context as _, Result};
use kenal_consent::Cell;
use kenal_core::format::write::{ChurnFeature, ChurnInput};
use kenal_core::{Model, Weights};
use kenal_features::CODE_HASH;
use kenal_lake::Fingerprint;
use kenal_models::als::{AlsStop, Iteration};
use kenal_models::blend::strength;
use kenal_models::eval::Verdict;

use super::matter::ItemNumbers;
use super::people::People;
use super::recommender::{Recommender, RecommenderConfig};
use super::{Company, Outcome, PublishPolicy, Stage, card, churn, consent, recommender};
use crate::gold::{ChurnTermRow, GoldRow, ItemModelRow, ModelCardRow};
use crate::ui::{Align, Progress, Table, count};

const CODE: &str = "models 5";
/// Card entries that later stages read.
const ALPHA0: &str = "recommender/alpha0";
const REG: &str = "recommender/reg";
const ITEM_ITEM: &str = "recommender/weight/item-item";
const ALS: &str = "recommender/weight/als";
const AGAIN: &str = "recommender/weight/again";
/// Days; 0 when all of a history counts the same.
const RECENCY: &str = "recommender/recency_days";
pub const PUBLISH: &str = "publish";

pub fn run(company: &Company) -> Result<Outcome> {
    let config = RecommenderConfig::default();
    let mut fingerprint = Fingerprint::of(CODE).config(&format!("{config:?} {:?} {CODE_HASH}", company.publish));
    for table in ["silver_items", "gold_purchases", "gold_events", "gold_consent_snapshot", "gold_presences"] {
        fingerprint = fingerprint.table(&company.lake, table)?;
    }
    let fingerprint = fingerprint.finish();
    if company.lake.gold_fingerprint(ModelCardRow::TABLE)? == Some(fingerprint) {
        eprintln!("{:>10}  unchanged", "models");
        return verdict_of(&company.get::<ModelCardRow>(Stage::Models)?, company.publish);
    }
    let snapshot = consent::snapshot(company)?;
    let items = company.lake.items()?;
    let numbers = ItemNumbers::new(&items);
    let cut = company.cut()?;
    let learnt = People::new(company, &snapshot, Cell::TRAIN, &items);
    let served = People::new(company, &snapshot, Cell::PERSONALISE_ONSITE, &items);
    let progress = Progress::start("models");
    let told = |what: &str, i: Iteration| {
        progress.set(&format!("{what}, iterations"), i.iteration as u64, i.iterations_max as u64);
    };
    let fitted = recommender::fit(&learnt, &numbers, cut, &config, company.threads, &told)?;
    let leaving = churn::fit(&learnt, &served, cut, company.threads)?;

    let mut lines = fitted.figures.clone();
    lines.extend(leaving.figures.iter().cloned());
    let better = matches!(fitted.verdict, Verdict::Publish(_));
    let publish = better || company.publish == PublishPolicy::Regardless;
    for (name, value) in [
        (ALPHA0, f64::from(config.als.unobserved)),
        (REG, f64::from(config.als.reg)),
        (ITEM_ITEM, f64::from(fitted.weights.item_item)),
        (ALS, f64::from(fitted.weights.als)),
        (AGAIN, f64::from(fitted.weights.again)),
        (RECENCY, Some(fitted.weights.recency_days).filter(|d| d.is_finite()).map_or(0.0, f64::from)),
        ("recommender/trend_power", f64::from(fitted.weights.trend_power)),
        ("recommender/rise_power", f64::from(fitted.weights.rise_power)),
        ("recommender/trend_half_life_days", f64::from(fitted.trend_half_life_days)),
        ("recommender/again_half_life_days", f64::from(fitted.weights.again_half_life_days)),
        ("recommender/interactions", fitted.interactions as f64),
        ("beats trending", f64::from(u8::from(better))),
        (PUBLISH, f64::from(u8::from(publish))),
    ] {
        lines.push(ModelCardRow { name: name.to_owned(), value });
    }
    company.put(&fitted.items, &fingerprint)?;
    company.put(&leaving.terms, &fingerprint)?;
    company.put(&leaving.scores, &fingerprint)?;
    company.put(&lines, &fingerprint)?;
    progress.finish(&format!(
        "{} interactions of {} items",
        count(fitted.interactions as u64),
        count(numbers.len() as u64)
    ));
    show(&fitted, &leaving);
    let verdict = told_verdict(&fitted.verdict);
    let about = [("settings of the recommender".to_owned(), format!("{config:?}"))].into();
    let trained =
        card::Trained { judgement: fitted.judgement, churn: leaving.judged, verdict, published: publish, about };
    card::write(company, &snapshot, trained)?;
    Ok(match fitted.verdict {
        Verdict::Refuse(why) if !publish => Outcome::Refused(why.to_string()),
        _ => Outcome::Done,
    })
}

fn verdict_of(card: &[ModelCardRow], policy: PublishPolicy) -> Result<Outcome> {
    let publish = card.iter().find(|row| row.name == PUBLISH).context("the model card has no publish decision")?;
    if publish.value == 1.0 || policy == PublishPolicy::Regardless {
        return Ok(Outcome::Done);
    }
    Ok(Outcome::Refused("the model on the card does not beat trending".to_owned()))
}

fn show(fitted: &Recommender, leaving: &churn::Leaving) {
    let figure = |name: &str| fitted.figures.iter().find(|f| f.name == name).map_or(f64::NAN, |f| f.value);
    let mut table = Table::new(&[
        ("bought in the last month, new to them", Align::Left),
        ("blend", Align::Right),
        ("95 %", Align::Right),
        ("trending", Align::Right),
    ]);
    for metric in ["recall@20", "ndcg@20"] {
        let of = |who: &str| figure(&format!("recommender/{who}/{metric}"));
        let end = |end: &str| figure(&format!("recommender/blend/{metric}/95%/{end}"));
        table.row([
            metric.to_owned(),
            format!("{:.4}", of("blend")),
            format!("{:.4} – {:.4}", end("low"), end("high")),
            format!("{:.4}", of("trending")),
        ]);
    }
    println!("{table}");
    let stop = match fitted.als_stop {
        AlsStop::Converged { iterations } => format!("converged after {iterations} iterations"),
        AlsStop::IterationCap { iterations, last_delta } => {
            format!(
                "stopped at the cap of {iterations} iterations, the last lowering the loss by {:.3} %",
                100.0 * last_delta
            )
        }
        AlsStop::Interrupted { iterations } => format!("interrupted after {iterations} iterations"),
    };
    println!("on {} people; ALS {stop}", figure("recommender/cases"));
    let parts = ["als", "item-item", "blend without als", "blend without item-item", "blend without trend"];
    let part = |name: &&str| format!("{name} {:.4}", figure(&format!("recommender/{name}/recall@20")));
    println!("recall@20 of its parts: {}", parts.iter().map(part).collect::<Vec<_>>().join(", "));
    let again = |who: &str| figure(&format!("recommender/again/{who}/recall@20"));
    println!(
        "whatever they bought, with what is bought again: {:.4}, trending {:.4}",
        again("blend"),
        again("trending")
    );
    println!("{leaving}");
    println!("{}", told_verdict(&fitted.verdict));
}

fn told_verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Publish(_) => "the model beats trending: it may be published".to_owned(),
        Verdict::Refuse(why) => format!("not to be published: {why}"),
    }
}

/// What the compiler takes from the tables of this stage.
pub struct ModelFiles {
    items: Vec<ItemModelRow>,
    dims: usize,
    parameters: Model,
    weights: Weights,
    recency_days: f32,
    churn: Vec<ChurnFeature>,
    intercept: f32,
    calibration: (f32, f32),
}

impl ModelFiles {
    pub fn read(company: &Company, numbers: &ItemNumbers) -> Result<Self> {
        let items: Vec<ItemModelRow> = company.get(Stage::Models)?;
        let same = items.iter().map(|r| &r.item_id).eq(numbers.ids());
        anyhow::ensure!(same, "the model is of another catalogue than the lake's; run `kenal run models` again");
        let dims = items.first().map_or(0, |r| r.factors.len());
        let card: Vec<ModelCardRow> = company.get(Stage::Models)?;
        let of = |name: &str| {
            let row = card.iter().find(|r| r.name == name);
            row.map(|r| r.value as f32).with_context(|| format!("the model card has no {name}"))
        };
        let confidence = RecommenderConfig::default().confidence;
        let parameters = Model {
            alpha0: of(ALPHA0)?,
            reg: of(REG)?,
            view: confidence.view,
            cart: confidence.cart,
            purchase: confidence.purchase,
            half_life_s: confidence.half_life_days * 86_400.0,
        };
        let terms: Vec<ChurnTermRow> = company.get(Stage::Models)?;
        let head = terms.iter().find(|t| t.term == churn::INTERCEPT).context("the churn model has no intercept")?;
        let (intercept, calibration) = (head.coefficient as f32, (head.mean as f32, head.scale as f32));
        let term = |t: &ChurnTermRow| ChurnFeature {
            name: t.term.clone(),
            coefficient: t.coefficient as f32,
            mean: t.mean as f32,
            scale: t.scale as f32,
        };
        let churn = terms.iter().filter(|t| t.term != churn::INTERCEPT).map(term).collect();
        let weights = Weights { item_item: of(ITEM_ITEM)?, als: of(ALS)?, again: of(AGAIN)? };
        let recency_days = Some(of(RECENCY)?).filter(|d| *d > 0.0).unwrap_or(f32::INFINITY);
        Ok(ModelFiles { items, dims, parameters, weights, recency_days, churn, intercept, calibration })
    }

    pub fn dims(&self) -> usize {
        self.dims
    }

    pub fn parameters(&self) -> Model {
        self.parameters
    }

    /// What is known of an item, by number.
    pub fn item(&self, number: usize) -> &ItemModelRow {
        &self.items[number]
    }

    pub fn weights(&self) -> Weights {
        self.weights
    }

    /// What a purchase counts for what goes with the item.
    pub fn together(&self, age_days: f32) -> f32 {
        strength(age_days, self.recency_days).clamp(0.0, 1.0)
    }

    /// What a purchase of an item says that another follows.
    pub fn again(&self, number: usize, age_days: f32) -> f32 {
        let item = &self.items[number];
        item.again * (-age_days / item.again_half_life_days).exp2()
    }

    pub fn churn(&self) -> ChurnInput<'_> {
        ChurnInput { intercept: self.intercept, calibration: self.calibration, features: &self.churn }
    }
}
