//! What vectors from content are worth: a fifth of the items is withheld from training, and people who bought some of
//! them are to find them among all that were withheld, by what they bought else.
//!
//! A list of what is trending cannot rank items that nobody has bought. Beside chance stand therefore what a shop would do
//! without a model: what is popular in an item's category, what is popular among items of such content, the categories
//! that the customer buys from, and what is described most like what the customer has bought.

use std::ops::ControlFlow;

use kenal_models::content::{CompletedScorer, ContentModel};
use kenal_models::eval::{Candidates, Case, Evaluation, Metric, SameForAll, Scorer, evaluate, withhold};
use kenal_models::interactions::{Row, compact, core_filter};
use kenal_models::{AlsConfig, AlsModel, Interactions, Threads, als};
use rustc_hash::FxHashMap;
use serde_json::{Map, Value, json};

use crate::catalogue::Catalogue;
use crate::evaluate::Options;
use crate::read::{Dataset, InputError};
use crate::report::figures;

/// Of so many items one is withheld.
const WITHHELD: usize = 5;
/// Powers of the popularity of an item's kind that are tried.
const POWERS: [f32; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];

/// Figures on withheld items.
#[derive(Debug)]
pub struct ColdReport {
    pub items: usize,
    pub withheld: usize,
    /// Withheld items of which the catalogue knows something.
    pub described: usize,
    /// Buyers of each withheld item that were left in training.
    pub known: usize,
    /// Power of the popularity of an item's kind, chosen on items withheld from the others.
    pub kind_power: f32,
    /// By name, ours first.
    pub evaluations: Vec<(&'static str, Evaluation)>,
}

/// Withholds, fits on the others, gives the withheld vectors by their content, and measures. `known` buyers of each
/// withheld item stay in training: with none an item is new, with few it has just begun to sell.
///
/// # Errors
/// Nothing is left, or nothing is known of the items.
pub fn evaluate_cold(
    data: &Dataset,
    catalogue: &Catalogue,
    known: usize,
    options: &Options,
) -> Result<ColdReport, InputError> {
    let kept = compact(core_filter(data.rows.clone(), options.min_count));
    let names: Vec<&str> = kept.items.iter().map(|&i| data.items[i as usize].as_str()).collect();
    let content = catalogue.features(&names);
    if content.is_empty() {
        return Err(InputError::Protocol(
            "the catalogue has nothing to say of these items: none of them is in it, or no two share a word".to_owned(),
        ));
    }
    let withheld = withhold(&vec![false; names.len()], names.len() / WITHHELD, options.seed);
    let round = Round::new(&kept.rows, &content, &withheld, known, options)?;
    // Tuned on other items, withheld from what is left: the withheld ones play no part in it.
    let more = withhold(&withheld, names.len() / WITHHELD, options.seed + 1);
    let others: Vec<Row> = kept.rows.iter().filter(|r| !withheld[r.item as usize]).copied().collect();
    let mut best = (f64::NEG_INFINITY, 0.0);
    if let Ok(tuning) = Round::new(&others, &content, &more, known, options) {
        for power in POWERS {
            let got = tuning.measure(&tuning.by_content(power), options.threads).mean(Metric::Recall20);
            if got > best.0 {
                best = (got, power);
            }
        }
    }
    let mut evaluations = vec![
        ("content and popularity of its kind", round.measure(&round.by_content(best.1), options.threads)),
        ("content", round.measure(&round.by_content(0.0), options.threads)),
    ];
    if known > 0 {
        let own = CompletedScorer::new(&round.model, round.model.item_factors());
        evaluations.push(("its few buyers alone", round.measure(&own, options.threads)));
    }
    let alike = Alike { content: &content };
    evaluations.push(("most like what they bought", round.measure(&alike, options.threads)));
    evaluations.push(("popularity of its kind", round.measure(&SameForAll(round.heat.clone()), options.threads)));
    let categories: Vec<Option<&str>> = names.iter().map(|name| catalogue.category(name)).collect();
    if let Some(shelves) = Shelves::new(&categories, &round.taught, options.seed) {
        let popular = SameForAll(shelves.popularity());
        evaluations.push(("popularity in its category", round.measure(&popular, options.threads)));
        evaluations.push(("categories they buy from", round.measure(&shelves, options.threads)));
    }
    let chance = SameForAll::chance(names.len(), options.seed);
    evaluations.push(("chance", round.measure(&chance, options.threads)));
    Ok(ColdReport {
        items: names.len(),
        withheld: withheld.iter().filter(|w| **w).count(),
        described: (0..names.len()).filter(|&i| withheld[i] && !content.row(i).0.is_empty()).count(),
        known,
        kind_power: best.1,
        evaluations,
    })
}

/// A model that does not know some items, and who is to find them.
struct Round<'a> {
    model: AlsModel,
    /// Item factors with those of content.
    items: Vec<f32>,
    /// Interactions of each item that is not withheld.
    taught: Vec<u32>,
    /// Interactions that items of such content have.
    heat: Vec<f32>,
    withheld: &'a [bool],
    cases: Vec<Case>,
}

