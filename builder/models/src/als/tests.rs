//! The fast solver against a slow readable twin in f64, planted structure, and the promises of the module header.

use super::*;

fn quiet() -> impl FnMut(Iteration) -> ControlFlow<()> + Send {
    |_| ControlFlow::Continue(())
}

/// 3 groups of users who each like their own third of the items; each pair kept with probability `density`.
fn planted(users: usize, items: usize, density: f64, seed: u64) -> Interactions {
    let mut random = Pcg64Mcg::seed_from_u64(seed);
    let mut triples = Vec::new();
    for u in 0..users {
        for i in 0..items {
            if u % 3 == i % 3 && random.random::<f64>() < density {
                triples.push((u as u32, i as u32, 0.25 + random.random::<f32>() * 2.0));
            }
        }
    }
    Interactions::from_triples(users, items, triples).expect("valid")
}

fn config(factors: usize) -> AlsConfig {
    AlsConfig { factors, unobserved: 0.1, reg: 0.01, iterations_max: 12, tolerance: 0.0, seed: 7 }
}

/// The fold-in equation, written as the module writes it, by Gaussian elimination in f64.
fn slow_fold_in(items: &[f32], k: usize, config: &AlsConfig, history: &[(u32, f32)]) -> Vec<f64> {
    let n_items = items.len() / k;
    let y = |i: usize, f: usize| f64::from(items[i * k + f]);
    let (alpha, reg) = (f64::from(config.unobserved), f64::from(config.reg));
    let ridge = reg * (history.len() as f64 + alpha * n_items as f64);
    let mut a = vec![vec![0.0; k + 1]; k];
    for (p, row) in a.iter_mut().enumerate() {
        for (q, cell) in row[..k].iter_mut().enumerate() {
            *cell = alpha * (0..n_items).map(|i| y(i, p) * y(i, q)).sum::<f64>();
            *cell += history.iter().map(|&(i, c)| f64::from(c) * y(i as usize, p) * y(i as usize, q)).sum::<f64>();
            *cell += if p == q { ridge } else { 0.0 };
        }
        row[k] = history.iter().map(|&(i, c)| f64::from(c) * y(i as usize, p)).sum();
    }
    for p in 0..k {
        let pivot = a[p].clone();
        for (q, row) in a.iter_mut().enumerate() {
            if q != p {
                let f = row[p] / pivot[p];
                for (x, v) in row.iter_mut().zip(&pivot) {
                    *x -= f * v;
                }
            }
        }
    }
    (0..k).map(|p| a[p][k] / a[p][p]).collect()
}

/// L cell by cell, as the module writes it.
fn slow_loss(m: &Interactions, users: &[f32], items: &[f32], config: &AlsConfig) -> f64 {
    let k = config.factors;
    let t = m.transpose();
    let (alpha, reg) = (f64::from(config.unobserved), f64::from(config.reg));
    let norm = |x: &[f32]| x.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>();
    let mut total = 0.0;
    for u in 0..m.n_users() {
        let (row, weights) = m.row(u);
        let x = &users[u * k..][..k];
        for i in 0..m.n_items() {
            let s: f64 = x.iter().zip(&items[i * k..][..k]).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
            total += alpha * s * s;
            if let Ok(at) = row.binary_search(&(i as u32)) {
                total += f64::from(weights[at]) * (s - 1.0).powi(2);
            }
        }
        total += reg * (row.len() as f64 + alpha * m.n_items() as f64) * norm(x);
    }
    for i in 0..m.n_items() {
        total += reg * (t.row(i).0.len() as f64 + alpha * m.n_users() as f64) * norm(&items[i * k..][..k]);
    }
    total
}

