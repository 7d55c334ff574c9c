//! `cargo xtask`: the commands a person who has just cloned the repository needs.
//!
//! Not here: anything the product does. This program installs what is missing, then runs cargo, npm and the `kenal`
//! binary in order, and says what it is doing. Read [`demo`] and [`test`], then [`setup`]; [`bench`] stands apart.

mod bench;
mod demo;
mod setup;
mod step;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Set up, test and demonstrate Kenal")]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build a company, its lake and its bundle, and open the shop on this machine.
    Demo(demo::DemoArgs),
    /// Everything that must pass before a change is taken.
    Test(test::TestArgs),
    /// Measure Kenal beside what people use today.
    Bench(bench::BenchArgs),
    /// Install what demo and test need, and nothing else.
    Setup,
}

fn main() -> ExitCode {
    let outcome = match Args::parse().command {
        Command::Demo(args) => demo::run(&args),
        Command::Test(args) => test::run_steps(&args),
        Command::Bench(args) => bench::run_bench(&args),
        Command::Setup => setup::everything(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