impl<'a> Round<'a> {
    fn new(
        rows: &[Row],
        content: &Interactions,
        withheld: &'a [bool],
        known: usize,
        options: &Options,
    ) -> Result<Round<'a>, InputError> {
        let (matrix, cases) = split(rows, withheld, known, options.seed);
        if cases.is_empty() || matrix.is_empty() {
            return Err(InputError::Protocol("nobody bought both withheld items and others".to_owned()));
        }
        let config = AlsConfig { factors: options.factors, tolerance: 0.0, ..AlsConfig::default() };
        let model = als::fit(&matrix, &config, options.threads, &mut |_| ControlFlow::Continue(()))?;
        let counts = matrix.item_counts();
        // What is withheld teaches nothing: its few buyers were chosen by us.
        let taught: Vec<u32> = counts.iter().zip(withheld).map(|(&n, w)| if *w { 0 } else { n }).collect();
        let logs: Vec<f32> = counts.iter().map(|&n| (n as f32).ln_1p()).collect();
        let vectors = ContentModel::learn(content, model.item_factors(), model.factors(), &taught, options.threads);
        let heats = ContentModel::learn(content, &logs, 1, &taught, options.threads);
        let (Some(vectors), Some(heats)) = (vectors, heats) else {
            return Err(InputError::Protocol("every item is withheld".to_owned()));
        };
        let mut items = model.item_factors().to_vec();
        vectors.complete(content, &counts, &mut items);
        let heat = |item: usize| {
            let (features, values) = content.row(item);
            heats.predict(features.iter().copied().zip(values.iter().copied()))[0].exp()
        };
        let heat = (0..counts.len()).map(heat).collect();
        Ok(Round { model, items, taught, heat, withheld, cases })
    }

    fn by_content(&self, power: f32) -> ByContent<'_> {
        ByContent { als: CompletedScorer::new(&self.model, &self.items), heat: &self.heat, power }
    }

    fn measure(&self, scorer: &dyn Scorer, threads: Threads) -> Evaluation {
        let only = Only { scorer, among: self.withheld };
        evaluate(&only, self.withheld.len(), &self.cases, Candidates::New, threads)
    }
}

/// What is trained on, with `known` buyers of each withheld item, and people with withheld items to find. Their histories
/// are what is trained on of them.
fn split(rows: &[Row], withheld: &[bool], known: usize, seed: u64) -> (Interactions, Vec<Case>) {
    let mut pairs: Vec<(u32, u32)> = rows.iter().map(|r| (r.user, r.item)).collect();
    pairs.sort_unstable();
    pairs.dedup();
    let n_users = pairs.last().map_or(0, |p| p.0 as usize + 1);
    let mut buyers: Vec<Vec<u32>> = vec![Vec::new(); withheld.len()];
    pairs.iter().filter(|p| withheld[p.1 as usize]).for_each(|p| buyers[p.1 as usize].push(p.0));
    for (item, buyers) in buyers.iter_mut().enumerate() {
        // Which are left in is drawn by item, so that it does not depend on the other items.
        let drawn = withhold(&vec![false; buyers.len()], known, seed ^ ((item as u64) << 20));
        let mut at = 0;
        buyers.retain(|_| {
            at += 1;
            drawn[at - 1]
        });
    }
    let is_hidden = |p: &(u32, u32)| withheld[p.1 as usize] && buyers[p.1 as usize].binary_search(&p.0).is_err();
    let trained = pairs.iter().filter(|p| !is_hidden(p)).map(|&(u, i)| (u, i, 1.0));
    let Ok(matrix) = Interactions::from_triples(n_users, withheld.len(), trained) else {
        unreachable!("rows were numbered by the reader")
    };
    let mut hidden = vec![Vec::new(); n_users];
    pairs.iter().filter(|p| is_hidden(p)).for_each(|p| hidden[p.0 as usize].push(p.1));
    let case = |(user, relevant): (usize, Vec<u32>)| {
        let (items, weights) = matrix.row(user);
        let history = items.iter().copied().zip(weights.iter().copied()).collect();
        (!items.is_empty() && !relevant.is_empty()).then_some(Case { user: user as u32, history, relevant })
    };
    let cases = hidden.into_iter().enumerate().filter_map(case).collect();
    (matrix, cases)
}

