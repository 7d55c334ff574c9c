//! `kenal-fuzz TARGET --seconds N [--seed S]`: fuzzes one target, and says how fast and what was slowest.
//!
//! A case that fails is written to a file with the command that runs it alone: `kenal-fuzz TARGET --replay FILE`.
//! `kenal-fuzz TARGET --seeds FOLDER` writes what coverage-guided fuzzing begins with.

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use kenal_fuzz::dice::Dice;
use kenal_fuzz::{CASE_TIME_MAX, TARGETS, Target, target};

/// A case that runs for longer has not merely been slowed down by others on the machine.
const HANGS_AFTER: Duration = Duration::from_secs(20);

struct Options {
    seconds: u64,
    seed: u64,
    /// Where failing inputs go.
    out: PathBuf,
    replay: Option<PathBuf>,
    seeds: Option<PathBuf>,
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let chosen = arguments.next().as_deref().and_then(target);
    let (Some(target), Ok(options)) = (chosen, options(arguments)) else {
        let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
        eprintln!("kenal-fuzz {} --seconds N [--seed S] [--out FOLDER]", names.join("|"));
        eprintln!("kenal-fuzz TARGET --replay FILE");
        eprintln!("kenal-fuzz TARGET --seeds FOLDER");
        return ExitCode::from(2);
    };
    let done = match &options {
        Options { replay: Some(file), .. } => replay(&target, file),
        Options { seeds: Some(folder), .. } => write_seeds(&target, folder),
        _ => fuzz(&target, &options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            eprintln!("{what}");
            ExitCode::FAILURE
        }
    }
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, ()> {
    let mut options = Options { seconds: 0, seed: 1, out: PathBuf::from("."), replay: None, seeds: None };
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or(())?;
        match name.as_str() {
            "--seconds" => options.seconds = value.parse().map_err(|_| ())?,
            "--seed" => options.seed = value.parse().map_err(|_| ())?,
            "--out" => options.out = value.into(),
            "--replay" => options.replay = Some(value.into()),
            "--seeds" => options.seeds = Some(value.into()),
            _ => return Err(()),
        }
    }
    let something = options.seconds > 0 || options.replay.is_some() || options.seeds.is_some();
    something.then_some(options).ok_or(())
}

fn replay(target: &Target, file: &Path) -> Result<(), String> {
    let bytes = fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    // The first case also opens the shop.
    (target.check)(&[]);
    let started = Instant::now();
    (target.check)(&bytes);
    println!("{}: passes, {} bytes in {} µs", target.name, bytes.len(), started.elapsed().as_micros());
    Ok(())
}

fn write_seeds(target: &Target, folder: &Path) -> Result<(), String> {
    let failed = |error| format!("cannot write to {}: {error}", folder.display());
    fs::create_dir_all(folder).map_err(failed)?;
    for (at, seed) in (target.seeds)().iter().enumerate() {
        fs::write(folder.join(format!("seed-{at:04}")), seed).map_err(failed)?;
    }
    Ok(())
}

/// The case that is running, for whoever watches how long it takes.
type Running = Arc<Mutex<Option<(Instant, Vec<u8>)>>>;

fn fuzz(target: &Target, options: &Options) -> Result<(), String> {
    let running = Running::default();
    watch(*target, options.out.clone(), Arc::clone(&running));
    (target.check)(&(target.generate)(&mut Dice::new(options.seed, 0)));
    let started = Instant::now();
    let (mut cases, mut slowest) = (0u64, Duration::ZERO);
    let mut told = started;
    while started.elapsed().as_secs() < options.seconds {
        let bytes = (target.generate)(&mut Dice::new(options.seed, cases));
        *running.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), bytes.clone()));
        let taken = timed(target, &bytes).map_err(|()| keep(target, &options.out, "fails", &bytes))?;
        cases += 1;
        if taken > slowest {
            // On a busy machine one measurement says little: the best of four counts.
            let again = (0..3).map(|_| timed(target, &bytes).unwrap_or(taken)).min();
            let taken = again.map_or(taken, |again| again.min(taken));
            if taken > CASE_TIME_MAX {
                return Err(keep(target, &options.out, "is slow", &bytes));
            }
            slowest = slowest.max(taken);
        }
        if told.elapsed().as_secs() >= 60 {
            told = Instant::now();
            tell(target, options.seed, cases, started.elapsed(), slowest);
        }
    }
    tell(target, options.seed, cases, started.elapsed(), slowest);
    Ok(())
}

fn timed(target: &Target, bytes: &[u8]) -> Result<Duration, ()> {
    let started = Instant::now();
    catch_unwind(|| (target.check)(bytes)).map_err(|_| ())?;
    Ok(started.elapsed())
}

fn tell(target: &Target, seed: u64, cases: u64, elapsed: Duration, slowest: Duration) {
    let rate = cases as f64 / elapsed.as_secs_f64();
    println!(
        "{}: seed {seed}, {cases} executions in {:.0} s, {rate:.0} a second, slowest {} µs",
        target.name,
        elapsed.as_secs_f64(),
        slowest.as_micros()
    );
}

/// Writes a failing input, and says how to run it again.
fn keep(target: &Target, out: &Path, what: &str, bytes: &[u8]) -> String {
    let name = kenal_bundle::Hash::of(bytes).to_string();
    let path = out.join(format!("{}-{}.bin", target.name, &name[..16]));
    let written = fs::write(&path, bytes).map_err(|error| format!("cannot write {}: {error}", path.display()));
    let replay = format!("kenal-fuzz {} --replay {}", target.name, path.display());
    format!(
        "{}: a case {what}, {} bytes: {}",
        target.name,
        bytes.len(),
        written.map_or_else(|error| error, |()| replay)
    )
}

/// Ends the program when a case does not end.
fn watch(target: Target, out: PathBuf, running: Running) {
    thread::spawn(move || {
        loop {
            thread::sleep(Duration::from_secs(1));
            let running = running.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((_, bytes)) = running.as_ref().filter(|(since, _)| since.elapsed() > HANGS_AFTER) {
                eprintln!("{}", keep(&target, &out, "does not end", bytes));
                std::process::exit(3);
            }
        }
    });
}
