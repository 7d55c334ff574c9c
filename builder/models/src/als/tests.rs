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
    AlsConfig {
        factors,
        unobserved: 0.1,
        reg: 0.01,
        iterations_max: 12,
        tolerance: 0.0,
        seed: 7,
        ..AlsConfig::default()
    }
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

/// The half-step as its module writes it, term by term, one row at a time.
fn readable_solve(items: &[f32], gram: &[f32], config: &AlsConfig, history: &[(u32, f32)]) -> Vec<f32> {
    let (k, rule) = (config.factors, Rule(*config));
    let y = |n: usize, f: usize| items[history[n].0 as usize * k + f];
    let mut b = vec![0.0; k];
    let mut a: Vec<f32> = gram.iter().map(|g| config.unobserved * g).collect();
    for (n, &(_, c)) in history.iter().enumerate() {
        (0..k).for_each(|f| b[f] += (c + rule.lift()) * y(n, f));
    }
    for i in 0..k {
        for j in i..k {
            let term = |n: usize| history[n].1 * y(n, i) * y(n, j);
            let whole = history.len() / 4 * 4;
            for n in (0..whole).step_by(4) {
                a[i * k + j] += (term(n) + term(n + 1)) + (term(n + 2) + term(n + 3));
            }
            (whole..history.len()).for_each(|n| a[i * k + j] += term(n));
        }
        a[i * k + i] += rule.ridge(history.len(), items.len() / k);
    }
    crate::linear::factor_f32(&mut a, k).expect("positive definite");
    crate::linear::solve_f32(&a, k, &mut b);
    b
}

#[test]
fn the_wide_half_step_gives_the_bits_of_the_readable_one() {
    for factors in [1, 3, 4, 15, 16, 20, 33, 64] {
        for objective in [Objective::FrequencyScaled, Objective::Hu] {
            let config = AlsConfig { objective, iterations_max: 1, ..config(factors) };
            let m = planted(24, 150, 0.8, 9);
            let model = fit(&m, &config, Threads::ONE, &mut quiet()).expect("fits");
            for u in 0..m.n_users() {
                let (items, weights) = m.row(u);
                let history: Vec<(u32, f32)> = items.iter().copied().zip(weights.iter().copied()).collect();
                let slow = readable_solve(model.item_factors(), model.item_gram(), &config, &history);
                assert_eq!(model.user_factors()[u * factors..][..factors], slow, "k {factors} user {u}");
            }
        }
    }
}

#[test]
fn the_fast_solver_reaches_the_loss_of_the_exact_one() {
    // One factor to the end: on the way there, which of three equal groups it takes first depends on every digit.
    for (factors, density, objective, iterations_max) in [
        (1, 0.5, Objective::FrequencyScaled, 60),
        (12, 0.05, Objective::FrequencyScaled, 12),
        (16, 0.4, Objective::Hu, 12),
        (20, 0.9, Objective::FrequencyScaled, 12),
    ] {
        let m = planted(300, 120, density, 4);
        let exact = AlsConfig { objective, iterations_max, ..config(factors) };
        let exact = fit(&m, &exact, Threads::ONE, &mut quiet()).expect("fits");
        let fast = AlsConfig { objective, solver: Solver::Fast, iterations_max, ..config(factors) };
        let fast = fit(&m, &fast, Threads::ONE, &mut quiet()).expect("fits");
        let end = |model: &AlsModel| *model.losses().last().expect("iterations");
        let (slow_end, fast_end) = (end(&exact), end(&fast));
        for pair in fast.losses().windows(2) {
            assert!(pair[1] <= pair[0] * (1.0 + 1e-4), "k {factors}: {} rose to {}", pair[0], pair[1]);
        }
        // What it says of the loss is the loss, but for the last step of the users, which is exact.
        let (x, y, k) = (fast.user_factors(), fast.item_factors(), factors);
        let again = loss::loss(&m, &m.transpose(), x, &gram(x, k), y, &gram(y, k), fast.config());
        assert!(again <= slow_end * 1.005, "k {factors}: {again} is not {slow_end}");
        // A row stops within a hundredth of what it explains, so that is what the loss on the way may be above the truth.
        let pair = |c: &f32| f64::from(*c) + if objective == Objective::Hu { 0.1 } else { 0.0 };
        let nothing: f64 = (0..300).flat_map(|u| m.row(u).1.iter().map(pair).collect::<Vec<_>>()).sum();
        let above = fast_end - again;
        assert!(
            above >= -1e-5 * again && above <= 0.01 * (nothing - again),
            "k {factors}: {fast_end}, in truth {again}"
        );
        let (items, weights) = m.row(7);
        let history: Vec<_> = items.iter().copied().zip(weights.iter().copied()).collect();
        assert_eq!(fast.fold_in(&history).expect("valid").as_deref(), Some(&x[7 * k..][..k]), "stored = fold-in");
    }
}

