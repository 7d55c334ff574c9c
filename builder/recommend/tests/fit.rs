//! Factors as files: they are the model's, a fit that is stopped goes on to the same bits, and an earlier fit is begun from.

use std::fmt::Write as _;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use kenal_models::als::Solver;
use kenal_models::{AlsConfig, Threads};
use kenal_recommend::{
    Catalogue, CheckpointError, Dataset, FitError, FitOptions, Fitted, ITEM_FACTORS, MODEL, Out, Progress,
    USER_FACTORS, factors, fit,
};

const FACTORS: usize = 12;

/// People of three tastes; `more` adds an item that nobody had before.
fn rows(dir: &Path, more: bool) -> PathBuf {
    let mut text = String::from("user,item,weight\n");
    for user in 0..90u32 {
        for n in 0..8 {
            let item = 3 * ((user * 7 + n * 4) % 15) + user % 3;
            writeln!(text, "u{user},i{item},{}", 1 + n % 3).expect("text");
        }
        if more && user % 2 == 0 {
            writeln!(text, "u{user},new,1").expect("text");
        }
    }
    let path = dir.join(if more { "more.csv" } else { "rows.csv" });
    fs::write(&path, text).expect("written");
    path
}

fn options(solver: Solver, iterations_max: usize) -> FitOptions {
    FitOptions {
        config: AlsConfig { factors: FACTORS, iterations_max, tolerance: 0.0, seed: 3, solver, ..AlsConfig::default() },
        min_count: 1,
        weighted: false,
        threads: Threads::new(2).expect("positive"),
        checkpoint: None,
        warm_start: None,
    }
}

/// Fits, stopped after `stop` iterations of its own, and gives what was seen.
fn run(path: &Path, options: &FitOptions, stop: Option<usize>) -> Result<(Dataset, Fitted, Vec<Progress>), FitError> {
    let mut data = Dataset::read(path).expect("read");
    let (mut seen, mut own) = (Vec::new(), 0);
    let fitted = fit(&mut data, options, &mut |progress| {
        seen.push(progress);
        own += usize::from(matches!(progress, Progress::Iteration(_)));
        if stop == Some(own) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok((data, fitted, seen))
}

fn read(path: &Path, key: &str) -> Vec<(String, Vec<u32>)> {
    let mut out = Vec::new();
    let row = |id: &str, row: &[f32]| out.push((id.to_owned(), row.iter().map(|v| v.to_bits()).collect()));
    factors::read(path, key, FACTORS, row).expect("read");
    out
}

fn written(dir: &Path) -> [Vec<(String, Vec<u32>)>; 2] {
    [read(&dir.join(ITEM_FACTORS), "item"), read(&dir.join(USER_FACTORS), "user")]
}

#[test]
fn the_files_hold_the_model_by_id() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = rows(dir.path(), false);
    let (data, fitted, _) = run(&path, &options(Solver::Fast, 4), None).expect("fitted");
    let out = dir.path().join("out/of/nothing");
    fitted.write(&data, &Out::at(&out)).expect("written");
    let [items, users] = written(&out);
    assert_eq!((items.len(), users.len()), (45, 90));
    // A user's vector is the fold-in of their items, found in the files by id.
    let history: Vec<(u32, f32)> = (0..45)
        .filter(|&at| {
            let name = &items[at as usize].0;
            (0..8u32).any(|n| *name == format!("i{}", 3 * ((4 * 7 + n * 4) % 15) + 4 % 3))
        })
        .map(|at| (at, 1.0))
        .collect();
    let folded = fitted.model.fold_in(&history).expect("valid").expect("a history");
    let own = &users.iter().find(|(id, _)| id == "u4").expect("there").1;
    assert_eq!(*own, folded.iter().map(|v| v.to_bits()).collect::<Vec<_>>());
    let told: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(out.join(MODEL)).expect("read")).expect("JSON");
    assert_eq!(
        (told["users"].as_u64(), told["items"].as_u64(), told["iterations"].as_u64()),
        (Some(90), Some(45), Some(4))
    );
}

