//! The matrix a recommender learns from: who touched what, and how strongly.
//!
//! [`Interactions`] is compressed by row (CSR), each row sorted by item without duplicates, each weight finite and
//! above zero; having one proves it; [`ByUser`] makes one user by user. [`Row`] is a line of an interaction file, [`core_filter`] the k-core filter of the
//! evaluation protocol, [`compact`] renumbers what is left.

use crate::weights::{Values, Weights};

/// One line of an interaction file, keys already turned into numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    pub user: u32,
    pub item: u32,
    /// Microseconds since 1970; any clock does, only order and distance matter.
    pub time: i64,
    pub weight: f32,
}

/// Why rows are not a matrix.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum InteractionError {
    /// The caller's numbering is wrong: indices run from 0 to `n_users - 1`.
    #[error("interaction {row}: user index {user} is not below the number of users, {n_users}")]
    UserOutOfRange { row: usize, user: u32, n_users: usize },
    /// The caller's numbering is wrong: indices run from 0 to `n_items - 1`.
    #[error("interaction {row}: item index {item} is not below the number of items, {n_items}")]
    ItemOutOfRange { row: usize, item: u32, n_items: usize },
    /// A weight that is negative, infinite or not a number; drop the row or mend the weight.
    #[error("interaction {row}: weight {weight} is not a finite number of at least 0")]
    BadWeight { row: usize, weight: f32 },
    /// An event after the cut, or an age that is not a number.
    #[error("interaction {row}: age {age_days} days is not a finite number of at least 0; is the event after the cut?")]
    BadAge { row: usize, age_days: f32 },
}

/// Confidence c_ui of the observed pairs, `n_users × n_items`.
#[derive(Debug, Clone)]
pub struct Interactions {
    n_items: usize,
    indptr: Vec<usize>,
    items: Vec<u32>,
    confidence: Values,
}

impl PartialEq for Interactions {
    fn eq(&self, other: &Self) -> bool {
        let same = |u| self.row(u).1.iter().eq(other.row(u).1.iter());
        (self.n_items, &self.indptr, &self.items) == (other.n_items, &other.indptr, &other.items)
            && (0..self.n_users()).all(same)
    }
}

impl Interactions {
    /// From (user, item, weight) in any order. Weights of the same pair are added in the order given; a weight of zero
    /// is no observation and is left out. O(n log n).
    ///
    /// # Errors
    /// The first row with an index out of range or a weight that is negative or not finite.
    pub fn from_triples(
        n_users: usize,
        n_items: usize,
        triples: impl IntoIterator<Item = (u32, u32, f32)>,
    ) -> Result<Interactions, InteractionError> {
        let mut kept: Vec<(u32, u32, f32)> = Vec::new();
        for (row, (user, item, weight)) in triples.into_iter().enumerate() {
            if user as usize >= n_users {
                return Err(InteractionError::UserOutOfRange { row, user, n_users });
            }
            if item as usize >= n_items {
                return Err(InteractionError::ItemOutOfRange { row, item, n_items });
            }
            if !weight.is_finite() || weight < 0.0 {
                return Err(InteractionError::BadWeight { row, weight });
            }
            if weight > 0.0 {
                kept.push((user, item, weight));
            }
        }
        kept.sort_by_key(|&(u, i, _)| (u, i));
        let mut indptr = vec![0; n_users + 1];
        let (mut items, mut confidence) = (Vec::with_capacity(kept.len()), Vec::<f32>::with_capacity(kept.len()));
        let mut last = None;
        for (user, item, weight) in kept {
            if last == Some((user, item)) {
                if let Some(c) = confidence.last_mut() {
                    // A sum of finite weights may still overflow; the largest finite weight is the right reading.
                    *c = (*c + weight).min(f32::MAX);
                }
                continue;
            }
            last = Some((user, item));
            items.push(item);
            confidence.push(weight);
            indptr[user as usize + 1] = items.len();
        }
        for u in 0..n_users {
            indptr[u + 1] = indptr[u + 1].max(indptr[u]);
        }
        Ok(Interactions { n_items, indptr, items, confidence: Values::of(confidence) })
    }

