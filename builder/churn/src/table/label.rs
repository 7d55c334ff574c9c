//! Which of a label's two values means leaving.

use std::path::Path;

use rustc_hash::FxHashMap;

use crate::error::ChurnFileError;

const TRUE: &[&str] = &[
    "1",
    "1.0",
    "true",
    "t",
    "yes",
    "y",
    "churn",
    "churned",
    "left",
    "lost",
    "exited",
    "attrited customer",
    "inactive",
];
const FALSE: &[&str] = &[
    "0",
    "0.0",
    "-1",
    "false",
    "f",
    "no",
    "n",
    "stay",
    "stayed",
    "retained",
    "active",
    "existing customer",
    "not churned",
];

/// Values of a label column as they come.
#[derive(Default)]
pub(crate) struct Labels {
    codes: Vec<u32>,
    /// Number, how many, first line.
    values: FxHashMap<String, (u32, u64, u64)>,
}

/// Values that are kept apart before the column is clearly no label.
const VALUES_MAX: usize = 1000;

impl Labels {
    pub(crate) fn push(&mut self, text: &str, line: u64) {
        let next = self.values.len() as u32;
        if let Some(value) = self.values.get_mut(text) {
            value.1 += 1;
            self.codes.push(value.0);
        } else if self.values.len() < VALUES_MAX {
            self.values.insert(text.to_owned(), (next, 1, line));
            self.codes.push(next);
        } else {
            self.codes.push(next);
        }
    }

    /// The labels, and the value that means leaving.
    pub(crate) fn decide(
        self,
        path: &Path,
        column: &str,
        positive: Option<&str>,
    ) -> Result<(Vec<bool>, String), ChurnFileError> {
        let fail = |what: String| Err(ChurnFileError::Label { path: path.to_owned(), column: column.to_owned(), what });
        let mut values: Vec<(String, (u32, u64, u64))> = self.values.into_iter().collect();
        values.sort_by_key(|(_, (number, _, _))| *number);
        let told: Vec<String> =
            values.iter().take(5).map(|(v, (_, n, line))| format!("{v:?} ({n} rows, first in line {line})")).collect();
        let told = told.join(", ");
        let known = |v: &str, list: &[&str]| list.iter().any(|k| k.eq_ignore_ascii_case(v));
        match values.len() {
            0 => return fail("empty in every row".to_owned()),
            1 => return fail(format!("all rows have one label, {told}: there is nothing to tell apart")),
            2 => {}
            n => {
                let more = if n >= VALUES_MAX { format!("{VALUES_MAX} or more") } else { n.to_string() };
                return fail(format!(
                    "a label has two values; this has {more}: {told}. Correct them, or leave the cells of rows without a label empty"
                ));
            }
        }
        let chosen = match positive {
            Some(wanted) => values.iter().position(|(v, _)| v == wanted),
            None => match (
                values.iter().position(|(v, _)| known(v, TRUE)),
                values.iter().position(|(v, _)| known(v, FALSE)),
            ) {
                (Some(t), Some(f)) if t != f => Some(t),
                (Some(t), None) => Some(t),
                (None, Some(f)) => Some(1 - f),
                _ => None,
            },
        };
        match (chosen, positive) {
            (Some(at), _) => {
                let code = values[at].1.0;
                Ok((self.codes.iter().map(|c| *c == code).collect(), values[at].0.clone()))
            }
            (None, Some(wanted)) => {
                fail(format!("no row has the value {wanted:?} that --positive names; it has {told}"))
            }
            (None, None) => fail(format!("which value means leaving? Say it with --positive; it has {told}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_values_are_told_apart_and_others_are_refused() {
        for (values, positive, expected) in [
            (&["0", "1", "0"][..], None, Ok("1")),
            (&["Yes", "No"], None, Ok("Yes")),
            (&["0", "2"], None, Ok("2")),
            (&["True", "False"], Some("False"), Ok("False")),
            (&["gold", "silver"], None, Err("which value means leaving")),
            (&["gold", "silver"], Some("silver"), Ok("silver")),
            (&["gold", "silver"], Some("lead"), Err("\"lead\"")),
            (&["1", "1"], None, Err("nothing to tell apart")),
            (&["1", "0", "maybe"], None, Err("\"maybe\" (1 rows, first in line 4)")),
            (&[], None, Err("empty")),
        ] {
            let mut labels = Labels::default();
            values.iter().zip(2..).for_each(|(v, line)| labels.push(v, line));
            match (labels.decide(Path::new("t.csv"), "gone", positive), expected) {
                (Ok((truth, value)), Ok(wanted)) => {
                    assert_eq!(value, wanted);
                    assert!(truth.iter().zip(values).all(|(t, v)| *t == (*v == wanted)));
                }
                (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
                (got, wanted) => panic!("{values:?}: {got:?} is not {wanted:?}"),
            }
        }
    }
}