#[test]
fn the_fast_solver_depends_on_no_thread_and_goes_on_from_its_items() {
    let m = planted(1_500, 200, 0.05, 5);
    let config = |iterations_max| AlsConfig { solver: Solver::Fast, iterations_max, ..config(12) };
    let one = fit(&m, &config(6), Threads::ONE, &mut quiet()).expect("fits");
    for threads in [1, 2, 3] {
        let other = fit(&m, &config(6), Threads::new(threads).expect("positive"), &mut quiet()).expect("fits");
        assert!(one == other, "{threads} threads gave another model");
    }
    let first = fit(&m, &config(2), Threads::ONE, &mut quiet()).expect("fits");
    let rest = fit_from(&m, &config(4), first.item_factors().to_vec(), Threads::ONE, &mut quiet()).expect("fits");
    assert_eq!((rest.item_factors(), rest.user_factors()), (one.item_factors(), one.user_factors()));
}

#[test]
fn hu_koren_and_volinsky_is_their_loss() {
    let m = planted(40, 30, 0.4, 2);
    let config = AlsConfig { objective: Objective::Hu, unobserved: 1.0, iterations_max: 30, ..config(4) };
    let model = fit(&m, &config, Threads::ONE, &mut quiet()).expect("fits");
    let (x, y) = (model.user_factors(), model.item_factors());
    let mut theirs = 0.0;
    for u in 0..40 {
        let (items, weights) = m.row(u);
        for i in 0..30 {
            let s: f64 = (0..4).map(|f| f64::from(x[u * 4 + f]) * f64::from(y[i * 4 + f])).sum();
            let c = items.binary_search(&(i as u32)).ok().map(|at| 1.0 + f64::from(weights[at]));
            theirs += c.map_or(s * s, |c| c * (1.0 - s).powi(2));
        }
    }
    theirs += f64::from(config.reg) * x.iter().chain(y).map(|v| f64::from(*v).powi(2)).sum::<f64>();
    let end = model.losses()[29];
    assert!((theirs - end).abs() < 2e-3 * end, "{theirs} is not {end}");
}

#[test]
fn what_is_out_of_the_ordinary_is_fitted_by_either_solver() {
    // A robot with every item, somebody with nothing, an item of nobody, and a weight out of proportion.
    let mut triples: Vec<(u32, u32, f32)> = (0..400).map(|i| (0, i, 1.0)).collect();
    triples.extend((2..60).flat_map(|u| (0..3).map(move |n| (u, (u * 7 + n * 31) % 400, 1.0))));
    triples.push((5, 3, 1e6));
    let m = Interactions::from_triples(60, 401, triples).expect("valid");
    for solver in [Solver::Exact, Solver::Fast] {
        let config = AlsConfig { solver, ..config(8) };
        let model = fit(&m, &config, Threads::ONE, &mut quiet()).expect("fits");
        assert!(model.user_factors().iter().chain(model.item_factors()).all(|v| v.is_finite()), "{solver:?}");
        assert_eq!(model.user_factors()[8..16], [0.0; 8]);
        assert_eq!(model.item_factors()[400 * 8..], [0.0; 8]);
        let one = Interactions::from_triples(1, 1, [(0, 0, 1.0)]).expect("valid");
        let one = fit(&one, &config, Threads::ONE, &mut quiet()).expect("one interaction is enough");
        let s: f32 = one.user_factors().iter().zip(one.item_factors()).map(|(x, y)| x * y).sum();
        assert!(s > 0.5, "{solver:?}: {s}");
    }
}

#[test]
fn a_fit_that_is_taken_up_again_ends_as_if_it_had_not_been_broken_off() {
    let m = planted(400, 90, 0.1, 5);
    for solver in [Solver::Exact, Solver::Fast] {
        let config = AlsConfig { solver, iterations_max: 7, tolerance: 1e-9, ..config(12) };
        let whole = fit(&m, &config, Threads::ONE, &mut quiet()).expect("fits");
        for after in [1, 4, 7] {
            let mut kept = None;
            let threads = Threads::new(2).expect("positive");
            let broken = fit_steps(&m, &config, Start::Seeded, threads, &mut |state| {
                if state.iteration.iteration < after {
                    return ControlFlow::Continue(());
                }
                kept = Some(Start::Resumed { items: state.items(), losses: state.losses.to_vec() });
                ControlFlow::Break(())
            });
            assert_eq!(broken.expect("fits").losses().len(), after);
            let mut seen = Vec::new();
            let resumed = fit_steps(&m, &config, kept.expect("kept"), Threads::ONE, &mut |state| {
                seen.push(state.iteration.iteration);
                ControlFlow::Continue(())
            });
            assert!(resumed.expect("fits") == whole, "{solver:?} after {after}");
            assert_eq!(seen, (after + 1..=7).collect::<Vec<_>>());
        }
    }
}