    /// As [`Interactions::from_triples`], from columns and with less memory: besides them it takes one more column of
    /// items, and of weights where there are any. Without weights each row counts 1. O(n log n).
    ///
    /// # Errors
    /// As [`Interactions::from_triples`].
    ///
    /// # Panics
    /// When the columns are not of one length.
    pub fn from_columns(
        n_users: usize,
        n_items: usize,
        users: Vec<u32>,
        items: Vec<u32>,
        weights: Option<Vec<f32>>,
    ) -> Result<Interactions, InteractionError> {
        let len = users.len();
        assert!(items.len() == len && weights.as_ref().is_none_or(|w| w.len() == len), "columns of one length");
        let mut indptr = vec![0; n_users + 1];
        for (row, (&user, &item)) in users.iter().zip(&items).enumerate() {
            if user as usize >= n_users {
                return Err(InteractionError::UserOutOfRange { row, user, n_users });
            }
            if item as usize >= n_items {
                return Err(InteractionError::ItemOutOfRange { row, item, n_items });
            }
            let weight = weights.as_ref().map_or(1.0, |w| w[row]);
            if !weight.is_finite() || weight < 0.0 {
                return Err(InteractionError::BadWeight { row, weight });
            }
            indptr[user as usize + 1] += 1;
        }
        for u in 0..n_users {
            indptr[u + 1] += indptr[u];
        }
        let mut next = indptr.clone();
        let mut placed = (vec![0; len], weights.as_ref().map(|_| vec![0.0; len]));
        for (row, (&user, &item)) in users.iter().zip(&items).enumerate() {
            let at = next[user as usize];
            next[user as usize] += 1;
            placed.0[at] = item;
            if let (Some(to), Some(from)) = (&mut placed.1, &weights) {
                to[at] = from[row];
            }
        }
        drop((users, items, weights, next));
        let confidence = merge_rows(&mut indptr, &mut placed.0, placed.1);
        Ok(Interactions { n_items, indptr, items: placed.0, confidence: Values::of_some(confidence) })
    }

    pub fn n_users(&self) -> usize {
        self.indptr.len() - 1
    }

    pub fn n_items(&self) -> usize {
        self.n_items
    }

    /// Number of observed pairs.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The items of a user, ascending, and their confidence.
    ///
    /// # Panics
    /// When `user` is not below [`Interactions::n_users`].
    pub fn row(&self, user: usize) -> (&[u32], Weights<'_>) {
        let (from, to) = (self.indptr[user], self.indptr[user + 1]);
        (&self.items[from..to], self.confidence.span(from, to))
    }

    /// The confidence of all pairs where it is the same.
    pub fn same_confidence(&self) -> Option<f32> {
        match &self.confidence {
            Values::Same(value) => Some(*value),
            Values::Each(_) => None,
        }
    }

    /// The same pairs seen from the items: `n_items × n_users`. O(nnz).
    pub fn transpose(&self) -> Interactions {
        let mut indptr = vec![0; self.n_items + 1];
        for &i in &self.items {
            indptr[i as usize + 1] += 1;
        }
        for i in 0..self.n_items {
            indptr[i + 1] += indptr[i];
        }
        let mut next = indptr.clone();
        let mut items = vec![0; self.len()];
        let mut confidence = match &self.confidence {
            Values::Same(value) => Values::Same(*value),
            Values::Each(each) => Values::Each(vec![0.0; each.len()]),
        };
        for u in 0..self.n_users() {
            let (row, weights) = self.row(u);
            for (at_row, &i) in row.iter().enumerate() {
                let at = next[i as usize];
                items[at] = u as u32;
                if let Values::Each(each) = &mut confidence {
                    each[at] = weights[at_row];
                }
                next[i as usize] += 1;
            }
        }
        Interactions { n_items: self.n_users(), indptr, items, confidence }
    }

    /// Only these users, in this order.
    ///
    /// # Panics
    /// When a user is out of range.
    pub fn select(&self, users: &[u32]) -> Interactions {
        let (mut indptr, mut chosen, mut confidence) = (vec![0], Vec::new(), Vec::new());
        for &u in users {
            let (items, weights) = self.row(u as usize);
            chosen.extend_from_slice(items);
            if let Weights::Each(each) = weights {
                confidence.extend_from_slice(each);
            }
            indptr.push(chosen.len());
        }
        let confidence = match &self.confidence {
            Values::Same(value) => Values::Same(*value),
            Values::Each(_) => Values::of(confidence),
        };
        Interactions { n_items: self.n_items, indptr, items: chosen, confidence }
    }

