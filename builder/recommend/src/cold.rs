//! What vectors from content are worth: a fifth of the items is withheld from training, and people who bought some of
//! them are to find them among all that were withheld, by what they bought else.
//!
//! A list of what is trending cannot rank items that nobody has bought, so beside chance it is measured as its best
//! substitute: how hot items of such content are.

use std::ops::ControlFlow;

use kenal_models::content::ContentModel;
use kenal_models::eval::{AlsScorer, Candidates, Case, Evaluation, Metric, SameForAll, Scorer, evaluate};
use kenal_models::interactions::{Row, compact, core_filter};
use kenal_models::{AlsConfig, AlsModel, Interactions, Threads, als};
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64Mcg;
use serde_json::{Map, Value, json};

use crate::catalogue::Catalogue;
use crate::evaluate::Options;
use crate::read::{Dataset, InputError};

/// Of so many items one is withheld.
const WITHHELD: usize = 5;
/// Powers of the trend of an item's kind that are tried.
const POWERS: [f32; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];

/// Figures on withheld items.
#[derive(Debug)]
pub struct ColdReport {
    pub items: usize,
    pub withheld: usize,
    /// Withheld items of which the catalogue knows something.
    pub described: usize,
    /// Power of the trend of an item's kind, chosen on items withheld from the others.
    pub trend_power: f32,
    /// By name, best known first.
    pub evaluations: Vec<(&'static str, Evaluation)>,
}

/// Withholds, fits on the others, gives the withheld vectors by their content, and measures.
///
/// # Errors
/// Nothing is left, or nothing is known of the items.
pub fn evaluate_cold(data: &Dataset, catalogue: &Catalogue, options: &Options) -> Result<ColdReport, InputError> {
    let kept = compact(core_filter(data.rows.clone(), options.min_count));
    let names: Vec<&str> = kept.items.iter().map(|&i| data.items[i as usize].as_str()).collect();
    let content = catalogue.features(&names);
    if content.is_empty() {
        return Err(InputError::Protocol(
            "the catalogue has nothing to say of these items: none of them is in it, or no two share a word".to_owned(),
        ));
    }
    let withheld = withheld(names.len(), options.seed, &vec![false; names.len()]);
    let round = Round::new(&kept.rows, &content, &withheld, options)?;
    let more = self::withheld(names.len(), options.seed + 1, &withheld);
    let others: Vec<Row> = kept.rows.iter().filter(|r| !withheld[r.item as usize]).copied().collect();
    let mut best = (f64::NEG_INFINITY, 0.0);
    if let Ok(tuning) = Round::new(&others, &content, &more, options) {
        for power in POWERS {
            let got = tuning.measure(&tuning.blend(power), options.threads).mean(Metric::Recall20);
            if got > best.0 {
                best = (got, power);
            }
        }
    }
    let mut dice = Pcg64Mcg::seed_from_u64(options.seed);
    let chance = SameForAll((0..names.len()).map(|_| dice.random::<f32>()).collect());
    let evaluations = vec![
        ("content and trend of its kind", round.measure(&round.blend(best.1), options.threads)),
        ("content", round.measure(&round.blend(0.0), options.threads)),
        ("trend of its kind", round.measure(&SameForAll(round.heat.clone()), options.threads)),
        ("chance", round.measure(&chance, options.threads)),
    ];
    Ok(ColdReport {
        items: names.len(),
        withheld: withheld.iter().filter(|w| **w).count(),
        described: (0..names.len()).filter(|&i| withheld[i] && !content.row(i).0.is_empty()).count(),
        trend_power: best.1,
        evaluations,
    })
}

/// A fifth of the items that are not `taken`.
fn withheld(n: usize, seed: u64, taken: &[bool]) -> Vec<bool> {
    let mut free: Vec<usize> = (0..n).filter(|&i| !taken[i]).collect();
    free.shuffle(&mut Pcg64Mcg::seed_from_u64(seed));
    let mut out = vec![false; n];
    free[..free.len() / WITHHELD].iter().for_each(|&i| out[i] = true);
    out
}

/// A model that does not know some items, and who is to find them.
struct Round<'a> {
    model: AlsModel,
    /// Heat that items of such content have.
    heat: Vec<f32>,
    withheld: &'a [bool],
    cases: Vec<Case>,
}

