//! Columns that tell the label by themselves: most likely they were written after it.

use kenal_models::churn::metrics::auc;

use crate::table::read::{Data, NONE, Table};

/// A column that ranks this well alone is suspect.
const AUC_MIN: f64 = 0.98;
/// Rows looked at.
const ROWS_MAX: usize = 50_000;
/// Rows that a level needs before its share of leaving says anything.
const LEVEL_ROWS_MIN: f64 = 20.0;

/// A warning for each suspect column.
pub(crate) fn warnings(table: &Table) -> Vec<String> {
    let step = table.labels.len().div_ceil(ROWS_MAX).max(1);
    let rows: Vec<usize> = (0..table.labels.len()).step_by(step).collect();
    let labels: Vec<bool> = rows.iter().map(|&r| table.labels[r]).collect();
    let mut found = Vec::new();
    for column in &table.columns {
        let (known, values): (Vec<f64>, Vec<f64>) = match &column.data {
            Data::Numbers(all) => rows
                .iter()
                .map(|&r| {
                    (f64::from(u8::from(!all[r].is_nan())), f64::from(if all[r].is_nan() { 0.0 } else { all[r] }))
                })
                .unzip(),
            Data::Texts(codes, texts) => {
                let place = |r: usize| if codes[r] == NONE { texts.len() } else { codes[r] as usize };
                let mut seen = vec![(0.0f64, 0.0f64); texts.len() + 1];
                for &r in &rows {
                    let s = &mut seen[place(r)];
                    *s = (s.0 + 1.0, s.1 + f64::from(u8::from(table.labels[r])));
                }
                let share = |s: (f64, f64)| if s.0 >= LEVEL_ROWS_MIN { s.1 / s.0 } else { 0.5 };
                rows.iter().map(|&r| (f64::from(u8::from(codes[r] != NONE)), share(seen[place(r)]))).unzip()
            }
        };
        let either = |v: &[f64]| auc(v, &labels).map_or(0.5, |a| a.max(1.0 - a));
        let (by_value, by_absence) = (either(&values), either(&known));
        if by_value.max(by_absence) >= AUC_MIN {
            let how = if by_absence >= AUC_MIN { "whether it is filled tells" } else { "its values tell" };
            found.push(format!(
                "{}: {how} the label alone (AUC {:.3}); is it known when the prediction is made? If not: --drop {:?}",
                column.name,
                by_value.max(by_absence),
                column.name
            ));
        }
    }
    found
}