#[test]
fn a_stopped_fit_goes_on_to_the_same_bits() {
    for solver in [Solver::Fast, Solver::Exact] {
        let dir = tempfile::tempdir().expect("a folder");
        let path = rows(dir.path(), false);
        let (whole, stopped) = (dir.path().join("whole"), dir.path().join("stopped"));
        let (data, fitted, _) = run(&path, &options(solver, 6), None).expect("fitted");
        fitted.write(&data, &Out::at(&whole)).expect("written");
        let kept = dir.path().join("checkpoints");
        let options = FitOptions { checkpoint: Some(kept.clone()), ..options(solver, 6) };
        // What an interrupted process would not have got to write is dropped here.
        run(&path, &options, Some(2)).expect("stopped");
        let (_, _, seen) = run(&path, &options, Some(1)).expect("stopped again");
        assert_eq!(seen[1], Progress::Resumed { iterations: 2 });
        let (data, fitted, seen) = run(&path, &options, None).expect("fitted");
        assert_eq!(seen[1], Progress::Resumed { iterations: 3 });
        assert_eq!(seen.iter().filter(|p| matches!(p, Progress::Iteration(_))).count(), 3);
        assert_eq!(fs::read_dir(&kept).expect("a folder").count(), 1);
        fitted.write(&data, &Out::at(&stopped)).expect("written");
        assert_eq!(written(&whole), written(&stopped), "{solver:?}");
        assert_eq!(fs::read_dir(&kept).expect("a folder").count(), 0, "it has served");
    }
}

#[test]
fn a_checkpoint_that_other_settings_have_left_is_said() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = rows(dir.path(), false);
    let kept = dir.path().join("checkpoints");
    let options = FitOptions { checkpoint: Some(kept.clone()), ..options(Solver::Fast, 4) };
    let (_, _, seen) = run(&path, &options, Some(1)).expect("stopped");
    assert!(!seen.iter().any(|p| matches!(p, Progress::Others { .. })), "{seen:?}");
    let left = fs::read_dir(&kept).expect("a folder").next().expect("one").expect("readable").path();
    let other = FitOptions { config: AlsConfig { reg: 0.7, ..options.config }, ..options.clone() };
    let (data, fitted, seen) = run(&path, &other, None).expect("fitted");
    let bytes = fs::metadata(&left).expect("still there").len();
    assert_eq!(seen[1], Progress::Others { files: 1, bytes });
    assert!(!seen.iter().any(|p| matches!(p, Progress::Resumed { .. })), "{seen:?}");
    fitted.write(&data, &Out::at(&dir.path().join("out"))).expect("written");
    assert!(left.exists(), "its owner may still want it");
    let (_, _, seen) = run(&path, &options, Some(1)).expect("gone on");
    assert_eq!(seen[1], Progress::Resumed { iterations: 1 }, "and nothing else: {seen:?}");
}

#[test]
fn a_checkpoint_that_cannot_be_used_is_said() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = rows(dir.path(), false);
    let kept = dir.path().join("checkpoints");
    let options = FitOptions { checkpoint: Some(kept.clone()), ..options(Solver::Fast, 3) };
    run(&path, &options, Some(1)).expect("stopped");
    let file = fs::read_dir(&kept).expect("a folder").next().expect("one").expect("readable").path();
    fs::write(&file, "of something else, and long enough to be one").expect("written");
    let error = run(&path, &options, None).expect_err("refused");
    assert!(matches!(error, FitError::Checkpoint(CheckpointError::Broken { .. })), "{error}");
    let blocked = FitOptions { checkpoint: Some(file), ..options };
    let error = run(&path, &blocked, None).expect_err("no folder");
    assert!(matches!(error, FitError::Checkpoint(CheckpointError::Io { .. })), "{error}");
}

#[test]
fn an_earlier_fit_is_begun_from_by_id() {
    let dir = tempfile::tempdir().expect("a folder");
    let (before, after) = (rows(dir.path(), false), rows(dir.path(), true));
    let out = dir.path().join("earlier");
    let (data, earlier, _) = run(&before, &options(Solver::Fast, 12), None).expect("fitted");
    earlier.write(&data, &Out::at(&out)).expect("written");
    let cold = options(Solver::Fast, 1);
    let warm = FitOptions { warm_start: Some(out.clone()), ..cold.clone() };
    let (_, fitted, seen) = run(&after, &warm, None).expect("fitted");
    assert_eq!(seen[1], Progress::Warm { known: 45, items: 46 });
    let file = dir.path().join("one/table.parquet");
    let files = earlier.write(&data, &Out::at(&file)).expect("written");
    assert_eq!(files, [file.clone(), file.with_extension("json")]);
    let (_, same, _) = run(&after, &FitOptions { warm_start: Some(file), ..warm.clone() }, None).expect("fitted");
    assert_eq!(same.model, fitted.model, "one file or a folder of two");
    let (_, scratch, _) = run(&after, &cold, None).expect("fitted");
    let (warm_loss, cold_loss) = (fitted.model.losses()[0], scratch.model.losses()[0]);
    assert!(warm_loss < 0.9 * cold_loss, "{warm_loss} against {cold_loss}");
    let other = FitOptions { config: AlsConfig { factors: 5, ..cold.config }, ..warm.clone() };
    let error = run(&after, &other, None).expect_err("refused");
    assert!(error.to_string().contains("has 12 factors, and 5 are wanted"), "{error}");
    let strangers = dir.path().join("strangers.csv");
    fs::write(&strangers, "user,item\na,x\nb,y\n").expect("written");
    assert!(matches!(run(&strangers, &warm, None), Err(FitError::Strangers { .. })));
    let missing = FitOptions { warm_start: Some(dir.path().join("nowhere")), ..warm };
    assert!(matches!(run(&after, &missing, None), Err(FitError::Factors(_))));
}