    /// The same pairs with other numbers on them, in the order of the rows; any finite number is allowed, so the result
    /// is no confidence.
    ///
    /// # Panics
    /// When there are not as many values as pairs.
    pub(crate) fn carrying(&self, values: &[f32]) -> Interactions {
        assert_eq!(values.len(), self.len(), "one value a pair");
        Interactions { confidence: Values::of(values.to_vec()), ..self.clone() }
    }

    /// Number of users of each item.
    pub fn item_counts(&self) -> Vec<u32> {
        let mut counts = vec![0; self.n_items];
        for &i in &self.items {
            counts[i as usize] += 1;
        }
        counts
    }
}

/// A matrix whose users come one after the other: it takes the memory of what it will be.
#[derive(Debug)]
pub struct ByUser {
    n_items: usize,
    indptr: Vec<usize>,
    items: Vec<u32>,
    confidence: Vec<f32>,
}

impl ByUser {
    pub fn new(n_items: usize) -> ByUser {
        ByUser { n_items, indptr: vec![0], items: Vec::new(), confidence: Vec::new() }
    }

    /// The next user's (item, weight), in any order, as in [`Interactions::from_triples`].
    ///
    /// # Errors
    /// As for [`Interactions::from_triples`], with the position in the user's row; the matrix stays as it was.
    pub fn push(&mut self, mut row: Vec<(u32, f32)>) -> Result<(), InteractionError> {
        for (row, &(item, weight)) in row.iter().enumerate() {
            if item as usize >= self.n_items {
                return Err(InteractionError::ItemOutOfRange { row, item, n_items: self.n_items });
            }
            if !weight.is_finite() || weight < 0.0 {
                return Err(InteractionError::BadWeight { row, weight });
            }
        }
        row.sort_by_key(|e| e.0);
        let start = self.items.len();
        for (item, weight) in row.into_iter().filter(|e| e.1 > 0.0) {
            match self.confidence.last_mut() {
                // A sum of finite weights may still overflow; the largest finite weight is the right reading.
                Some(c) if self.items[start..].last() == Some(&item) => *c = (*c + weight).min(f32::MAX),
                _ => {
                    self.items.push(item);
                    self.confidence.push(weight);
                }
            }
        }
        self.indptr.push(self.items.len());
        Ok(())
    }

    pub fn finish(self) -> Interactions {
        let ByUser { n_items, indptr, items, confidence } = self;
        Interactions { n_items, indptr, items, confidence: Values::of(confidence) }
    }
}

/// Sorts each row by item and adds up what is there twice, in the order of the rows; zeros go. Without weights each
/// counts 1, and there still are none if none was there twice.
fn merge_rows(indptr: &mut [usize], items: &mut Vec<u32>, mut weights: Option<Vec<f32>>) -> Option<Vec<f32>> {
    let (mut row, mut from, mut to) = (Vec::new(), 0, 0);
    for u in 0..indptr.len() - 1 {
        row.clear();
        row.extend((from..indptr[u + 1]).map(|at| (items[at], weights.as_ref().map_or(1.0, |w| w[at]))));
        from = indptr[u + 1];
        row.sort_by_key(|e| e.0);
        let start = to;
        for &(item, weight) in row.iter().filter(|e| e.1 > 0.0) {
            let again = to > start && items[to - 1] == item;
            if again {
                // Everything before counts 1, and so does what is still to come.
                let all = weights.get_or_insert_with(|| vec![1.0; items.len()]);
                // A sum of finite weights may still overflow; the largest finite weight is the right reading.
                all[to - 1] = (all[to - 1] + weight).min(f32::MAX);
                continue;
            }
            items[to] = item;
            if let Some(all) = &mut weights {
                all[to] = weight;
            }
            to += 1;
        }
        indptr[u + 1] = to;
    }
    items.truncate(to);
    if let Some(all) = &mut weights {
        all.truncate(to);
    }
    weights
}

