//! The whole analysis: checks, metrics of each arm, lifts against the control.

use kenal_core::experiment::ARMS_MAX;
use serde::Serialize;

use crate::checks::{Bias, CONVERTED_MIN, SampleRatio, biases, sample_ratio, too_few};
use crate::correction::adjusted;
use crate::error::ExperimentFileError;
use crate::estimate::{Ends, Estimate, Metric, Precision, Scale, compare, of_arm};
use crate::moments::{Moments, Value, cells, join_small_strata};
use crate::people::{Cap, Joined, join};
use crate::plan::{Plan, Twice};
use crate::read::{DAY_US, Exposures, Orders};
use crate::sequence;

/// How many people an arm has, and what they did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ArmSize {
    pub arm: String,
    pub people: u64,
    pub converted: u64,
    pub orders: u64,
}

/// A metric of one arm with its interval.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ArmValue {
    pub arm: String,
    pub value: f64,
    pub interval: Ends,
}

/// What an arm brings over the control: shares of the control's value, 0.05 for 5 % more.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lift {
    pub arm: String,
    pub lift: f64,
    /// For one look, at a size decided beforehand.
    pub interval: Ends,
    pub p: f64,
    /// For all lifts of this experiment together.
    pub p_adjusted: f64,
    /// For looking whenever one likes.
    pub always_valid: Ends,
    pub always_valid_p: f64,
    /// Treatment minus control, in the metric's own unit.
    pub difference: f64,
    pub difference_interval: Ends,
    /// Without CUPED and strata.
    pub unadjusted: f64,
    pub unadjusted_interval: Ends,
    /// Share of the variance that CUPED and strata took away: 0.4 is worth 1/0.6 times as many people.
    pub variance_cut: f64,
    /// Too few orders to rely on the interval.
    pub too_few: bool,
}

/// One metric of all arms.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MetricResult {
    pub metric: Metric,
    pub arms: Vec<ArmValue>,
    /// Of the other arms over the control.
    pub lifts: Vec<Lift>,
}

/// A lift when people who were shown two arms are dealt with the other way.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OtherWay {
    pub metric: Metric,
    pub arm: String,
    pub lift: f64,
    pub interval: Ends,
}

/// Everything that an analysis has to say.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Analysis {
    pub experiment: Option<String>,
    pub control: String,
    /// 0.95 for intervals at 95 %.
    pub level: f64,
    pub arms: Vec<ArmSize>,
    pub no_consent: u64,
    pub shown_two_arms: u64,
    pub twice: Twice,
    pub window_not_over: u64,
    pub sample_ratio: SampleRatio,
    /// The arms' sizes are wrong, and nobody has said why: there are no results.
    pub hidden: bool,
    /// Why the sizes are wrong, as somebody has said.
    pub explained: Option<String>,
    pub biases: Vec<Bias>,
    pub cap: Option<Cap>,
    pub strata: usize,
    pub results: Vec<MetricResult>,
    pub other_way: Vec<OtherWay>,
    pub warnings: Vec<String>,
}

