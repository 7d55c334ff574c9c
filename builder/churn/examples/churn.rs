//! `kenal churn` without the rest of the program: `churn FILE --horizon DAYS` or `churn FILE --label COLUMN [--time COLUMN]`,
//! then `[--json] [--out MODEL] [--scores N]`.

use std::path::Path;

use kenal_churn::{ChurnFileError, log, table};
use kenal_models::Threads;
use kenal_models::churn::ChurnConfig;

fn main() -> std::process::ExitCode {
    match run(&std::env::args().skip(1).collect::<Vec<_>>()) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("churn: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> Result<(), ChurnFileError> {
    let after = |name: &str| args.iter().position(|a| a == name).and_then(|at| args.get(at + 1));
    let has = |name: &str| args.iter().any(|a| a == name);
    let number = |name: &str| after(name).and_then(|v| v.parse().ok());
    let path = Path::new(args.first().map_or("", String::as_str));
    let threads = Threads::new(2).unwrap_or(Threads::ONE);
    let (saved, report, scores) = if let Some(horizon_days) = number("--horizon") {
        let read = log::Log::read(path)?;
        let population = log::Population { horizon_days, active_days: number("--active-days") };
        let (saved, report) = log::fit(&read, path, &population, &ChurnConfig::default(), threads)?;
        let scores = log::score(&saved, &read, path, None, 3)?;
        let report = if has("--eval") {
            log::evaluate(&read, path, &population, &ChurnConfig::default(), threads)?
        } else {
            report
        };
        (saved, report, scores)
    } else {
        let roles = table::Roles {
            label: after("--label").cloned(),
            time: after("--time").cloned(),
            id: after("--id").cloned(),
            ..table::Roles::default()
        };
        let read = table::Table::read(path, &roles)?;
        let settings = table::Settings { l2: after("--l2").and_then(|v| v.parse().ok()), linear: has("--linear") };
        let (saved, report) = table::fit(&read, &settings, threads)?;
        let scores = table::score(&saved, &read, 3)?;
        (saved, report, scores)
    };
    if has("--json") {
        println!("{}", serde_json::to_string(&report).unwrap_or_default());
    } else {
        println!("{report}");
    }
    if let Some(out) = after("--out") {
        saved.write(Path::new(out))?;
    }
    for score in scores.iter().take(number("--scores").unwrap_or(0) as usize) {
        println!("{} {:.3} {}", score.id, score.probability, score.reasons.join("; "));
    }
    Ok(())
}
