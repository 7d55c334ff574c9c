//! models: recommender and churn model, evaluated on what they had not seen, kept as tables.

use anyhow::{Context as _, Result};
use kenal_consent::Cell;
use kenal_core::Model;
use kenal_core::format::write::{ChurnFeature, ChurnInput};
use kenal_features::CODE_HASH;
use kenal_lake::Fingerprint;
use kenal_models::als::{AlsStop, Iteration};
use kenal_models::eval::Verdict;

use super::matter::ItemNumbers;
use super::recommender::{Lessons, Recommender, RecommenderConfig};
use super::{Company, Outcome, PublishPolicy, Stage, card, churn, consent, features, recommender};
use crate::gold::{ChurnTermRow, EventRow, GoldRow, ItemFactorRow, ModelCardRow, PurchaseRow};
use crate::ui::{Align, Progress, Table, count};

const CODE: &str = "models 2";
/// Card entries that later stages read.
const ALPHA0: &str = "recommender/alpha0";
const REG: &str = "recommender/reg";
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
    let lessons = Lessons {
        purchases: snapshot.admit(Cell::TRAIN, company.get::<PurchaseRow>(Stage::Profile)?).0,
        events: snapshot.admit(Cell::TRAIN, company.get::<EventRow>(Stage::Profile)?).0,
    };
    let progress = Progress::start("models");
    let told = |what: &str, i: Iteration| {
        progress.set(&format!("{what}, iterations"), i.iteration as u64, i.iterations_max as u64);
    };
    let fitted = recommender::fit(&lessons, &numbers, cut, &config, company.threads, &told)?;
    let learnt = features::timelines(company, &snapshot, Cell::TRAIN, &items)?;
    let served = features::timelines(company, &snapshot, Cell::PERSONALISE_ONSITE, &items)?;
    let leaving = churn::fit(&learnt, &served, cut, company.threads)?;

    let mut lines = fitted.figures.clone();
    lines.extend(leaving.figures.iter().cloned());
    let better = matches!(fitted.verdict, Verdict::Publish(_));
    let publish = better || company.publish == PublishPolicy::Regardless;
    for (name, value) in [
        (ALPHA0, f64::from(config.als.unobserved)),
        (REG, f64::from(config.als.reg)),
        ("recommender/interactions", fitted.trained_on as f64),
        ("beats trending", f64::from(u8::from(better))),
        (PUBLISH, f64::from(u8::from(publish))),
    ] {
        lines.push(ModelCardRow { name: name.to_owned(), value });
    }
    company.put(&factors(&fitted, &numbers), &fingerprint)?;
    company.put(&leaving.terms, &fingerprint)?;
    company.put(&leaving.scores, &fingerprint)?;
    company.put(&lines, &fingerprint)?;
    progress.finish(&format!(
        "{} interactions of {} items",
        count(fitted.trained_on as u64),
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

fn factors(fitted: &Recommender, numbers: &ItemNumbers) -> Vec<ItemFactorRow> {
    let rows = fitted.model.item_factors().chunks_exact(fitted.model.factors());
    let row = |(id, factors): (&String, &[f32])| ItemFactorRow { item_id: id.clone(), factors: factors.to_vec() };
    numbers.ids().iter().zip(rows).map(row).collect()
}

fn show(fitted: &Recommender, leaving: &churn::Leaving) {
    let figure = |name: &str| fitted.figures.iter().find(|f| f.name == name).map_or(f64::NAN, |f| f.value);
    let mut table = Table::new(&[
        ("held-out people, purchases hidden", Align::Left),
        ("ALS", Align::Right),
        ("95 %", Align::Right),
        ("trending", Align::Right),
    ]);
    for metric in ["recall@20", "ndcg@20"] {
        let of = |who: &str| figure(&format!("recommender/{who}/{metric}"));
        let end = |end: &str| figure(&format!("recommender/als/{metric}/95%/{end}"));
        table.row([
            metric.to_owned(),
            format!("{:.4}", of("als")),
            format!("{:.4} – {:.4}", end("low"), end("high")),
            format!("{:.4}", of("trending")),
        ]);
    }
    println!("{table}");
    let stop = match fitted.model.stop() {
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
    factors: Vec<f32>,
    dims: usize,
    parameters: Model,
    churn: Vec<ChurnFeature>,
    intercept: f32,
    calibration: (f32, f32),
}

impl ModelFiles {
    pub fn read(company: &Company, numbers: &ItemNumbers) -> Result<Self> {
        let rows: Vec<ItemFactorRow> = company.get(Stage::Models)?;
        let same = rows.iter().map(|r| &r.item_id).eq(numbers.ids());
        anyhow::ensure!(same, "the factors are of another catalogue than the lake's; run `kenal run models` again");
        let dims = rows.first().map_or(0, |r| r.factors.len());
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
        let factors = rows.into_iter().flat_map(|r| r.factors).collect();
        Ok(ModelFiles { factors, dims, parameters, churn, intercept, calibration })
    }

    pub fn dims(&self) -> usize {
        self.dims
    }

    pub fn parameters(&self) -> Model {
        self.parameters
    }

    /// Factors of an item, by number.
    pub fn factor(&self, number: usize) -> &[f32] {
        &self.factors[number * self.dims..(number + 1) * self.dims]
    }

    pub fn churn(&self) -> ChurnInput<'_> {
        ChurnInput { intercept: self.intercept, calibration: self.calibration, features: &self.churn }
    }
}
