//! `kenal experiment`: who is on which arm, what an arm has brought, and how many people that takes.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use kenal_experiment::analysis::{Lift, MetricResult};
use kenal_experiment::correction::Correction;
use kenal_experiment::estimate::{Ends, Metric};
use kenal_experiment::power::{Question, people};
use kenal_experiment::read::{Refused, micros};
use kenal_experiment::{Analysis, Exposures, Orders, Plan, Twice, analyse};
use kenal_lake::Lake;
use kenal_tables::read::{Batch, Reader};
use serde_json::json;

use crate::stage::measured::Measured;
use crate::ui::{Align, Table, count, percent};

#[derive(clap::Args)]
pub struct ExperimentArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// What the arms have brought: conversion, revenue per randomised visitor and average order value.
    ///
    /// People whose `arm` is empty, `none` or `excluded` have not agreed: they are on no arm, nothing of theirs is looked
    /// at, and their number is told. `person` is the resolved id: who was shown two arms, by a merge or by chance, is
    /// told of and left out, and the figures with them on their first arm are shown beside.
    Analyse(AnalyseArgs),
    /// The arm of each id, as the core gives it at every edge.
    Assign(AssignArgs),
    /// How many people it takes to see a lift.
    Power(PowerArgs),
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum TwiceArg {
    Exclude,
    First,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum CorrectionArg {
    /// Benjamini–Hochberg.
    Bh,
    Holm,
    None,
}

#[derive(clap::Args)]
struct AnalyseArgs {
    /// Columns person, arm, time and, where there are, experiment and market; CSV or Parquet.
    #[arg(long, value_name = "FILE")]
    exposures: PathBuf,
    /// Columns person, time, amount and, where there is one, order; from before the exposures on, for CUPED.
    #[arg(long, value_name = "FILE", required_unless_present = "lake")]
    orders: Option<PathBuf>,
    /// Orders from this lake instead; people who do not permit measuring there are taken off their arms.
    #[arg(long, value_name = "DIR", conflicts_with = "orders")]
    lake: Option<PathBuf>,
    /// The plan as it was decided before the start, in TOML; the options here go before it.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Only this experiment of the exposures.
    #[arg(long, value_name = "NAME")]
    experiment: Option<String>,
    /// The arm that the others are compared with [default: `control`, or `holdout`].
    #[arg(long, value_name = "ARM")]
    control: Option<String>,
    /// Shares that were meant, for the sample ratio [default: equal], as in control=90 kenal=10.
    #[arg(long, value_name = "ARM=SHARE", num_args = 1..)]
    shares: Vec<String>,
    /// Orders so many days after the exposure count [default: all until the end].
    #[arg(long, value_name = "DAYS")]
    window: Option<f64>,
    /// Days before the exposure that CUPED looks at [default: 14].
    #[arg(long, value_name = "DAYS")]
    lookback: Option<f64>,
    /// Order values above this percentile of all count as that much, as was decided beforehand.
    #[arg(long, value_name = "PERCENTILE")]
    cap: Option<f64>,
    /// 0.05 for intervals at 95 %.
    #[arg(long, value_name = "SHARE")]
    alpha: Option<f64>,
    /// Size at which the decision is planned: always-valid intervals are narrowest there [default: 5000].
    #[arg(long, value_name = "PEOPLE")]
    decision: Option<f64>,
    /// How p-values account for the number of lifts [default: bh].
    #[arg(long, value_enum)]
    correction: Option<CorrectionArg>,
    /// What to do with people who were shown two arms [default: exclude].
    #[arg(long, value_enum)]
    twice: Option<TwiceArg>,
    /// The end of the data [default: the last row of the files].
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Why the arms' sizes are not as meant: shows results that the sample-ratio check hides, with your words.
    #[arg(long, value_name = "WHY")]
    explained: Option<String>,
    /// Print one JSON object instead of tables.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct AssignArgs {
    /// Name of the experiment, part of the hash.
    #[arg(long, value_name = "NAME")]
    experiment: Option<String>,
    /// A file with a column `person`, or with one column of ids.
    #[arg(long, value_name = "FILE")]
    ids: PathBuf,
    /// The plan, in TOML.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Part of the hash: another salt draws other people.
    #[arg(long, value_name = "TEXT")]
    salt: Option<String>,
    /// Shares of the arms [default: control=50 treatment=50].
    #[arg(long, value_name = "ARM=SHARE", num_args = 1..)]
    arms: Vec<String>,
    /// Share of people who take part, 0 to 1; it may grow, and nobody changes arms.
    #[arg(long, value_name = "SHARE")]
    coverage: Option<f64>,
    /// Share of people who are in no experiment at all.
    #[arg(long, value_name = "SHARE")]
    holdout: Option<f64>,
}

#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("known").required(true))]
struct PowerArgs {
    /// Share of visitors with an order: asks for conversion.
    #[arg(long, value_name = "SHARE", group = "known")]
    conversion: Option<f64>,
    /// Mean of a visitor's metric, as revenue with those who buy nothing.
    #[arg(long, value_name = "MEAN", requires = "deviation", group = "known")]
    mean: Option<f64>,
    /// Its standard deviation between visitors.
    #[arg(long, value_name = "DEVIATION", requires = "mean")]
    deviation: Option<f64>,
    /// The least lift worth seeing: 0.05 for 5 %.
    #[arg(long, value_name = "SHARE")]
    lift: f64,
    #[arg(long, value_name = "SHARE", default_value_t = 0.8)]
    power: f64,
    #[arg(long, value_name = "SHARE", default_value_t = 0.05)]
    alpha: f64,
    /// People on the arm for each on the control.
    #[arg(long, value_name = "RATIO", default_value_t = 1.0)]
    ratio: f64,
    /// Share of the variance that CUPED takes away, as `analyse` tells it.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    variance_cut: f64,
    #[arg(long)]
    json: bool,
}

impl ExperimentArgs {
    pub fn run(self) -> Result<ExitCode> {
        match self.what {
            What::Analyse(args) => args.run()?,
            What::Assign(args) => args.run()?,
            What::Power(args) => args.run()?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn shares(given: &[String]) -> Result<std::collections::BTreeMap<String, f64>> {
    let one = |text: &String| {
        let (arm, share) = text.rsplit_once('=').with_context(|| format!("`{text}` is not ARM=SHARE"))?;
        Ok((arm.to_owned(), share.parse().with_context(|| format!("the share in `{text}` is no number"))?))
    };
    given.iter().map(one).collect()
}

fn plan_of(config: Option<&Path>) -> Result<Plan> {
    Ok(config.map(Plan::read).transpose()?.unwrap_or_default())
}

impl AnalyseArgs {
    fn plan(&self) -> Result<Plan> {
        let mut plan = plan_of(self.config.as_deref())?;
        if !self.shares.is_empty() {
            plan.arms = shares(&self.shares)?;
        }
        plan.control = self.control.clone().or(plan.control);
        plan.window_days = self.window.or(plan.window_days);
        plan.lookback_days = self.lookback.unwrap_or(plan.lookback_days);
        plan.cap_percentile = self.cap.or(plan.cap_percentile);
        plan.alpha = self.alpha.unwrap_or(plan.alpha);
        plan.decision_people = self.decision.unwrap_or(plan.decision_people);
        if let Some(correction) = self.correction {
            plan.correction = match correction {
                CorrectionArg::Bh => Correction::BenjaminiHochberg,
                CorrectionArg::Holm => Correction::Holm,
                CorrectionArg::None => Correction::None,
            };
        }
        if let Some(twice) = self.twice {
            plan.twice = match twice {
                TwiceArg::Exclude => Twice::Exclude,
                TwiceArg::First => Twice::First,
            };
        }
        plan.check()?;
        Ok(plan)
    }

    fn run(&self) -> Result<()> {
        let plan = self.plan()?;
        let until = self.until.as_deref().map(|text| micros(text).context("--until is no date or time")).transpose()?;
        // The name in a plan picks the experiment only where the file has several.
        let mut exposures = Exposures::read(&self.exposures, self.experiment.as_deref())?;
        refused(&self.exposures, &exposures.refused, exposures.read);
        let orders = self.orders(&mut exposures)?;
        let found = analyse(&exposures, &orders, &plan, self.explained.as_deref(), until)?;
        let mut out = std::io::stdout().lock();
        if self.json {
            writeln!(out, "{}", serde_json::to_string(&found)?)?;
        } else {
            write!(out, "{}", told(&found, &plan))?;
        }
        Ok(())
    }
}

impl AnalyseArgs {
    fn orders(&self, exposures: &mut Exposures) -> Result<Orders> {
        if let Some(path) = &self.orders {
            let orders = Orders::read(path, &|person| exposures.people.get(person))?;
            refused(path, &orders.refused, orders.read);
            return Ok(orders);
        }
        let lake = self.lake.as_deref().context("--orders or --lake is needed")?;
        let measured = Measured::read(&Lake::open_existing(lake)?)?;
        exposures.exclude(|person| !measured.permits(person));
        let rows = measured.orders.iter().map(|o| (o.person.as_str(), o.time.0, o.amount));
        Ok(Orders::of(rows, &|person| exposures.people.get(person)))
    }
}

fn refused(path: &Path, refused: &Refused, read: u64) {
    if refused.count > 0 {
        eprintln!("{}: {} of {} rows cannot be used:", path.display(), count(refused.count), count(read));
        refused.shown.iter().for_each(|(line, why)| eprintln!("  line {line}: {why}"));
    }
}

impl AssignArgs {
    fn run(&self) -> Result<()> {
        let mut plan = plan_of(self.config.as_deref())?;
        plan.name = self.experiment.clone().or(plan.name);
        plan.salt = self.salt.clone().unwrap_or(plan.salt);
        plan.coverage = self.coverage.unwrap_or(plan.coverage);
        plan.holdout = self.holdout.unwrap_or(plan.holdout);
        if !self.arms.is_empty() {
            plan.arms = shares(&self.arms)?;
        } else if plan.arms.is_empty() {
            plan.arms = [("control".to_owned(), 1.0), ("treatment".to_owned(), 1.0)].into();
        }
        plan.check()?;
        let assignment = plan.assignment()?;
        let mut reader = Reader::open(&self.ids)?;
        let named = reader.columns().iter().position(|c| c.eq_ignore_ascii_case("person"));
        let Some(column) = named.or((reader.columns().len() == 1).then_some(0)) else {
            bail!("{}: no column `person`, and more than one to choose from", self.ids.display());
        };
        reader.readable(column)?;
        reader.select(&[column]);
        let mut out = csv::Writer::from_writer(std::io::stdout().lock());
        out.write_record(["person", "arm"])?;
        let mut batch = Batch::new();
        while reader.next_batch(&mut batch)? {
            for row in 0..batch.rows_count() {
                let Some(id) = batch.get(row, column) else { continue };
                out.write_record([id, assignment.of(id).unwrap_or("")])?;
            }
        }
        Ok(out.flush()?)
    }
}

impl PowerArgs {
    fn run(&self) -> Result<()> {
        let relative_variance = match (self.conversion, self.mean, self.deviation) {
            (Some(p), ..) if p > 0.0 && p < 1.0 => (1.0 - p) / p,
            (None, Some(mean), Some(deviation)) if mean > 0.0 && deviation > 0.0 => (deviation / mean).powi(2),
            _ => bail!("a conversion is between 0 and 1; a mean and a deviation are above 0"),
        };
        let inside = |share: f64| share > 0.0 && share < 1.0;
        if !inside(self.power) || !inside(self.alpha) || !(0.0..1.0).contains(&self.variance_cut) {
            bail!("--power and --alpha are between 0 and 1, --variance-cut is from 0 to below 1");
        }
        if !(self.lift > -1.0 && self.lift != 0.0 && self.lift.is_finite() && self.ratio > 0.0) {
            bail!("--lift is above -1 and not 0, --ratio is above 0");
        }
        let question = Question {
            relative_variance,
            lift: self.lift,
            alpha: self.alpha,
            power: self.power,
            ratio: self.ratio,
            variance_cut: self.variance_cut,
        };
        let (control, arm) = people(&question);
        let mut out = std::io::stdout().lock();
        if self.json {
            writeln!(out, "{}", json!({ "control": control, "arm": arm, "people": control + arm }))?;
        } else {
            writeln!(
                out,
                "{} people, {} on the control and {} on the arm: a lift of {} is then seen with a probability of {:.0} %, \
                 and one that is not there with {} %",
                count((control + arm) as u64),
                count(control as u64),
                count(arm as u64),
                signed(self.lift),
                100.0 * self.power,
                100.0 * self.alpha
            )?;
        }
        Ok(())
    }
}

/// `+5.3 %`.
fn signed(share: f64) -> String {
    format!("{:+.1} %", 100.0 * share)
}

fn ends(e: Ends) -> String {
    format!("{} to {}", signed(e.low), signed(e.high))
}

fn probability(p: f64) -> String {
    if p < 0.000_1 { "< .0001".to_owned() } else { format!("{p:.4}") }
}

fn told(a: &Analysis, plan: &Plan) -> String {
    let mut out = format!("{}\n", sizes(a));
    let ratio = &a.sample_ratio;
    let shares: Vec<String> = ratio.expected.iter().map(|s| format!("{:.1} %", 100.0 * s)).collect();
    let verdict = if ratio.alarm { "ALARM" } else { "as meant" };
    out += &format!(
        "sample ratio     {verdict}: meant {}, χ² {:.2}, p {}\n",
        shares.join(" / "),
        ratio.chi_squared,
        probability(ratio.p)
    );
    if let Some(why) = &a.explained {
        out += &format!("                 shown all the same, since: {why}\n");
    }
    let handled = match a.twice {
        Twice::Exclude => "left out",
        Twice::First => "counted on the first",
    };
    out += &match a.shown_two_arms {
        0 => "two arms         nobody was shown two\n".to_owned(),
        n => format!("two arms         {} people were shown two, and are {handled}\n", count(n)),
    };
    out += &match a.biases.as_slice() {
        [] => "before exposure  no difference between arms\n".to_owned(),
        found => found.iter().fold(String::new(), |all, b| {
            let what = format!("{:?}", b.value);
            all + &format!(
                "before exposure  ALARM: {what} of {} {:.3} against {:.3}, p {}: the arms were not alike\n",
                b.arm,
                b.treatment,
                b.control,
                probability(b.p)
            )
        }),
    };
    if let Some(c) = &a.cap {
        out += &format!(
            "capped           {} order values above {:.2}, percentile {}: {:.2} % of the revenue\n",
            count(c.orders),
            c.amount,
            c.percentile,
            100.0 * c.share_of_revenue
        );
    }
    if a.hidden {
        out += "\nThe arms are not as large as they were meant to be, so whatever made them so may have made the results: \
                they are hidden.\nFind out why (redirects, robots, exposures that are lost on one arm); then show them with \
                --explained \"WHY\".\n";
    } else {
        for result in &a.results {
            out += &format!("\n{}\n", metric(a, result, plan));
        }
        out += &other_way(a);
    }
    for warning in &a.warnings {
        out += &format!("warning          {warning}\n");
    }
    out
}

fn sizes(a: &Analysis) -> String {
    let name = a.experiment.as_deref().map_or("arm".to_owned(), |n| format!("experiment {n}"));
    let mut table = Table::new(&[
        (&name, Align::Left),
        ("people", Align::Right),
        ("of all", Align::Right),
        ("with an order", Align::Right),
        ("orders", Align::Right),
    ]);
    let all = a.arms.iter().map(|s| s.people).sum();
    for s in &a.arms {
        let label = if s.arm == a.control { format!("{} (control)", s.arm) } else { s.arm.clone() };
        table.row([label, count(s.people), percent(s.people, all), count(s.converted), count(s.orders)]);
    }
    let apart = |what: &str, n: u64| [what.to_owned(), count(n), String::new(), String::new(), String::new()];
    table.row(apart("no consent, on no arm", a.no_consent));
    if a.window_not_over > 0 {
        table.row(apart("window not over", a.window_not_over));
    }
    table.to_string()
}

fn metric(a: &Analysis, result: &MetricResult, plan: &Plan) -> String {
    let level = format!("{:.0} %", 100.0 * a.level);
    let mut table = Table::new(&[
        (result.metric.name(), Align::Left),
        ("value", Align::Right),
        ("lift", Align::Right),
        (&level, Align::Right),
        ("p", Align::Right),
        ("p, adjusted", Align::Right),
        ("always valid", Align::Right),
        ("without CUPED", Align::Right),
        ("variance cut", Align::Right),
    ]);
    for arm in &result.arms {
        let value = match result.metric {
            Metric::Conversion => format!("{:.2} %", 100.0 * arm.value),
            Metric::RevenuePerVisitor | Metric::AverageOrderValue => format!("{:.2}", arm.value),
        };
        let lift = result.lifts.iter().find(|l| l.arm == arm.arm);
        let cells = lift.map_or_else(|| std::array::from_fn(|_| String::new()), lift_cells);
        table.row([arm.arm.clone(), value].into_iter().chain(cells));
    }
    let decision = match result.metric {
        Metric::Conversion => format!(
            "\nalways valid: may be looked at whenever one likes, narrowest at {} people; CUPED with {} markets",
            count(plan.decision_people as u64),
            a.strata
        ),
        _ => String::new(),
    };
    format!("{table}{decision}")
}

fn lift_cells(l: &Lift) -> [String; 7] {
    [
        signed(l.lift),
        format!("{}{}", ends(l.interval), if l.too_few { " (rough)" } else { "" }),
        probability(l.p),
        probability(l.p_adjusted),
        ends(l.always_valid),
        format!("{}: {}", signed(l.unadjusted), ends(l.unadjusted_interval)),
        format!("{:.0} %", 100.0 * l.variance_cut),
    ]
}

fn other_way(a: &Analysis) -> String {
    if a.other_way.is_empty() {
        return String::new();
    }
    let how = match a.twice {
        Twice::Exclude => "with people who were shown two arms on their first",
        Twice::First => "without people who were shown two arms",
    };
    let mut table = Table::new(&[(how, Align::Left), ("arm", Align::Left), ("lift", Align::Right), ("", Align::Right)]);
    for o in &a.other_way {
        table.row([o.metric.name().to_owned(), o.arm.clone(), signed(o.lift), ends(o.interval)]);
    }
    format!("\n{table}\n")
}