/// Analyses exposures and orders.
///
/// `explained` is why the arms' sizes are not as meant; without it, a sample ratio that alarms hides the results. `end` is
/// the last moment of the data, microseconds since 1970; without it, that of the files.
///
/// # Errors
/// [`ExperimentFileError::Arms`] when there is nothing to compare, and [`ExperimentFileError::Plan`].
pub fn analyse(
    exposures: &Exposures,
    orders: &Orders,
    plan: &Plan,
    explained: Option<&str>,
    end: Option<i64>,
) -> Result<Analysis, ExperimentFileError> {
    plan.check()?;
    let arms = exposures.arms.all();
    let (control, shares) = roles(arms, plan)?;
    let joined = join(exposures, orders, plan, plan.twice, end);
    let strata = exposures.markets.all().len() + 1;
    let cells = join_small_strata(cells(&joined.people, arms.len(), strata));
    let wholes: Vec<Moments> = cells.iter().map(|arm| Moments::whole(arm)).collect();
    if let Some(empty) = wholes.iter().position(|m| m.n() < 2.0) {
        return Err(ExperimentFileError::Arms { what: format!("arm `{}` has fewer than two people", arms[empty]) });
    }
    let sizes: Vec<u64> = wholes.iter().map(|m| m.n() as u64).collect();
    let sample_ratio = sample_ratio(&sizes, &shares);
    let hidden = sample_ratio.alarm && explained.is_none();
    let named: Vec<(&str, Moments)> = arms.iter().map(String::as_str).zip(wholes.iter().copied()).collect();
    let biases = biases(&named, control);
    let results = if hidden { Vec::new() } else { results(arms, &cells, control, plan) };
    let other_way =
        if hidden || joined.twice == 0 { Vec::new() } else { other_way(exposures, orders, plan, control, end) };
    let warnings = warnings(exposures, orders, plan, &joined, &wholes);
    let size = |(arm, m): (&String, &Moments)| ArmSize {
        arm: arm.clone(),
        people: m.n() as u64,
        converted: (m.n() * m.mean(Value::Converted)).round() as u64,
        orders: (m.n() * m.mean(Value::Orders)).round() as u64,
    };
    Ok(Analysis {
        experiment: exposures.experiment.clone().or_else(|| plan.name.clone()),
        control: arms[control].clone(),
        level: 1.0 - plan.alpha,
        arms: arms.iter().zip(&wholes).map(size).collect(),
        no_consent: joined.no_consent,
        shown_two_arms: joined.twice,
        twice: plan.twice,
        window_not_over: joined.unripe,
        hidden,
        explained: explained.filter(|_| sample_ratio.alarm).map(str::to_owned),
        sample_ratio,
        biases,
        cap: joined.cap,
        strata: cells[0].len(),
        results,
        other_way,
        warnings,
    })
}

/// Position of the control, and the share that each arm of the exposures was meant to have.
fn roles(arms: &[String], plan: &Plan) -> Result<(usize, Vec<f64>), ExperimentFileError> {
    let wrong = |what: String| Err(ExperimentFileError::Arms { what });
    let listed = arms.iter().take(12).cloned().collect::<Vec<_>>().join(", ");
    if arms.len() < 2 {
        return wrong(format!("there must be two arms to compare; the exposures have {}: {listed}", arms.len()));
    }
    if arms.len() > ARMS_MAX {
        return wrong(format!("{} arms are more than {ARMS_MAX}; is `arm` the right column? {listed}", arms.len()));
    }
    let usual =
        || ["control", "holdout"].iter().find_map(|name| arms.iter().position(|a| a.eq_ignore_ascii_case(name)));
    let control = match &plan.control {
        Some(named) => arms.iter().position(|a| a == named),
        None => usual(),
    };
    let Some(control) = control else {
        return wrong(match &plan.control {
            Some(named) => format!("nobody was on the control `{named}`; the arms are {listed}"),
            None => format!("say which arm is the control with --control ARM; they are {listed}"),
        });
    };
    if plan.arms.is_empty() {
        return Ok((control, vec![1.0; arms.len()]));
    }
    if let Some(missing) = plan.arms.keys().find(|a| !arms.contains(a)) {
        return wrong(format!("nobody was on arm `{missing}`; the arms are {listed}"));
    }
    let share = |arm: &String| plan.arms.get(arm).copied();
    match arms.iter().map(share).collect::<Option<Vec<f64>>>() {
        Some(shares) => Ok((control, shares)),
        None => wrong(format!(
            "the exposures have arms that the plan does not: {listed}; it has {}",
            plan.arms.keys().cloned().collect::<Vec<_>>().join(", ")
        )),
    }
}

fn results(arms: &[String], cells: &[Vec<Moments>], control: usize, plan: &Plan) -> Vec<MetricResult> {
    let value = |metric: Metric| {
        let of = |(arm, cells): (&String, &Vec<Moments>)| {
            let found = of_arm(cells, metric)?;
            Some(ArmValue { arm: arm.clone(), value: found.value, interval: found.interval(plan.alpha) })
        };
        arms.iter().zip(cells).filter_map(of).collect()
    };
    let mut results: Vec<MetricResult> = Metric::ALL
        .into_iter()
        .map(|metric| {
            let others = (0..arms.len()).filter(|a| *a != control);
            let lifts = others.filter_map(|a| lift(&arms[a], &cells[a], &cells[control], metric, plan)).collect();
            MetricResult { metric, arms: value(metric), lifts }
        })
        .collect();
    let p: Vec<f64> = results.iter().flat_map(|r| r.lifts.iter().map(|l| l.p)).collect();
    let mut adjusted = adjusted(&p, plan.correction).into_iter();
    for lift in results.iter_mut().flat_map(|r| &mut r.lifts) {
        lift.p_adjusted = adjusted.next().unwrap_or(lift.p);
    }
    results
}

