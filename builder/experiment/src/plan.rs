//! What is decided before an experiment starts, in a file that can be shown to have been there first.
//!
//! ```toml
//! name = "carousel order"
//! salt = "2026-11"
//! control = "trending"
//! window_days = 14          # orders so long after the exposure count; without it, all until the end
//! lookback_days = 28        # days before the exposure that CUPED uses
//! cap_percentile = 99.9     # order values above this percentile of all count as that much
//! decision_people = 50000   # the size at which always-valid intervals are narrowest
//!
//! [arms]                    # shares; of what there is, a sample ratio is checked against them
//! trending = 50
//! kenal = 50
//! ```

use std::collections::BTreeMap;
use std::path::Path;

use kenal_core::experiment::{ARMS_MAX, BUCKETS, Experiment, Holdout, Key, Place, place_of};
use serde::{Deserialize, Serialize};

use crate::correction::Correction;
use crate::error::ExperimentFileError;

/// What to do with people who were shown two arms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Twice {
    /// Leave them out: what they did belongs to neither arm.
    #[default]
    Exclude,
    /// Count them on the arm that they met first.
    First,
}

/// The plan of an experiment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Plan {
    pub name: Option<String>,
    /// Another salt draws other people; change it when an experiment runs again.
    pub salt: String,
    /// Shares of the arms, in any unit; without any, arms are those of the exposures, in equal shares.
    pub arms: BTreeMap<String, f64>,
    /// The arm that the others are compared with.
    pub control: Option<String>,
    /// Share of visitors that take part, 0 to 1.
    pub coverage: f64,
    /// Share of visitors who are in no experiment at all.
    pub holdout: f64,
    pub holdout_salt: String,
    pub window_days: Option<f64>,
    pub lookback_days: f64,
    pub cap_percentile: Option<f64>,
    /// 0.05 for intervals at 95 %.
    pub alpha: f64,
    pub decision_people: f64,
    pub correction: Correction,
    pub twice: Twice,
}

impl Default for Plan {
    fn default() -> Self {
        Plan {
            name: None,
            salt: String::new(),
            arms: BTreeMap::new(),
            control: None,
            coverage: 1.0,
            holdout: 0.0,
            holdout_salt: "holdout".to_owned(),
            window_days: None,
            lookback_days: 14.0,
            cap_percentile: None,
            alpha: 0.05,
            decision_people: 5_000.0,
            correction: Correction::default(),
            twice: Twice::default(),
        }
    }
}

