//! Errors of writing.

use rand::{Rng, RngExt as _};

use super::rates::{ERROR_KINDS, NEIGHBOUR_KEY, SECOND_ERROR};

const ROWS: [&str; 4] = ["1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"];

/// Misspells a text: one error, sometimes two. Digits stay digits and letters letters; other characters are not touched.
pub(super) fn misspell(text: &mut String, dice: &mut impl Rng) {
    one_error(text, dice);
    if dice.random_bool(SECOND_ERROR) {
        one_error(text, dice);
    }
}

fn one_error(text: &mut String, dice: &mut impl Rng) {
    // All that is generated is ASCII, so bytes are characters.
    let places: Vec<usize> = text.bytes().enumerate().filter(|(_, b)| b.is_ascii_alphanumeric()).map(|p| p.0).collect();
    if places.len() < 2 {
        return;
    }
    let at = places[dice.random_range(0..places.len())];
    let here = text.as_bytes()[at];
    let mut kind = dice.random::<f64>();
    let mut is = |share: f64| {
        kind -= share;
        kind < 0.0
    };
    if is(ERROR_KINDS[0]) {
        text.insert(at, any_like(here, dice));
    } else if is(ERROR_KINDS[1]) {
        text.remove(at);
    } else if is(ERROR_KINDS[2]) {
        let other = if dice.random_bool(NEIGHBOUR_KEY) { neighbour(here, dice) } else { any_like(here, dice) };
        text.replace_range(at..=at, other.encode_utf8(&mut [0; 4]));
    } else if let Some(&next) = text.as_bytes().get(at + 1).filter(|b| b.is_ascii_alphanumeric()) {
        text.replace_range(at..at + 2, &format!("{}{}", char::from(next), char::from(here)));
    } else {
        text.remove(at);
    }
}

fn any_like(byte: u8, dice: &mut impl Rng) -> char {
    let range = if byte.is_ascii_digit() { b'0'..=b'9' } else { b'a'..=b'z' };
    char::from(dice.random_range(range))
}

/// A key beside this one, in its row.
fn neighbour(byte: u8, dice: &mut impl Rng) -> char {
    let found = ROWS.iter().find_map(|row| row.bytes().position(|b| b == byte).map(|at| (row.as_bytes(), at)));
    let Some((row, at)) = found else { return char::from(byte) };
    let beside = [at.checked_sub(1), Some(at + 1)].map(|at| at.and_then(|at| row.get(at)).copied());
    let keys: Vec<u8> = beside.into_iter().flatten().collect();
    char::from(keys[dice.random_range(0..keys.len())])
}

#[cfg(test)]
mod tests {
    use super::super::{For, chance};
    use super::*;

    #[test]
    fn errors_are_small() {
        let mut dice = chance(1, For::Record, 0);
        for before in ["smith", "1964-03-15", "ab12 3cd", "jo", "a", "", "mary.jones@gmail.com"] {
            for _ in 0..200 {
                let mut after = before.to_owned();
                misspell(&mut after, &mut dice);
                assert!(after.len().abs_diff(before.len()) <= 2, "{before} → {after}");
                let others = |text: &str| text.chars().filter(|c| !c.is_ascii_alphanumeric()).collect::<String>();
                assert_eq!(others(before), others(&after));
            }
        }
    }
}
