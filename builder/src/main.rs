//! `kenal`: the backend's command line. Only parses, dispatches, and maps to an exit code; one file per subcommand.
//!
//! stdout is data, stderr is talk. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused to publish.

mod bundle_folder;
mod cmd;
mod gold;
mod keys;
mod outside;
mod stage;
mod ui;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match cmd::Cli::parse().run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("kenal: {error:#}");
            ExitCode::FAILURE
        }
    }
}