#[test]
fn the_fast_solver_agrees_with_the_slow_one() {
    for (factors, density) in [(1, 0.5), (5, 0.3), (16, 0.6), (33, 0.9)] {
        let m = planted(40, 30, density, 3);
        let config = config(factors);
        let model = fit(&m, &config, Threads::ONE, &mut quiet()).expect("fits");
        for u in 0..m.n_users() {
            let (items, weights) = m.row(u);
            let history: Vec<(u32, f32)> = items.iter().copied().zip(weights.iter().copied()).collect();
            let slow = slow_fold_in(model.item_factors(), factors, &config, &history);
            let fast = &model.user_factors()[u * factors..][..factors];
            for (a, b) in fast.iter().zip(&slow) {
                assert!((f64::from(*a) - b).abs() < 1e-4 * (1.0 + b.abs()), "k {factors} user {u}: {a} is not {b}");
            }
            let folded = model.fold_in(&history).expect("valid history");
            assert_eq!(folded.as_deref(), (!history.is_empty()).then_some(fast), "stored vector = fold-in, to the bit");
        }
        let (users, items) = (model.user_factors(), model.item_factors());
        let (xx, yy) = (gram(users, factors), gram(items, factors));
        let fast = loss::loss(&m, &m.transpose(), users, &xx, items, &yy, &config);
        let slow = slow_loss(&m, users, items, &config);
        assert!((fast - slow).abs() < 1e-5 * slow, "k {factors}: loss {fast} is not {slow}");
    }
}

#[test]
fn half_steps_never_raise_the_loss() {
    for seed in 0..5 {
        let m = planted(120, 90, 0.2, seed);
        let t = m.transpose();
        let config = AlsConfig { seed, ..config(16) };
        let k = config.factors;
        let mut random = Pcg64Mcg::seed_from_u64(seed);
        let mut items: Vec<f32> = (0..m.n_items() * k).map(|_| random.random::<f32>() - 0.5).collect();
        let mut users: Vec<f32> = (0..m.n_users() * k).map(|_| random.random::<f32>() - 0.5).collect();
        let measure = |users: &[f32], items: &[f32]| slow_loss(&m, users, items, &config);
        let mut last = measure(&users, &items);
        for step in 0..20 {
            if step % 2 == 0 {
                half_step(&m, &items, &gram(&items, k), &config, &mut users).expect("solves");
            } else {
                half_step(&t, &users, &gram(&users, k), &config, &mut items).expect("solves");
            }
            let now = measure(&users, &items);
            assert!(now <= last * (1.0 + 1e-6), "seed {seed} step {step}: {last} rose to {now}");
            last = now;
        }
    }
}

#[test]
fn planted_groups_are_found_and_a_withheld_item_ranks_first() {
    let m = planted(90, 60, 0.6, 11);
    let model = fit(&m, &config(8), Threads::ONE, &mut quiet()).expect("fits");
    // Somebody of group 1 who has seen all of its items but item 31.
    let history: Vec<(u32, f32)> = (0..60).filter(|i| i % 3 == 1 && *i != 31).map(|i| (i, 1.0)).collect();
    let x = model.fold_in(&history).expect("valid").expect("has a history");
    let mut scores = vec![0.0; 60];
    FoldIn::new(&model).scores(&x, &mut scores);
    let best =
        (0..60).filter(|i| !history.iter().any(|h| h.0 == *i as u32)).max_by(|a, b| scores[*a].total_cmp(&scores[*b]));
    assert_eq!(best, Some(31));
}

#[test]
fn threads_and_repetition_change_no_bit() {
    let m = planted(3_000, 200, 0.05, 5);
    let one = fit(&m, &config(12), Threads::ONE, &mut quiet()).expect("fits");
    for threads in [1, 2, 3, 8] {
        let other = fit(&m, &config(12), Threads::new(threads).expect("positive"), &mut quiet()).expect("fits");
        assert!(one == other, "{threads} threads gave another model");
    }
}

