//! The moments to learn from and to be judged at.
//!
//! Steps of a third of the horizon (or longer, so that there are at most twelve), from the newest whose outcome is known back as far as there is a horizon of history
//! before, but not over more than a year: each season then counts once, and customers are seen with as much behind them
//! as the horizon they are asked about.

use kenal_models::churn::TrainCuts;

use crate::error::ChurnFileError;
use crate::log::features::Population;
use crate::time::{DAY_S, date};

/// Training cuts at most.
const CUTS_MAX: i64 = 12;
/// Cuts that choose penalty and slope, where there is history for them.
const EARLIER: usize = 3;

/// Cuts to train on whose outcome is known at `known`, from a log that begins at `first`.
///
/// # Errors
/// The log is too short: it needs a third of a horizon to look back, and a horizon to look forward.
pub fn train(first: i64, known: i64, population: &Population) -> Result<TrainCuts, ChurnFileError> {
    let horizon = i64::from(population.horizon_days) * DAY_S;
    let newest = known - horizon;
    let span = (newest - first).clamp(0, 365 * DAY_S);
    let step = (horizon / 3).max(span / CUTS_MAX / DAY_S * DAY_S).max(DAY_S);
    let back = |least: i64| -> Vec<i64> {
        let all = (0..).map(|n| newest - n * step);
        all.take_while(|&cut| cut - least >= first && cut > newest - 365 * DAY_S).take(CUTS_MAX as usize).collect()
    };
    let (whole, some) = (back(horizon), back(horizon / 3));
    let train = if whole.is_empty() { some.clone() } else { whole };
    if train.is_empty() {
        let needed = (horizon + horizon / 3) / DAY_S + 1;
        return Err(ChurnFileError::TooShort {
            from: date(first),
            to: date(known - 1),
            horizon_days: population.horizon_days,
            needed_days: needed,
        });
    }
    let older = train.iter().filter(|&&cut| cut <= newest - horizon).count();
    let earlier = some.into_iter().filter(|cut| *cut <= newest - horizon && !train.contains(cut));
    let earlier: Vec<i64> = earlier.take(EARLIER.saturating_sub(older)).collect();
    Ok(TrainCuts::new(train, earlier, horizon)?)
}
