//! Known coefficients are recovered, gaps are handled as documented, mistakes are named.

use ndarray::Array2;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

use super::*;
use crate::threads::Threads;

/// With the penalty given and nothing bounded or bent.
fn plain(l2: f64) -> ChurnConfig {
    ChurnConfig {
        penalties: vec![l2],
        design: DesignConfig { bound: 0.0, knots: 0 },
        tolerance: 1e-11,
        ..ChurnConfig::default()
    }
}

fn fitted(
    columns: &[Column],
    x: &Array2<f32>,
    y: &[bool],
    config: &ChurnConfig,
    threads: Threads,
) -> Result<ChurnModel, ChurnError> {
    fit_part(columns, &Part::alone(x.clone(), y.to_vec()), config.penalties[0], config, threads)
}

fn columns(count: usize) -> Vec<Column> {
    (0..count).map(|j| Column { name: format!("f{j}"), transform: Transform::Identity }).collect()
}

/// Rows whose label is drawn from the logistic model with these weights (for columns of unit spread).
fn drawn(rows: usize, weights: &[f64], intercept: f64, seed: u64) -> (Array2<f32>, Vec<bool>) {
    let mut random = Pcg64Mcg::seed_from_u64(seed);
    let x = Array2::from_shape_simple_fn((rows, weights.len()), || (random.random::<f32>() - 0.5) * 12f32.sqrt());
    let labels = x
        .rows()
        .into_iter()
        .map(|r| {
            let z: f64 = intercept + r.iter().zip(weights).map(|(v, w)| f64::from(*v) * w).sum::<f64>();
            random.random::<f64>() < logistic::sigmoid(z)
        })
        .collect();
    (x, labels)
}

#[test]
fn known_coefficients_are_recovered() {
    let truth = [1.2, -0.7, 0.0, 0.3];
    let (x, y) = drawn(40_000, &truth, -0.5, 9);
    let model = fitted(&columns(4), &x, &y, &plain(1.0), Threads::ONE).expect("fits");
    assert!(matches!(model.stop(), ChurnStop::Converged { iterations } if iterations < 12), "{:?}", model.stop());
    for (j, (w, t)) in model.weights().iter().zip(truth).enumerate() {
        // Standard error about .013 at 40,000 rows.
        assert!((w / model.design().scales()[j] - t).abs() < 0.05, "weight {j}: {w} is not {t}");
    }
    let centre = vec![0.0; 4];
    assert!((model.linear(&centre) + 0.5).abs() < 0.05, "{}", model.linear(&centre));
}

#[test]
fn the_optimum_has_no_gradient_and_threads_change_no_bit() {
    let (x, y) = drawn(5_000, &[0.8, -0.2], 0.1, 4);
    let config = plain(3.0);
    let model = fitted(&columns(2), &x, &y, &config, Threads::ONE).expect("fits");
    // ∂F/∂w_j = Σ (p − y) t_j + λ w_j, written out.
    for j in 0..2 {
        let (mean, scale) = (model.design().means()[j], model.design().scales()[j]);
        let mut gradient = config.penalties[0] * model.weights()[j];
        for (r, &label) in x.rows().into_iter().zip(&y) {
            let p = logistic::sigmoid(model.linear(&r.to_vec()));
            gradient += (p - f64::from(u8::from(label))) * (f64::from(r[j]) - mean) / scale;
        }
        assert!(gradient.abs() < 1e-2, "∂F/∂w{j} = {gradient}");
    }
    for threads in [2, 5] {
        let other = fitted(&columns(2), &x, &y, &config, Threads::new(threads).expect("positive")).expect("fits");
        assert!(other == model, "{threads} threads gave another model");
    }
}