impl Plan {
    /// Reads a plan.
    ///
    /// # Errors
    /// When the file cannot be read, is no TOML, has a name that no plan has, or a value out of range.
    pub fn read(path: &Path) -> Result<Plan, ExperimentFileError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ExperimentFileError::Io { path: path.to_owned(), source })?;
        let plan: Plan = toml::from_str(&text)
            .map_err(|e| ExperimentFileError::Plan { what: format!("{}: {}", path.display(), e.to_string().trim()) })?;
        plan.check()?;
        Ok(plan)
    }

    /// # Errors
    /// [`ExperimentFileError::Plan`] with what is out of range.
    pub fn check(&self) -> Result<(), ExperimentFileError> {
        let wrong = |what: String| Err(ExperimentFileError::Plan { what });
        let days = |d: f64| d.is_finite() && d > 0.0 && d <= 3_660.0;
        if self.arms.len() > ARMS_MAX {
            return wrong(format!("{} arms are more than {ARMS_MAX}", self.arms.len()));
        }
        if let Some((arm, share)) = self.arms.iter().find(|(_, s)| !(s.is_finite() && **s > 0.0)) {
            return wrong(format!("the share {share} of arm `{arm}` is not above 0"));
        }
        if let Some(control) = self.control.as_ref().filter(|c| !self.arms.is_empty() && !self.arms.contains_key(*c)) {
            let arms: Vec<&str> = self.arms.keys().map(String::as_str).collect();
            return wrong(format!("the control `{control}` is not among the arms {}", arms.join(", ")));
        }
        for (name, share, most) in [("coverage", self.coverage, 1.0), ("holdout", self.holdout, 0.5)] {
            if !(0.0..=most).contains(&share) {
                return wrong(format!("{name} {share} is not from 0 to {most}"));
            }
        }
        if !(0.000_1..=0.5).contains(&self.alpha) {
            return wrong(format!("alpha {} is not from 0.0001 to 0.5", self.alpha));
        }
        if let Some(p) = self.cap_percentile.filter(|p| !(50.0..100.0).contains(p)) {
            return wrong(format!("cap_percentile {p} is not from 50 to below 100"));
        }
        if !days(self.lookback_days) || !self.window_days.is_none_or(days) {
            return wrong("lookback_days and window_days are above 0 and at most 3660".to_owned());
        }
        if !(self.decision_people.is_finite() && self.decision_people >= 100.0) {
            return wrong(format!("decision_people {} is not at least 100", self.decision_people));
        }
        Ok(())
    }

    /// The arms of an id, by the same function as at the edge.
    ///
    /// # Errors
    /// When the plan has no name or no arms: an assignment must be found again.
    pub fn assignment(&self) -> Result<Assignment, ExperimentFileError> {
        let wrong = |what: &str| ExperimentFileError::Plan { what: what.to_owned() };
        let name = self.name.as_deref().ok_or_else(|| wrong("an experiment needs a name to be assigned"))?;
        if self.arms.is_empty() {
            return Err(wrong("an experiment needs arms to be assigned"));
        }
        let total: f64 = self.arms.values().sum();
        // Cumulative shares are rounded, so that they end at all buckets.
        let (mut weights, mut sum, mut last) = (Vec::new(), 0.0, 0_u16);
        for share in self.arms.values() {
            sum += share / total;
            let end = (sum * f64::from(BUCKETS)).round() as u16;
            weights.push(end - last);
            last = end;
        }
        let buckets = |share: f64| (share * f64::from(BUCKETS)).round() as u16;
        let experiment = Experiment::new(Key::new(name, &self.salt), &weights, buckets(self.coverage))
            .map_err(|e| wrong(&format!("the arms are none: {e:?}")))?;
        let holdout = Holdout { key: Key::new("holdout", &self.holdout_salt), buckets: buckets(self.holdout) };
        Ok(Assignment { names: self.arms.keys().cloned().collect(), experiment, holdout })
    }
}

/// Arms with their names.
#[derive(Debug, Clone)]
pub struct Assignment {
    names: Vec<String>,
    experiment: Experiment,
    holdout: Holdout,
}

impl Assignment {
    /// The name of the arm, `holdout` for the global holdout, or nothing outside of the experiment.
    pub fn of(&self, id: &str) -> Option<&str> {
        match place_of(&self.experiment, &self.holdout, id) {
            Place::Holdout => Some("holdout"),
            Place::Outside => None,
            Place::Arm(arm) => self.names.get(usize::from(arm)).map(String::as_str),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_read_and_its_mistakes_are_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("plan.toml");
        let read = |text: &str| {
            std::fs::write(&path, text).expect("written");
            Plan::read(&path)
        };
        let plan = read("name = \"x\"\ncap_percentile = 99.9\n[arms]\na = 1\nb = 3\n").expect("a plan");
        assert_eq!((plan.arms["b"], plan.lookback_days), (3.0, 14.0));
        let assigned = plan.assignment().expect("arms");
        let b = (0..10_000).filter(|n| assigned.of(&n.to_string()) == Some("b")).count();
        assert!((7_300..7_700).contains(&b), "{b}");
        for (text, named) in [
            ("nmae = \"x\"", "nmae"),
            ("alpha = 2", "alpha"),
            ("control = \"c\"\n[arms]\na = 1", "`c`"),
            ("[arms]\na = 0", "`a`"),
            ("cap_percentile = 100", "cap_percentile"),
            ("coverage = 1.5", "coverage"),
            ("window_days = 0", "window_days"),
            ("decision_people = 1", "decision_people"),
        ] {
            let error = read(text).expect_err(text).to_string();
            assert!(error.contains(named), "{text}: {error}");
        }
        assert!(Plan::default().assignment().expect_err("no name").to_string().contains("name"));
    }
}