impl<'a> Round<'a> {
    fn new(
        rows: &[Row],
        content: &Interactions,
        withheld: &'a [bool],
        options: &Options,
    ) -> Result<Round<'a>, InputError> {
        let n_items = withheld.len();
        let mut pairs: Vec<(u32, u32)> = rows.iter().map(|r| (r.user, r.item)).collect();
        pairs.sort_unstable();
        pairs.dedup();
        let n_users = pairs.last().map_or(0, |p| p.0 as usize + 1);
        let warm = pairs.iter().filter(|p| !withheld[p.1 as usize]).map(|&(u, i)| (u, i, 1.0));
        let Ok(matrix) = Interactions::from_triples(n_users, n_items, warm) else {
            unreachable!("rows were numbered by the reader")
        };
        let mut hidden = vec![Vec::new(); n_users];
        pairs.iter().filter(|p| withheld[p.1 as usize]).for_each(|p| hidden[p.0 as usize].push(p.1));
        let case = |(user, relevant): (usize, Vec<u32>)| {
            let (items, weights) = matrix.row(user);
            let history = items.iter().copied().zip(weights.iter().copied()).collect();
            (!items.is_empty() && !relevant.is_empty()).then_some(Case { user: user as u32, history, relevant })
        };
        let cases: Vec<Case> = hidden.into_iter().enumerate().filter_map(case).collect();
        if cases.is_empty() || matrix.is_empty() {
            return Err(InputError::Protocol("nobody bought both withheld items and others".to_owned()));
        }
        let config = AlsConfig { factors: options.factors, tolerance: 0.0, ..AlsConfig::default() };
        let model = als::fit(&matrix, &config, options.threads, &mut |_| ControlFlow::Continue(()))?;
        let counts = matrix.item_counts();
        let (model, heat) = with_content(model, &matrix, content, &counts, options.threads)?;
        Ok(Round { model, heat, withheld, cases })
    }

    fn blend(&self, power: f32) -> Cold<'_> {
        Cold { als: AlsScorer::new(&self.model), heat: &self.heat, power }
    }

    fn measure(&self, scorer: &dyn Scorer, threads: Threads) -> Evaluation {
        let only = Only { scorer, among: self.withheld };
        evaluate(&only, self.withheld.len(), &self.cases, Candidates::New, threads)
    }
}

/// The model with vectors from content for items without interactions, and the heat of such content.
fn with_content(
    model: AlsModel,
    matrix: &Interactions,
    content: &Interactions,
    counts: &[u32],
    threads: Threads,
) -> Result<(AlsModel, Vec<f32>), InputError> {
    let k = model.factors();
    let mut items = model.item_factors().to_vec();
    let logs: Vec<f32> = counts.iter().map(|&n| (n as f32).ln_1p()).collect();
    let vectors = ContentModel::learn(content, &items, k, counts, threads);
    let heats = ContentModel::learn(content, &logs, 1, counts, threads);
    let (Some(vectors), Some(heats)) = (vectors, heats) else {
        return Err(InputError::Protocol("every item is withheld".to_owned()));
    };
    let row = |item: usize| {
        let (features, values) = content.row(item);
        features.iter().copied().zip(values.iter().copied()).collect::<Vec<_>>()
    };
    for item in (0..counts.len()).filter(|&i| counts[i] == 0) {
        items[item * k..][..k].copy_from_slice(&vectors.predict(row(item)));
    }
    let heat = (0..counts.len()).map(|i| heats.predict(row(i))[0].exp()).collect();
    Ok((model.with_items(matrix, items, threads)?, heat))
}

/// ALS times a power of the heat that items of such content have.
struct Cold<'m> {
    als: AlsScorer<'m>,
    heat: &'m [f32],
    power: f32,
}

impl Scorer for Cold<'_> {
    fn score(&self, case: &Case, out: &mut [f32]) {
        self.als.score(case, out);
        if self.power > 0.0 {
            out.iter_mut().zip(self.heat).for_each(|(o, h)| *o = o.max(0.0) * h.powf(self.power));
        }
    }
}

/// Nothing but some items.
struct Only<'a> {
    scorer: &'a dyn Scorer,
    among: &'a [bool],
}

impl Scorer for Only<'_> {
    fn score(&self, case: &Case, out: &mut [f32]) {
        self.scorer.score(case, out);
        out.iter_mut().zip(self.among).filter(|(_, among)| !**among).for_each(|(o, _)| *o = f32::NEG_INFINITY);
    }
}

impl ColdReport {
    /// One JSON object; figures of the best known scorer at the top, all by name.
    pub fn json(&self) -> Value {
        let mut out = Map::new();
        if let Some((_, first)) = self.evaluations.first() {
            for metric in Metric::ALL {
                let i = first.interval(metric, 0.95, 42);
                out.insert(metric.name().to_owned(), json!(i.mean));
                out.insert(format!("{}_ci", metric.name()), json!([i.low, i.high]));
            }
            out.insert("cases".to_owned(), json!(first.cases()));
        }
        let row = |(name, e): &(&str, Evaluation)| {
            let i = e.interval(Metric::Recall20, 0.95, 42);
            json!({"name": name, "recall@20": i.mean, "recall@20_ci": [i.low, i.high]})
        };
        out.insert("compared".to_owned(), self.evaluations.iter().map(row).collect());
        out.insert("protocol".to_owned(), json!("cold"));
        out.insert("items".to_owned(), json!(self.items));
        out.insert("withheld".to_owned(), json!(self.withheld));
        out.insert("described".to_owned(), json!(self.described));
        out.insert("trend_power".to_owned(), json!(self.trend_power));
        Value::Object(out)
    }
}
