//! The confidence of the pairs of a matrix: an array, or one number where all are the same, as they are wherever a
//! purchase is a purchase. At thirty million pairs that is 230 MB less for a matrix and its transpose.

use std::ops::Index;

/// Of all pairs of a matrix.
#[derive(Debug, Clone)]
pub(crate) enum Values {
    Same(f32),
    Each(Vec<f32>),
}

impl Values {
    /// One number if all are the same, to the bit.
    pub(crate) fn of(each: Vec<f32>) -> Values {
        match each.first() {
            Some(first) if each.iter().all(|v| v.to_bits() == first.to_bits()) => Values::Same(*first),
            Some(_) => Values::Each(each),
            None => Values::Same(1.0),
        }
    }

    /// As [`Values::of`]; without weights each is 1.
    pub(crate) fn of_some(each: Option<Vec<f32>>) -> Values {
        each.map_or(Values::Same(1.0), Values::of)
    }

    /// Of the pairs `from..to`.
    pub(crate) fn span(&self, from: usize, to: usize) -> Weights<'_> {
        match self {
            Values::Same(value) => Weights::Same(value, to - from),
            Values::Each(each) => Weights::Each(&each[from..to]),
        }
    }
}

/// Of the pairs of a row, in their order; goes through like a slice.
#[derive(Debug, Clone, Copy)]
pub enum Weights<'a> {
    /// So many times the same.
    Same(&'a f32, usize),
    Each(&'a [f32]),
}

impl<'a> Weights<'a> {
    pub fn len(self) -> usize {
        match self {
            Weights::Same(_, len) => len,
            Weights::Each(each) => each.len(),
        }
    }

    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    pub fn iter(self) -> WeightsIter<'a> {
        WeightsIter { weights: self, at: 0 }
    }

    pub fn to_vec(self) -> Vec<f32> {
        self.iter().copied().collect()
    }
}

impl Index<usize> for Weights<'_> {
    type Output = f32;

    fn index(&self, at: usize) -> &f32 {
        match self {
            Weights::Same(value, len) => {
                assert!(at < *len, "pair {at} of {len}");
                value
            }
            Weights::Each(each) => &each[at],
        }
    }
}

impl<'a> IntoIterator for Weights<'a> {
    type Item = &'a f32;
    type IntoIter = WeightsIter<'a>;

    fn into_iter(self) -> WeightsIter<'a> {
        self.iter()
    }
}

/// Goes through the weights of a row.
#[derive(Debug, Clone)]
pub struct WeightsIter<'a> {
    weights: Weights<'a>,
    at: usize,
}

impl<'a> Iterator for WeightsIter<'a> {
    type Item = &'a f32;

    #[inline]
    fn next(&mut self) -> Option<&'a f32> {
        let value = match self.weights {
            Weights::Same(value, len) => (self.at < len).then_some(value),
            Weights::Each(each) => each.get(self.at),
        };
        self.at += usize::from(value.is_some());
        value
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.weights.len() - self.at;
        (left, Some(left))
    }
}

impl ExactSizeIterator for WeightsIter<'_> {}