#[test]
fn missing_values_are_filled_and_their_absence_is_a_term() {
    let (mut x, mut y) = drawn(6_000, &[1.0, 0.5], 0.0, 2);
    // A third column that is missing for a third of the people, who always leave; a constant one; one always missing.
    x = ndarray::concatenate(ndarray::Axis(1), &[x.view(), Array2::zeros((6_000, 3)).view()]).expect("same rows");
    for r in 0..6_000 {
        x[[r, 2]] = (r % 7) as f32;
        x[[r, 3]] = 5.5;
        x[[r, 4]] = f32::NAN;
        if r % 3 == 0 {
            x[[r, 2]] = f32::NAN;
            y[r] = true;
        }
    }
    let model = fitted(&columns(5), &x, &y, &plain(1.0), Threads::ONE).expect("fits");
    let names: Vec<&str> = model.design().term_names().collect();
    assert_eq!(names, ["f0", "f1", "f2", "f3", "f4", "f2 is missing"]);
    assert_eq!(model.weights()[3..5], [0.0, 0.0], "constant and always-missing columns say nothing");
    assert!(model.weights()[5] > 1.0, "{:?}", model.weights());
    let mut terms = vec![0.0; 6];
    model.design().term_row(&[1.0, f32::NAN, f32::NAN, 5.5, 3.0], &mut terms);
    assert_eq!(terms[1], model.design().means()[1], "never missing in training: filled with the mean");
    assert_eq!((terms[2], terms[5]), (model.design().means()[2], 1.0));
    let reasons = model.reasons(&[0.0, 0.0, f32::NAN, 5.5, 3.0], 2);
    assert_eq!((reasons[0].feature, reasons.len()), ("f2", 2));
    assert!(reasons[0].value.is_nan() && reasons[0].contribution > 1.0);
    // The edge's formula over the terms gives the same z.
    let z: f64 = model.intercept()
        + (0..6)
            .map(|j| model.weights()[j] * (terms[j] - model.design().means()[j]) / model.design().scales()[j])
            .sum::<f64>();
    assert!((z - model.linear(&[1.0, f32::NAN, f32::NAN, 5.5, 3.0])).abs() < 1e-12);
}

#[test]
fn long_tails_are_logged() {
    let column = [Column { name: "spend".into(), transform: Transform::Log1p }];
    let x = Array2::from_shape_fn((400, 1), |(r, _)| (r as f32 * 0.05).exp() - 1.0);
    let y: Vec<bool> = (0..400).map(|r| (r * 7) % 400 < r).collect();
    let model = fitted(&column, &x, &y, &plain(1.0), Threads::ONE).expect("fits");
    let mut term = [0.0];
    model.design().term_row(&[f32::exp(2.0) - 1.0], &mut term);
    assert!((term[0] - 2.0).abs() < 1e-6, "ln(1 + x)");
    model.design().term_row(&[1.0 - f32::exp(2.0)], &mut term);
    assert!((term[0] + 2.0).abs() < 1e-6, "odd");
}