#[test]
fn a_fit_says_how_it_stopped() {
    let m = planted(60, 30, 0.5, 1);
    let stop = |config: &AlsConfig| fit(&m, config, Threads::ONE, &mut quiet()).expect("fits").stop();
    let cap = stop(&AlsConfig { iterations_max: 2, ..config(4) });
    assert!(matches!(cap, AlsStop::IterationCap { iterations: 2, last_delta } if last_delta > 0.0), "{cap:?}");
    let done = stop(&AlsConfig { iterations_max: 500, tolerance: 1e-4, ..config(4) });
    assert!(matches!(done, AlsStop::Converged { iterations } if iterations < 500), "{done:?}");
    let mut seen = Vec::new();
    let model = fit(&m, &config(4), Threads::ONE, &mut |i| {
        seen.push(i.iteration);
        if i.iteration == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .expect("fits");
    assert_eq!((model.stop(), seen), (AlsStop::Interrupted { iterations: 3 }, vec![1, 2, 3]));
    assert_eq!(model.losses().len(), 3);
}

#[test]
fn a_warm_start_goes_on_where_the_last_fit_ended() {
    let m = planted(60, 30, 0.5, 1);
    let long = fit(&m, &AlsConfig { iterations_max: 6, ..config(4) }, Threads::ONE, &mut quiet()).expect("fits");
    let half = AlsConfig { iterations_max: 3, ..config(4) };
    let first = fit(&m, &half, Threads::ONE, &mut quiet()).expect("fits");
    let second = fit_from(&m, &half, first.item_factors().to_vec(), Threads::ONE, &mut quiet()).expect("fits");
    assert_eq!(second.item_factors(), long.item_factors());
}

#[test]
fn users_and_items_without_interactions_get_zero_vectors() {
    let m = Interactions::from_triples(3, 3, [(1, 1, 1.0)]).expect("valid");
    let model = fit(&m, &config(2), Threads::ONE, &mut quiet()).expect("one interaction is enough to fit");
    assert_eq!(model.user_factors()[..2], [0.0, 0.0]);
    assert_eq!(model.item_factors()[..2], [0.0, 0.0]);
    assert!(model.user_factors()[2..4].iter().any(|v| *v != 0.0));
    assert_eq!(model.fold_in(&[]), Ok(None));
}

#[test]
fn mistakes_are_named() {
    let m = planted(6, 6, 1.0, 1);
    let base = config(4);
    for (changed, expected) in [
        (AlsConfig { factors: 0, ..base }, "factors must be from 1 to 512, not 0"),
        (AlsConfig { factors: 513, ..base }, "factors must be from 1 to 512, not 513"),
        (AlsConfig { reg: 0.0, ..base }, "reg must be a finite number above 0, not 0"),
        (AlsConfig { unobserved: -1.0, ..base }, "unobserved must be a finite number of at least 0, not -1"),
        (AlsConfig { tolerance: f64::NAN, ..base }, "tolerance must be a finite number of at least 0, not NaN"),
        (AlsConfig { iterations_max: 0, ..base }, "iterations_max must be at least 1"),
    ] {
        let error = fit(&m, &changed, Threads::ONE, &mut quiet()).expect_err("refused");
        assert_eq!(error.to_string(), expected);
    }
    let nothing = Interactions::from_triples(5, 5, []).expect("valid");
    assert_eq!(fit(&nothing, &base, Threads::ONE, &mut quiet()), Err(TrainError::NoInteractions));
    let start = fit_from(&m, &base, vec![0.0; 3], Threads::ONE, &mut quiet());
    assert_eq!(start, Err(TrainError::Start { expected: 24 }));

    let model = fit(&m, &base, Threads::ONE, &mut quiet()).expect("fits");
    for (history, expected) in [
        (&[(1, 1.0), (1, 1.0)][..], FoldError::NotAscending { position: 1 }),
        (&[(2, 1.0), (1, 1.0)][..], FoldError::NotAscending { position: 1 }),
        (&[(6, 1.0)][..], FoldError::ItemOutOfRange { position: 0, item: 6, n_items: 6 }),
        (&[(1, 0.0)][..], FoldError::BadWeight { position: 0, weight: 0.0 }),
    ] {
        assert_eq!(model.fold_in(history), Err(expected));
    }
}
