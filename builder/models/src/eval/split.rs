//! What is hidden from the model: people (strong generalisation) or the future (forward in time).

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

use crate::interactions::{InteractionError, Interactions, Row};

/// One person to recommend for.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    pub user: u32,
    /// What is known: items ascending, with confidence.
    pub history: Vec<(u32, f32)>,
    /// What was hidden: items ascending.
    pub relevant: Vec<u32>,
}

/// People are held out.
#[derive(Debug, Clone, PartialEq)]
pub struct StrongSplit {
    /// The other people's rows, in the order of `train_users`.
    pub train: Interactions,
    pub train_users: Vec<u32>,
    pub cases: Vec<Case>,
}

/// Holds out `held_share` of the users (those with at least two items); of each, `hidden_share` of the items, at least
/// one, are the test and the others the history. Users and items ascending; the draw depends on `seed` alone.
pub fn strong_split(all: &Interactions, held_share: f64, hidden_share: f64, seed: u64) -> StrongSplit {
    let mut random = Pcg64Mcg::seed_from_u64(seed);
    let mut eligible: Vec<u32> = (0..all.n_users() as u32).filter(|&u| all.row(u as usize).0.len() >= 2).collect();
    let held_count = (eligible.len() as f64 * held_share) as usize;
    shuffle_first(&mut eligible, held_count, &mut random);
    let mut held = eligible[..held_count].to_vec();
    held.sort_unstable();
    let train_users: Vec<u32> = (0..all.n_users() as u32).filter(|u| held.binary_search(u).is_err()).collect();
    let cases = held
        .into_iter()
        .map(|user| {
            let (items, weights) = all.row(user as usize);
            let hidden = ((items.len() as f64 * hidden_share).round_ties_even() as usize).clamp(1, items.len() - 1);
            let mut places: Vec<u32> = (0..items.len() as u32).collect();
            shuffle_first(&mut places, hidden, &mut random);
            let mut hide = vec![false; items.len()];
            for &p in &places[..hidden] {
                hide[p as usize] = true;
            }
            let pick = |want: bool| items.iter().zip(weights).zip(&hide).filter(move |(_, h)| **h == want);
            Case {
                user,
                history: pick(false).map(|((&i, &c), _)| (i, c)).collect(),
                relevant: pick(true).map(|((&i, _), _)| i).collect(),
            }
        })
        .collect();
    StrongSplit { train: all.select(&train_users), train_users, cases }
}

/// Draws `count` of the things that are not `taken`, fewer if there are not as many; the draw depends on `seed` alone.
pub fn withhold(taken: &[bool], count: usize, seed: u64) -> Vec<bool> {
    let mut free: Vec<u32> = (0..taken.len() as u32).filter(|&i| !taken[i as usize]).collect();
    let count = count.min(free.len());
    shuffle_first(&mut free, count, &mut Pcg64Mcg::seed_from_u64(seed));
    let mut out = vec![false; taken.len()];
    free[..count].iter().for_each(|&i| out[i as usize] = true);
    out
}

/// Puts a random choice of `count` elements first (Fisher–Yates, stopped early).
fn shuffle_first(values: &mut [u32], count: usize, random: &mut Pcg64Mcg) {
    for at in 0..count.min(values.len()) {
        let other = random.random_range(at as u64..values.len() as u64) as usize;
        values.swap(at, other);
    }
}

/// The future is held out.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeSplit {
    pub train: Interactions,
    /// People with a row before the cut and a relevant item after it.
    pub cases: Vec<Case>,
}

/// What counts as relevant after the cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relevant {
    /// Only items the person did not have before.
    New,
    /// Also repeats.
    WithRepeats,
}