/// Keeps the rows of users with at least `min_count` distinct items and items with at least `min_count` distinct users,
/// applied until nothing changes (the k-core, which is unique). `min_count` 0 or 1 keeps everything. O(rounds · n).
pub fn core_filter(rows: Vec<Row>, min_count: usize) -> Vec<Row> {
    if min_count <= 1 {
        return rows;
    }
    let mut pairs: Vec<(u32, u32)> = rows.iter().map(|r| (r.user, r.item)).collect();
    pairs.sort_unstable();
    pairs.dedup();
    let size = |f: fn(&(u32, u32)) -> u32| pairs.iter().map(f).max().map_or(0, |m| m as usize + 1);
    let (mut users, mut items) = (vec![0usize; size(|p| p.0)], vec![0usize; size(|p| p.1)]);
    for &(u, i) in &pairs {
        users[u as usize] += 1;
        items[i as usize] += 1;
    }
    loop {
        let before = pairs.len();
        pairs.retain(|&(u, i)| {
            let keep = users[u as usize] >= min_count && items[i as usize] >= min_count;
            if !keep {
                users[u as usize] -= 1;
                items[i as usize] -= 1;
            }
            keep
        });
        if pairs.len() == before {
            break;
        }
    }
    rows.into_iter().filter(|r| pairs.binary_search(&(r.user, r.item)).is_ok()).collect()
}

/// Rows renumbered without gaps, and what the new numbers stood for.
#[derive(Debug, Clone, PartialEq)]
pub struct Compact {
    pub rows: Vec<Row>,
    /// Old number of each new user, ascending.
    pub users: Vec<u32>,
    /// Old number of each new item, ascending.
    pub items: Vec<u32>,
}

