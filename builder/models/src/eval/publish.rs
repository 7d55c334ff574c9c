//! The decision to publish: a model that does not beat the trending list stays at home.

use serde::{Deserialize, Serialize};

use crate::eval::{Evaluation, Interval, Metric, paired_interval};

/// How sure one must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// The whole interval of the difference lies above zero.
    Significant,
    /// The mean difference is above zero: for shops too small to prove more.
    Mean,
}

/// When a model counts as better.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PublishRule {
    pub metric: Metric,
    pub evidence: Evidence,
    /// Level of the interval, 0.95 for 95 %.
    pub level: f64,
    /// Fewer cases than this decide nothing.
    pub cases_min: usize,
    /// Of the bootstrap.
    pub seed: u64,
}

impl Default for PublishRule {
    fn default() -> Self {
        PublishRule { metric: Metric::Recall20, evidence: Evidence::Significant, level: 0.95, cases_min: 30, seed: 0 }
    }
}

/// Proof that a model beat trending. Only [`compare_to_trending`] makes one, so what asks for it cannot publish a model
/// that was not compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BeatsTrending {
    comparison: Comparison,
}

impl BeatsTrending {
    pub fn comparison(&self) -> &Comparison {
        &self.comparison
    }
}

/// The figures behind a decision.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Comparison {
    pub metric: Metric,
    pub cases: usize,
    pub model: f64,
    pub trending: f64,
    /// Model minus trending, case by case.
    pub difference: Interval,
}

/// Publish, or not and why.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Verdict {
    Publish(BeatsTrending),
    Refuse(Refusal),
}

/// Why a model is not published.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// Hold out more people, or wait for more data.
    #[error("only {cases} people to evaluate on; {cases_min} are needed to decide")]
    TooFewCases { cases: usize, cases_min: usize },
    /// The model is worse, or no better, than what everybody sees anyway.
    #[error("the model does not beat trending: {} {:.4} against {:.4} on {} people", .0.metric.name(), .0.model, .0.trending, .0.cases)]
    NotBetter(Comparison),
    /// Better on average, but chance explains it.
    #[error(
        "the model is not surely better than trending: {} {:.4} against {:.4} on {} people, difference {:.4} to {:.4}",
        .0.metric.name(), .0.model, .0.trending, .0.cases, .0.difference.low, .0.difference.high
    )]
    Inconclusive(Comparison),
}

/// Compares two evaluations of the same cases.
///
/// # Panics
/// When the evaluations have another number of cases: they are not of the same cases.
pub fn compare_to_trending(model: &Evaluation, trending: &Evaluation, rule: &PublishRule) -> Verdict {
    let cases = model.cases();
    assert_eq!(cases, trending.cases(), "two models are compared on the same cases");
    if cases < rule.cases_min.max(1) {
        return Verdict::Refuse(Refusal::TooFewCases { cases, cases_min: rule.cases_min.max(1) });
    }
    let (ours, theirs) = (model.values(rule.metric), trending.values(rule.metric));
    let comparison = Comparison {
        metric: rule.metric,
        cases,
        model: model.mean(rule.metric),
        trending: trending.mean(rule.metric),
        difference: paired_interval(ours, theirs, rule.level, rule.seed),
    };
    // Written so that NaN refuses.
    let (better, surely) = (comparison.difference.mean > 0.0, comparison.difference.low > 0.0);
    if !better {
        return Verdict::Refuse(Refusal::NotBetter(comparison));
    }
    if rule.evidence == Evidence::Significant && !surely {
        return Verdict::Refuse(Refusal::Inconclusive(comparison));
    }
    Verdict::Publish(BeatsTrending { comparison })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::{Candidates, Case, SameForAll, evaluate};
    use crate::threads::Threads;

    /// An evaluation whose first `hits` of `n` cases are hit.
    fn evaluation(n: u32, hits: u32) -> Evaluation {
        let cases: Vec<Case> = (0..n)
            .map(|user| Case { user, history: Vec::new(), relevant: vec![if user < hits { 0 } else { 99 }] })
            .collect();
        let scores = (0..100).map(|i| -(i as f32)).collect();
        evaluate(&SameForAll(scores), 100, &cases, Candidates::All, Threads::ONE)
    }

    #[test]
    fn only_a_better_model_is_published() {
        let rule = PublishRule::default();
        let decide = |model, trending, rule: &PublishRule| {
            compare_to_trending(&evaluation(200, model), &evaluation(200, trending), rule)
        };
        match decide(80, 20, &rule) {
            Verdict::Publish(proof) => {
                let c = proof.comparison();
                assert_eq!((c.cases, c.model, c.trending), (200, 0.4, 0.1));
                assert!(c.difference.low > 0.2 && c.difference.high < 0.4, "{c:?}");
            }
            other => panic!("{other:?}"),
        }
        assert!(matches!(decide(20, 20, &rule), Verdict::Refuse(Refusal::NotBetter(_))));
        assert!(matches!(decide(10, 20, &rule), Verdict::Refuse(Refusal::NotBetter(_))));
        assert!(matches!(decide(21, 20, &rule), Verdict::Refuse(Refusal::Inconclusive(_))));
        let mean = PublishRule { evidence: Evidence::Mean, ..rule };
        assert!(matches!(decide(21, 20, &mean), Verdict::Publish(_)));
        let few = compare_to_trending(&evaluation(29, 20), &evaluation(29, 1), &rule);
        assert_eq!(few, Verdict::Refuse(Refusal::TooFewCases { cases: 29, cases_min: 30 }));
        let Verdict::Refuse(refusal) = decide(10, 20, &rule) else { panic!("published") };
        assert_eq!(
            refusal.to_string(),
            "the model does not beat trending: recall@20 0.0500 against 0.1000 on 200 people"
        );
    }
}