#[test]
fn calibration_undoes_a_wrong_slope_and_offset() {
    let (x, y) = drawn(20_000, &[1.0], -1.0, 6);
    // Scores that exaggerate: true log odds = 0.5 z + 0.25.
    let scores: Vec<f64> = x.column(0).iter().map(|&v| (f64::from(v) - 1.25) * 2.0).collect();
    let platt = Platt::fit(&scores, &y, false).expect("increasing");
    assert!((platt.a - 0.5).abs() < 0.03 && (platt.b - 0.25).abs() < 0.06, "{platt:?}");
    let calibrated: Vec<f64> = scores.iter().map(|&z| platt.probability(z)).collect();
    let raw: Vec<f64> = scores.iter().map(|&z| logistic::sigmoid(z)).collect();
    let (before, after) = (Quality::measure(&raw, &y), Quality::measure(&calibrated, &y));
    assert!(after.ece < 0.02 && before.ece > 3.0 * after.ece, "{} then {}", before.ece, after.ece);
    assert_eq!(before.auc, after.auc);
    // Two slopes: true log odds are the score below zero, and half of it above.
    let mut random = Pcg64Mcg::seed_from_u64(12);
    let z: Vec<f64> = (0..20_000).map(|_| random.random::<f64>() * 6.0 - 3.0).collect();
    let bent: Vec<bool> = z.iter().map(|&z| random.random::<f64>() < logistic::sigmoid(z.min(z / 2.0))).collect();
    let two = Platt::fit(&z, &bent, true).expect("increasing");
    assert!((two.a - 1.0).abs() < 0.1 && (two.bend + 0.5).abs() < 0.1 && two.b.abs() < 0.1, "{two:?}");
    assert_eq!(Platt::fit(&z, &bent, false).map(|p| p.bend), Ok(0.0));
    let moved: Vec<f64> = scores.iter().map(|z| z + 3.0).collect();
    let again = platt.level(&moved, &y);
    assert!((again.a - platt.a).abs() < 1e-12 && (again.b - (platt.b - 3.0 * platt.a)).abs() < 1e-3, "{again:?}");
    let backwards: Vec<f64> = scores.iter().map(|z| -z).collect();
    assert_eq!(Platt::fit(&backwards, &y, false), Err(CalibrationError::NotIncreasing));
    assert_eq!(Platt::fit(&[1.0, 2.0], &[true, true], false), Err(CalibrationError::OneClass { rows: 2, label: true }));
}

#[test]
fn a_forward_fit_never_sees_the_test() {
    let (x, y) = drawn(9_000, &[1.0, -1.0], 0.3, 8);
    let cuts: Vec<i64> = (0..9_000).map(|r| [0, 90, 180][r % 3]).collect();
    let split =
        TrainCuts::new(vec![0, 90], vec![], 90).and_then(|train| ForwardSplit::new(train, 180)).expect("forward");
    let run = |labels: &[bool]| {
        fit_forward(
            &columns(2),
            Samples { rows: x.view(), labels, cuts: &cuts, people: &[] },
            &split,
            &ChurnConfig::default(),
            Threads::ONE,
        )
        .expect("fits")
    };
    let got = run(&y);
    assert_eq!((got.train_rows, got.calibration_rows, got.test.rows), (6_000, 3_000, 3_000));
    assert!(got.test.auc > 0.8 && got.test.ece < 0.04, "{:?}", got.test);
    let flipped: Vec<bool> = y.iter().zip(&cuts).map(|(&l, &c)| l != (c == 180)).collect();
    let other = run(&flipped);
    assert_eq!(other.model, got.model, "the labels of the test cut change no coefficient");
    assert!((other.test.auc - (1.0 - got.test.auc)).abs() < 1e-12);
}

#[test]
fn mistakes_are_named() {
    let (x, y) = drawn(10, &[1.0, 1.0], 0.0, 1);
    let config = plain(1.0);
    let error = |columns: &[Column], x: &Array2<f32>, y: &[bool], config: &ChurnConfig| {
        fitted(columns, x, y, config, Threads::ONE).expect_err("refused").to_string()
    };
    assert_eq!(error(&columns(3), &x, &y, &config), "10 rows × 2 columns were given with 10 labels and 3 column names");
    assert_eq!(
        error(&columns(2), &x, &[true; 10], &config),
        "all 10 training labels are true: there is nothing to tell apart"
    );
    assert_eq!(
        error(&columns(2), &x, &y, &plain(0.0)),
        "l2 is out of range: it must be above 0 and finite (a bound: from 0 to below 0.5)"
    );
    let mut bad = x.clone();
    bad[[4, 1]] = f32::INFINITY;
    assert_eq!(
        error(&columns(2), &bad, &y, &config),
        "row 4, column \"f1\": inf is not a number (write NaN for a missing value)"
    );
    // Perfectly separable labels still have a finite optimum, because of the penalty.
    let separable: Vec<bool> = x.column(0).iter().map(|v| *v > 0.0).collect();
    let model = fitted(&columns(2), &x, &separable, &config, Threads::ONE).expect("fits");
    assert!(model.weights().iter().all(|w| w.is_finite()));
}