/// Rows strictly before `cut` train, later ones are the test. Weights of a pair are added up. Measure `Relevant::New`
/// with [`crate::eval::Candidates::New`], repeats with `All`.
///
/// # Errors
/// An index out of range or a bad weight.
pub fn time_split(
    rows: &[Row],
    n_users: usize,
    n_items: usize,
    cut: i64,
    relevant: Relevant,
) -> Result<TimeSplit, InteractionError> {
    let part = |before: bool| {
        let chosen = rows.iter().filter(move |r| (r.time < cut) == before);
        Interactions::from_triples(n_users, n_items, chosen.map(|r| (r.user, r.item, r.weight)))
    };
    let (train, after) = (part(true)?, part(false)?);
    let cases = (0..n_users)
        .filter_map(|u| {
            let (items, weights) = train.row(u);
            let hidden = after.row(u).0.iter().copied();
            let relevant: Vec<u32> = match relevant {
                Relevant::New => hidden.filter(|i| items.binary_search(i).is_err()).collect(),
                Relevant::WithRepeats => hidden.collect(),
            };
            let history: Vec<(u32, f32)> = items.iter().copied().zip(weights.iter().copied()).collect();
            let counts = !history.is_empty() && !relevant.is_empty();
            counts.then_some(Case { user: u as u32, history, relevant })
        })
        .collect();
    Ok(TimeSplit { train, cases })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_held_out_whole_and_their_items_divided() {
        let triples = (0..100u32).flat_map(|u| (0..=u % 12).map(move |i| (u, (u + i * 7) % 40, 1.0 + i as f32)));
        let all = Interactions::from_triples(100, 40, triples).expect("valid");
        let split = strong_split(&all, 0.2, 0.2, 42);
        assert_eq!(split, strong_split(&all, 0.2, 0.2, 42));
        assert_ne!(split.cases, strong_split(&all, 0.2, 0.2, 43).cases);
        let eligible = (0..100).filter(|&u| all.row(u).0.len() >= 2).count();
        assert_eq!(split.cases.len(), eligible / 5);
        assert_eq!(split.train_users.len() + split.cases.len(), 100);
        assert_eq!(split.train.n_users(), split.train_users.len());
        for case in &split.cases {
            assert!(!split.train_users.contains(&case.user));
            let (items, weights) = all.row(case.user as usize);
            assert_eq!(case.relevant.len(), ((items.len() as f64 * 0.2).round_ties_even() as usize).max(1));
            let mut joined = case.history.clone();
            joined.extend(
                case.relevant.iter().map(|i| (*i, weights[items.binary_search(i).expect("an item of theirs")])),
            );
            joined.sort_by_key(|p| p.0);
            let whole: Vec<_> = items.iter().copied().zip(weights.iter().copied()).collect();
            assert_eq!(joined, whole, "history and hidden items make up the row");
        }
    }

    #[test]
    fn what_is_taken_is_not_drawn() {
        let taken: Vec<bool> = (0..50).map(|i| i % 3 == 0).collect();
        for (count, expected) in [(0, 0), (7, 7), (33, 33), (40, 33)] {
            let drawn = withhold(&taken, count, 5);
            assert_eq!(drawn.iter().filter(|d| **d).count(), expected);
            assert!(drawn.iter().zip(&taken).all(|(d, t)| !(*d && *t)));
            assert_eq!(drawn, withhold(&taken, count, 5));
        }
        assert_ne!(withhold(&taken, 7, 5), withhold(&taken, 7, 6));
        let often = (0..400).filter(|&seed| withhold(&taken, 11, seed)[49]).count();
        assert!((90..180).contains(&often), "one of three is drawn, it was {often} of 400 times");
    }

    #[test]
    fn the_future_is_held_out() {
        let row = |user, item, time| Row { user, item, time, weight: 1.0 };
        // User 0 repeats item 0 and adds 2; user 1 only repeats; user 2 is new after the cut.
        let rows = [row(0, 0, 1), row(0, 1, 4), row(0, 0, 5), row(0, 2, 9), row(1, 1, 0), row(1, 1, 6), row(2, 2, 7)];
        let new = time_split(&rows, 3, 3, 5, Relevant::New).expect("valid");
        assert_eq!(new.cases, [Case { user: 0, history: vec![(0, 1.0), (1, 1.0)], relevant: vec![2] }]);
        assert_eq!(new.train.len(), 3);
        let all = time_split(&rows, 3, 3, 5, Relevant::WithRepeats).expect("valid");
        let got: Vec<_> = all.cases.iter().map(|c| (c.user, c.relevant.clone())).collect();
        assert_eq!(got, [(0, vec![0, 2]), (1, vec![1])]);
    }
}