/// A logarithm as a share: ln 1.05 is 0.05.
fn shares(ends: Ends) -> Ends {
    Ends { low: ends.low.exp_m1(), high: ends.high.exp_m1() }
}

fn lift(arm: &str, treatment: &[Moments], control: &[Moments], metric: Metric, plan: &Plan) -> Option<Lift> {
    let of = |scale, precision| compare(treatment, control, metric, scale, precision);
    let (full, plain): (Estimate, Estimate) =
        (of(Scale::Relative, Precision::FULL)?, of(Scale::Relative, Precision::PLAIN)?);
    let difference = of(Scale::Absolute, Precision::FULL)?;
    Some(Lift {
        arm: arm.to_owned(),
        lift: full.value.exp_m1(),
        interval: shares(full.interval(plan.alpha)),
        p: full.p(),
        p_adjusted: full.p(),
        always_valid: shares(sequence::interval(&full, plan.alpha, plan.decision_people)),
        always_valid_p: sequence::p(&full, plan.alpha, plan.decision_people),
        difference: difference.value,
        difference_interval: difference.interval(plan.alpha),
        unadjusted: plain.value.exp_m1(),
        unadjusted_interval: shares(plain.interval(plan.alpha)),
        variance_cut: 1.0 - (full.error / plain.error).powi(2),
        too_few: too_few(&Moments::whole(treatment)) || too_few(&Moments::whole(control)),
    })
}

fn other_way(exposures: &Exposures, orders: &Orders, plan: &Plan, control: usize, end: Option<i64>) -> Vec<OtherWay> {
    let twice = match plan.twice {
        Twice::Exclude => Twice::First,
        Twice::First => Twice::Exclude,
    };
    let joined = join(exposures, orders, plan, twice, end);
    let arms = exposures.arms.all();
    let cells = join_small_strata(cells(&joined.people, arms.len(), exposures.markets.all().len() + 1));
    if cells.iter().any(|arm| arm.iter().map(Moments::n).sum::<f64>() < 2.0) {
        return Vec::new();
    }
    let brief = |r: MetricResult| {
        let metric = r.metric;
        r.lifts.into_iter().map(move |l| OtherWay { metric, arm: l.arm, lift: l.lift, interval: l.interval })
    };
    results(arms, &cells, control, plan).into_iter().flat_map(brief).collect()
}

fn warnings(exposures: &Exposures, orders: &Orders, plan: &Plan, joined: &Joined, arms: &[Moments]) -> Vec<String> {
    let mut out = Vec::new();
    let mut say = |condition: bool, what: String| {
        if condition {
            out.push(what);
        }
    };
    let lookback = (plan.lookback_days * DAY_US) as i64;
    say(
        orders.first > joined.begin - lookback,
        format!(
            "the orders do not begin {} days before the first exposure: what people did before is not known of all, and \
             takes away less of the variance",
            plan.lookback_days
        ),
    );
    let few = arms.iter().any(|m| m.n() * m.mean(Value::Converted) < CONVERTED_MIN);
    say(few, format!("an arm has fewer than {CONVERTED_MIN} people with an order: its intervals are rough"));
    say(
        plan.window_days.is_none() && joined.end - joined.begin > 0,
        "there is no window: people who were exposed early have had longer to buy; window_days makes them alike"
            .to_owned(),
    );
    say(orders.others > 0 && exposures.people.all().is_empty(), "no order is of anybody exposed".to_owned());
    say(
        orders.repeated > 0,
        format!("{} rows of orders say the same as another of their order, and were counted once", orders.repeated),
    );
    out
}