/// ALS by vectors from content, times a power of the popularity that such content has.
struct ByContent<'m> {
    als: CompletedScorer<'m>,
    heat: &'m [f32],
    power: f32,
}

impl Scorer for ByContent<'_> {
    fn score(&self, case: &Case, out: &mut [f32]) {
        self.als.score(case, out);
        if self.power > 0.0 {
            out.iter_mut().zip(self.heat).for_each(|(o, h)| *o = o.max(0.0) * h.powf(self.power));
        }
    }
}

/// How much of an item's content is in what somebody has bought.
struct Alike<'a> {
    content: &'a Interactions,
}

impl Scorer for Alike<'_> {
    fn score(&self, case: &Case, out: &mut [f32]) {
        let mut profile = vec![0.0f32; self.content.n_items()];
        for &(item, _) in &case.history {
            let (features, values) = self.content.row(item as usize);
            features.iter().zip(values).for_each(|(&f, v)| profile[f as usize] += v);
        }
        for (item, o) in out.iter_mut().enumerate() {
            let (features, values) = self.content.row(item);
            *o = features.iter().zip(values).map(|(&f, v)| v * profile[f as usize]).sum();
        }
    }
}

/// Items by category.
struct Shelves {
    /// Of each item; none is a category too.
    shelf: Vec<usize>,
    /// Mean interactions of a category's items in training, of the largest.
    popularity: Vec<f32>,
    /// Which of a category's items is first: a die says, where the order of the file would tell what sells.
    dice: Vec<f32>,
}

impl Shelves {
    /// `None` without any category.
    fn new(categories: &[Option<&str>], counts: &[u32], seed: u64) -> Option<Shelves> {
        categories.iter().flatten().next()?;
        let mut numbers: FxHashMap<Option<&str>, usize> = FxHashMap::default();
        let shelf: Vec<usize> = categories
            .iter()
            .map(|category| {
                let next = numbers.len();
                *numbers.entry(*category).or_insert(next)
            })
            .collect();
        let mut sums = vec![(0u32, 0u32); numbers.len()];
        for (&shelf, &count) in shelf.iter().zip(counts).filter(|(_, n)| **n > 0) {
            sums[shelf] = (sums[shelf].0 + count, sums[shelf].1 + 1);
        }
        let means: Vec<f32> = sums.iter().map(|&(sum, n)| sum as f32 / n.max(1) as f32).collect();
        let largest = means.iter().fold(1f32, |a, b| a.max(*b));
        let popularity = means.iter().map(|m| m / largest).collect();
        let SameForAll(dice) = SameForAll::chance(categories.len(), seed);
        Some(Shelves { shelf, popularity, dice })
    }

    fn popularity(&self) -> Vec<f32> {
        self.shelf.iter().zip(&self.dice).map(|(&s, die)| self.popularity[s] + 1e-4 * die).collect()
    }
}

impl Scorer for Shelves {
    /// How often somebody bought of the category; the more popular one first among equals.
    fn score(&self, case: &Case, out: &mut [f32]) {
        let mut bought = vec![0.0f32; self.popularity.len()];
        case.history.iter().for_each(|h| bought[self.shelf[h.0 as usize]] += 1.0);
        for ((o, &s), popularity) in out.iter_mut().zip(&self.shelf).zip(self.popularity()) {
            *o = bought[s] + 0.5 * popularity;
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
    /// One JSON object: figures of vectors from content at the top, and of all that they are compared with by name.
    pub fn json(&self) -> Value {
        let mut out = Map::new();
        if let Some((_, first)) = self.evaluations.first() {
            figures(first, &mut out);
            out.insert("cases".to_owned(), json!(first.cases()));
        }
        let row = |(name, evaluation): &(&str, Evaluation)| {
            let mut row = Map::new();
            row.insert("name".to_owned(), json!(name));
            figures(evaluation, &mut row);
            Value::Object(row)
        };
        out.insert("compared".to_owned(), self.evaluations.iter().map(row).collect());
        out.insert("protocol".to_owned(), json!("cold"));
        out.insert("items".to_owned(), json!(self.items));
        out.insert("withheld".to_owned(), json!(self.withheld));
        out.insert("described".to_owned(), json!(self.described));
        out.insert("known".to_owned(), json!(self.known));
        out.insert("kind_power".to_owned(), json!(self.kind_power));
        Value::Object(out)
    }
}
