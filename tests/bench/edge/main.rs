//! What ranking costs at the edge: the core beside the scans one would write, natively, in wasmtime and in V8, and beside
//! faiss and NumPy on the same factors and people, all in one run.
//!
//! `make` fits ALS on made-up purchases with tastes and a long tail, as factors of real shops have, and writes what all
//! are measured on; `native`, `wasmtime` and `v8.mjs` time single calls; `run` does it all and prints the table.

mod bundle;
mod compare;
mod factors;
mod hosts;
mod requests;
mod whole;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Everything, and a table.
    Run(compare::RunArgs),
    /// Write the factors and people.
    Make(factors::MakeArgs),
    /// Time this machine's own instructions.
    Native(hosts::HostArgs),
    /// Time the module in wasmtime.
    Wasmtime(hosts::WasmtimeArgs),
    /// Time whole requests, and opening a bundle.
    Requests(requests::RequestArgs),
}

fn main() -> Result<()> {
    match Args::parse().command {
        Command::Run(args) => compare::run(&args),
        Command::Make(args) => factors::make(&args),
        Command::Native(args) => hosts::native(&args),
        Command::Wasmtime(args) => hosts::wasmtime(&args),
        Command::Requests(args) => requests::run(&args),
    }
}