#[test]
fn items_of_a_catalogue_get_vectors_by_their_content() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = rows(dir.path(), false);
    let (data, mut fitted, _) = run(&path, &options(Solver::Exact, 8), None).expect("fitted");
    // Taste is the item's number by three; the catalogue calls it a category.
    let mut text = String::from("item,category\n");
    (0..45).for_each(|i| writeln!(text, "i{i},{}", i % 3).expect("text"));
    text.push_str("fresh0,0\nfresh1,1\nplain,\n");
    let file = dir.path().join("items.csv");
    fs::write(&file, text).expect("written");
    let catalogue = Catalogue::read(&file).expect("read");
    assert_eq!(fitted.describe(&data, &catalogue, Threads::ONE).expect("described"), 3);
    let out = dir.path().join("out");
    fitted.write(&data, &Out::at(&out)).expect("written");
    let mut items = Vec::new();
    let row = |id: &str, row: &[f32]| items.push((id.to_owned(), row.to_vec()));
    factors::read(&out.join(ITEM_FACTORS), "item", FACTORS, row).expect("read");
    assert_eq!(items.len(), 48);
    let own: Vec<f32> = items[..45].iter().flat_map(|i| i.1.clone()).collect();
    assert_eq!(own, fitted.model.item_factors(), "what has interactions enough stays as it was fitted");
    let score = |user: usize, item: &str| -> f32 {
        let y = &items.iter().find(|i| i.0 == item).expect("there").1;
        fitted.model.user_factors()[user * FACTORS..].iter().zip(y).map(|(a, b)| a * b).sum()
    };
    for user in 0..90 {
        let (of_taste, other) = if user % 3 == 0 { ("fresh0", "fresh1") } else { ("fresh1", "fresh0") };
        if user % 3 < 2 {
            assert!(score(user, of_taste) > 2.0 * score(user, other), "user {user}");
        }
    }
    assert_eq!(fitted.json()["items_by_content"], 3);
    fs::write(&file, "item,category\nstranger,0\n").expect("written");
    let catalogue = Catalogue::read(&file).expect("read");
    let error = fitted.describe(&data, &catalogue, Threads::ONE).expect_err("nothing to say");
    assert!(matches!(error, FitError::Undescribed), "{error}");
    let packed = fitted.packed(Threads::ONE);
    assert!(packed.iter().all(|p| p.recall_20.is_none() && p.overlap_20 > 0.7), "{packed:?}");
    assert!(packed[0].overlap_20 > 0.95 && packed[0].bytes == 45 * (FACTORS + 4), "{packed:?}");
}

#[test]
fn weights_count_when_asked_and_too_little_is_said() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = rows(dir.path(), false);
    let (_, plain, _) = run(&path, &options(Solver::Exact, 2), None).expect("fitted");
    assert_eq!(plain.matrix.same_confidence(), Some(1.0));
    let (_, weighted, _) =
        run(&path, &FitOptions { weighted: true, ..options(Solver::Exact, 2) }, None).expect("fitted");
    assert_eq!(weighted.matrix.len(), plain.matrix.len());
    let total = |f: &Fitted| (0..90).flat_map(|u| f.matrix.row(u).1.to_vec()).sum::<f32>();
    assert_eq!(total(&weighted), 90.0 * (1 + 2 + 3 + 1 + 2 + 3 + 1 + 2) as f32);
    let error = run(&path, &FitOptions { min_count: 500, ..options(Solver::Fast, 2) }, None).expect_err("nothing left");
    assert!(matches!(error, FitError::Filtered { min_count: 500 }), "{error}");
    let config = AlsConfig { factors: 0, ..options(Solver::Fast, 2).config };
    let error = run(&path, &FitOptions { config, ..options(Solver::Fast, 2) }, None).expect_err("refused");
    assert!(matches!(error, FitError::Train(_)), "{error}");
}
