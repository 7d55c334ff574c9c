//! Cuts in time: which rows train, which choose the penalty, which test.
//!
//! A row at a cut carries a label that is known only `horizon` later. So every training cut must lie at least a horizon
//! before the test cut, or the past would have known the test's future; and the cuts that a training cut is predicted
//! from lie a horizon before that.

/// Training cuts that are predicted from older ones, to choose the penalty and to learn the slope.
pub(crate) const ORIGINS: usize = 3;

/// Cuts to train on. Times in any one unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrainCuts {
    train: Vec<i64>,
    earlier: Vec<i64>,
    horizon: i64,
}

/// Training cuts and a later one to test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwardSplit {
    train: TrainCuts,
    test: i64,
}

/// Why cuts are not a forward split.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SplitError {
    /// No training cut.
    #[error("at least one training cut is needed, a horizon before the test cut")]
    NoTrainingCut,
    /// The label of this cut looks beyond the test cut.
    #[error("labels of cut {cut} are known at {known}, after the test cut {test}: move it back by the horizon")]
    Leaks { cut: i64, known: i64, test: i64 },
    /// No row has this cut.
    #[error("there are no rows at cut {cut}")]
    NoRows { cut: i64 },
}

/// Row numbers of each part, ascending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// Rows of all training cuts.
    pub train: Vec<usize>,
    /// The newest training cuts, at most [`ORIGINS`], that have cuts at least a horizon older.
    pub origins: Vec<Origin>,
}

/// A training cut that is predicted from the past which it knew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Rows of cuts at least a horizon older.
    pub older: Vec<usize>,
    /// Rows of the cut.
    pub rows: Vec<usize>,
}

impl TrainCuts {
    /// `earlier` are cuts with too little behind them to train on, that yet help to choose penalty and slope.
    ///
    /// # Errors
    /// No training cut.
    pub fn new(train: Vec<i64>, earlier: Vec<i64>, horizon: i64) -> Result<Self, SplitError> {
        if train.is_empty() {
            return Err(SplitError::NoTrainingCut);
        }
        Ok(TrainCuts { train, earlier, horizon })
    }

    /// All cuts that rows are needed for, ascending.
    pub fn all(&self) -> Vec<i64> {
        let mut all: Vec<i64> = self.train.iter().chain(&self.earlier).copied().collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    pub fn train(&self) -> &[i64] {
        &self.train
    }

    /// Sorts rows by their cut; rows of other cuts are in no part.
    ///
    /// # Errors
    /// A cut without a row.
    pub fn assign(&self, cuts: &[i64]) -> Result<Places, SplitError> {
        if let Some(&cut) = self.train.iter().find(|cut| !cuts.contains(cut)) {
            return Err(SplitError::NoRows { cut });
        }
        let at = |wanted: &dyn Fn(i64) -> bool| (0..cuts.len()).filter(|&r| wanted(cuts[r])).collect::<Vec<_>>();
        let all = self.all();
        let mut newest = self.train.clone();
        newest.sort_unstable_by(|a, b| b.cmp(a));
        newest.truncate(ORIGINS);
        let origin = |cut: i64| Origin {
            older: at(&|c| c.saturating_add(self.horizon) <= cut && all.contains(&c)),
            rows: at(&|c| c == cut),
        };
        let origins = newest.into_iter().map(origin).filter(|o| !o.older.is_empty()).collect();
        Ok(Places { train: at(&|c| self.train.contains(&c)), origins })
    }
}

impl ForwardSplit {
    /// # Errors
    /// A training cut whose label the test cut does not know yet.
    pub fn new(train: TrainCuts, test: i64) -> Result<Self, SplitError> {
        for cut in train.all() {
            let known = cut.saturating_add(train.horizon);
            if known > test {
                return Err(SplitError::Leaks { cut, known, test });
            }
        }
        Ok(ForwardSplit { train, test })
    }

    pub fn train(&self) -> &TrainCuts {
        &self.train
    }

    pub fn test(&self) -> i64 {
        self.test
    }

    /// Rows of the test cut.
    ///
    /// # Errors
    /// There are none.
    pub fn test_rows(&self, cuts: &[i64]) -> Result<Vec<usize>, SplitError> {
        let rows: Vec<usize> = (0..cuts.len()).filter(|&r| cuts[r] == self.test).collect();
        if rows.is_empty() { Err(SplitError::NoRows { cut: self.test }) } else { Ok(rows) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_may_know_the_future_of_the_test() {
        for (train, earlier, test, expected) in [
            (vec![0, 30], vec![], 150, Ok(())),
            (vec![], vec![0], 150, Err(SplitError::NoTrainingCut)),
            (vec![61], vec![0], 150, Err(SplitError::Leaks { cut: 61, known: 151, test: 150 })),
            (vec![0], vec![100], 150, Err(SplitError::Leaks { cut: 100, known: 190, test: 150 })),
        ] {
            let split = TrainCuts::new(train, earlier, 90).and_then(|train| ForwardSplit::new(train, test));
            assert_eq!(split.map(|_| ()), expected);
        }
        let train = TrainCuts::new(vec![30, 120], vec![0], 90).expect("cuts");
        let split = ForwardSplit::new(train, 210).expect("forward");
        let cuts = [210, 120, 30, 0, 75];
        let places = split.train().assign(&cuts).expect("all there");
        // Cut 30 has no cut a horizon before it.
        let origin = Origin { older: vec![2, 3], rows: vec![1] };
        assert_eq!((places.train, places.origins), (vec![1, 2], vec![origin]));
        assert_eq!(split.test_rows(&cuts), Ok(vec![0]));
        // The newest come first, each with the cuts that it knew the outcome of; no more than are asked for.
        let many = TrainCuts::new(vec![90, 120, 150, 180], vec![0], 90).expect("cuts");
        let places = many.assign(&[0, 90, 120, 150, 180]).expect("all there");
        let origins =
            [(vec![0, 1], 4), (vec![0], 3), (vec![0], 2)].map(|(older, row)| Origin { older, rows: vec![row] });
        assert_eq!(places.origins, origins);
        assert_eq!(split.test_rows(&cuts[1..]), Err(SplitError::NoRows { cut: 210 }));
        assert_eq!(split.train().assign(&[210, 30]), Err(SplitError::NoRows { cut: 120 }));
    }
}
