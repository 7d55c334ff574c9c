//! Cuts in time: which rows train, which calibrate, which test.
//!
//! A row at a cut carries a label that is known only `horizon` later. So every training and calibration cut must lie at
//! least a horizon before the test cut, or the past would have known the test's future.

/// A forward split. Times in any one unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwardSplit {
    train: Vec<i64>,
    calibration: i64,
    test: i64,
}

/// Why cuts are not a forward split.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SplitError {
    /// No training cut.
    #[error("at least one training cut is needed, earlier than the calibration cut")]
    NoTrainingCut,
    /// The label of this cut looks beyond the test cut.
    #[error("labels of cut {cut} are known at {known}, after the test cut {test}: move it back by the horizon")]
    Leaks { cut: i64, known: i64, test: i64 },
    /// Calibrating on the past of the training is not forward.
    #[error("training cut {cut} is not earlier than the calibration cut {calibration}")]
    NotForward { cut: i64, calibration: i64 },
    /// No row has this cut.
    #[error("there are no rows at cut {cut}")]
    NoRows { cut: i64 },
}

/// Row numbers of each part, ascending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    pub train: Vec<usize>,
    pub calibration: Vec<usize>,
    pub test: Vec<usize>,
}

impl ForwardSplit {
    /// # Errors
    /// See [`SplitError`].
    pub fn new(train: Vec<i64>, calibration: i64, test: i64, horizon: i64) -> Result<Self, SplitError> {
        if train.is_empty() {
            return Err(SplitError::NoTrainingCut);
        }
        for &cut in train.iter().chain([&calibration]) {
            let known = cut.saturating_add(horizon);
            if known > test {
                return Err(SplitError::Leaks { cut, known, test });
            }
        }
        if let Some(&cut) = train.iter().find(|&&cut| cut >= calibration) {
            return Err(SplitError::NotForward { cut, calibration });
        }
        Ok(ForwardSplit { train, calibration, test })
    }

    pub fn test(&self) -> i64 {
        self.test
    }

    /// Sorts rows by their cut; rows of other cuts are in no part.
    ///
    /// # Errors
    /// A cut without a row.
    pub fn assign(&self, cuts: &[i64]) -> Result<Places, SplitError> {
        let at = |wanted: &dyn Fn(i64) -> bool| (0..cuts.len()).filter(|&r| wanted(cuts[r])).collect::<Vec<_>>();
        for cut in self.train.iter().chain([&self.calibration, &self.test]) {
            if !cuts.contains(cut) {
                return Err(SplitError::NoRows { cut: *cut });
            }
        }
        Ok(Places {
            train: at(&|c| self.train.contains(&c)),
            calibration: at(&|c| c == self.calibration),
            test: at(&|c| c == self.test),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_may_know_the_future_of_the_test() {
        for (train, calibration, test, expected) in [
            (vec![0, 30], 60, 150, Ok(())),
            (vec![], 60, 150, Err(SplitError::NoTrainingCut)),
            (vec![0], 61, 150, Err(SplitError::Leaks { cut: 61, known: 151, test: 150 })),
            (vec![100], 60, 150, Err(SplitError::Leaks { cut: 100, known: 190, test: 150 })),
            (vec![60], 60, 150, Err(SplitError::NotForward { cut: 60, calibration: 60 })),
        ] {
            assert_eq!(ForwardSplit::new(train, calibration, test, 90).map(|_| ()), expected);
        }
        let split = ForwardSplit::new(vec![0, 30], 60, 150, 90).expect("forward");
        let places = split.assign(&[150, 60, 30, 0, 0, 75]).expect("all there");
        assert_eq!((places.train, places.calibration, places.test), (vec![2, 3, 4], vec![1], vec![0]));
        assert_eq!(split.assign(&[150, 60, 30]), Err(SplitError::NoRows { cut: 0 }));
    }
}