/// Renumbers users and items so that each number is in use; order is kept.
pub fn compact(mut rows: Vec<Row>) -> Compact {
    let distinct = |f: fn(&Row) -> u32| {
        let mut all: Vec<u32> = rows.iter().map(f).collect();
        all.sort_unstable();
        all.dedup();
        all
    };
    let (users, items) = (distinct(|r| r.user), distinct(|r| r.item));
    let place = |all: &[u32], x: u32| all.partition_point(|&y| y < x) as u32;
    for r in &mut rows {
        r.user = place(&users, r.user);
        r.item = place(&items, r.item);
    }
    Compact { rows, users, items }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(pairs: &[(u32, u32)]) -> Vec<Row> {
        pairs.iter().map(|&(user, item)| Row { user, item, time: 0, weight: 1.0 }).collect()
    }

    #[test]
    fn triples_are_sorted_and_added_up() {
        let m = Interactions::from_triples(3, 4, [(2, 3, 1.0), (0, 1, 0.5), (2, 0, 2.0), (0, 1, 0.25), (2, 1, 0.0)])
            .expect("valid");
        let row = |m: &Interactions, u| (m.row(u).0.to_vec(), m.row(u).1.to_vec());
        assert_eq!(row(&m, 0), (vec![1], vec![0.75]));
        assert_eq!(row(&m, 1), (vec![], vec![]), "a user without items has an empty row");
        assert_eq!(row(&m, 2), (vec![0, 3], vec![2.0, 1.0]), "a zero is no observation");
        assert_eq!(m.transpose().transpose(), m);
        assert_eq!(row(&m.transpose(), 3), (vec![2], vec![1.0]));
        assert_eq!(m.item_counts(), [1, 1, 0, 1]);
        assert_eq!(row(&m.select(&[2, 1]), 0), row(&m, 2));
        let empty = Interactions::from_triples(0, 0, []).expect("valid");
        assert!(empty.is_empty() && empty.transpose().n_users() == 0);
    }

    #[test]
    fn columns_give_what_triples_give() {
        let of = |triples: &[(u32, u32, f32)], weighted: bool| {
            let column = |f: fn(&(u32, u32, f32)) -> u32| triples.iter().map(f).collect::<Vec<_>>();
            let weights = weighted.then(|| triples.iter().map(|t| t.2).collect());
            Interactions::from_columns(4, 5, column(|t| t.0), column(|t| t.1), weights)
        };
        for (triples, weighted) in [
            (&[(2, 3, 1.0), (0, 1, 1.0), (2, 0, 1.0), (3, 4, 1.0)][..], false),
            (&[(2, 3, 1.0), (0, 1, 1.0), (2, 3, 1.0), (2, 0, 1.0), (3, 4, 1.0), (3, 4, 1.0)], false),
            (&[(2, 3, 0.5), (0, 1, 0.0), (2, 3, 0.25), (2, 0, 7.0), (0, 0, 2.0), (0, 1, 3.0)], true),
            (&[(1, 1, f32::MAX), (1, 1, f32::MAX), (0, 1, 0.0)], true),
            (&[], false),
        ] {
            let expected = Interactions::from_triples(4, 5, triples.iter().copied()).expect("valid");
            let got = of(triples, weighted).expect("valid");
            assert_eq!(got, expected);
            assert_eq!(got.same_confidence(), expected.same_confidence());
            assert_eq!(got.transpose(), expected.transpose());
        }
        assert_eq!(of(&[(2, 3, 1.0), (0, 1, 1.0)], false).expect("valid").same_confidence(), Some(1.0));
        for bad in [(4, 0, 1.0), (0, 5, 1.0), (0, 0, -1.0), (0, 0, f32::NAN)] {
            let (got, expected) = (of(&[bad], true).err(), Interactions::from_triples(4, 5, [bad]).err());
            assert_eq!(got.map(|e| e.to_string()), expected.map(|e| e.to_string()));
        }
    }

    #[test]
    fn users_one_after_the_other_give_what_triples_give() {
        let of = |rows: &[&[(u32, f32)]]| {
            let mut matrix = ByUser::new(5);
            rows.iter().try_for_each(|row| matrix.push(row.to_vec())).map(|()| matrix.finish())
        };
        for rows in [
            &[&[(3, 0.5), (0, 7.0), (3, 0.25)][..], &[], &[(1, 0.0), (0, 2.0)], &[(1, 3.0)], &[(1, 1.0), (0, 0.0)]][..],
            &[&[(4, 1.0), (0, 1.0)], &[(4, 1.0)]],
            &[&[(1, f32::MAX), (1, f32::MAX)]],
            &[&[], &[]],
            &[],
        ] {
            let triples = (0..).zip(rows).flat_map(|(user, row)| row.iter().map(move |&(item, c)| (user, item, c)));
            let expected = Interactions::from_triples(rows.len(), 5, triples).expect("valid");
            let got = of(rows).expect("valid");
            assert_eq!((&got, got.same_confidence()), (&expected, expected.same_confidence()));
        }
        for bad in [(5, 1.0), (0, -1.0), (0, f32::NAN)] {
            let mut matrix = ByUser::new(5);
            let error = matrix.push(vec![(1, 1.0), bad]).expect_err("refused");
            let expected = Interactions::from_triples(1, 5, [(0, 1, 1.0), (0, bad.0, bad.1)]).expect_err("refused");
            assert_eq!(error.to_string(), expected.to_string());
            assert!(matrix.finish().is_empty(), "nothing of a row that is refused stays");
        }
    }

    #[test]
    fn bad_rows_are_named() {
        for (triple, expected) in [
            ((3, 0, 1.0), "interaction 0: user index 3 is not below the number of users, 3"),
            ((0, 4, 1.0), "interaction 0: item index 4 is not below the number of items, 4"),
            ((0, 0, -1.0), "interaction 0: weight -1 is not a finite number of at least 0"),
            ((0, 0, f32::NAN), "interaction 0: weight NaN is not a finite number of at least 0"),
            ((0, 0, f32::INFINITY), "interaction 0: weight inf is not a finite number of at least 0"),
        ] {
            let error = Interactions::from_triples(3, 4, [triple]).expect_err("refused");
            assert_eq!(error.to_string(), expected);
        }
    }

    #[test]
    fn the_core_is_what_survives_every_round() {
        // Removing item 9 leaves user 3 with one item, which leaves item 2 with one user.
        let given = rows(&[(0, 0), (0, 1), (1, 0), (1, 1), (3, 9), (3, 2), (4, 2), (0, 0)]);
        let kept = core_filter(given.clone(), 2);
        assert_eq!(kept, rows(&[(0, 0), (0, 1), (1, 0), (1, 1), (0, 0)]), "duplicates count once and are kept");
        assert_eq!(core_filter(given.clone(), 1), given);
        assert!(core_filter(given, 3).is_empty());
        assert!(core_filter(Vec::new(), 5).is_empty());
        let c = compact(rows(&[(7, 3), (2, 9), (7, 9)]));
        assert_eq!((c.rows, c.users, c.items), (rows(&[(1, 0), (0, 1), (1, 1)]), vec![2, 7], vec![3, 9]));
    }
}
