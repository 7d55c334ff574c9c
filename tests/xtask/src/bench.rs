//! `cargo xtask bench`: Kenal beside what people use today, on the same files in one run.
//!
//! The scripts that run the others are not part of this repository; without them a bench says that it was not run.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::setup;
use crate::step::{cargo, command, root, run, target_dir, tools_dir};
use crate::test::cdn_programs;

#[derive(clap::Args)]
pub struct BenchArgs {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(clap::Subcommand)]
enum Bench {
    /// Who is the same person: Kenal and Splink on made-up people and on public data sets.
    Identity(IdentityArgs),
    /// Training the recommender: Kenal's ALS and implicit's on one power-law matrix.
    Als(AlsArgs),
    /// Churn: Kenal's logistic regression and scikit-learn's on a million rows of correlated features.
    Logistic(LogisticArgs),
    /// What goes with what, at up to 200,000 items, beside the cosine of all pairs and the dense inverse.
    ItemItem(ItemItemArgs),
    /// Ranking: the core beside plain scans, natively, in wasmtime and in V8, and beside faiss and NumPy.
    Edge(EdgeArgs),
}

#[derive(clap::Args)]
struct EdgeArgs {
    #[arg(long, value_name = "N", num_args = 1.., default_values_t = [50_000, 200_000])]
    items: Vec<u64>,
    /// Also write the figures into a dated file in tests/bench/record.
    #[arg(long)]
    record: bool,
}

#[derive(clap::Args)]
struct AlsArgs {
    #[arg(long, default_value_t = 1_000_000)]
    users: u64,
    #[arg(long, default_value_t = 50_000)]
    items: u64,
    /// Fewer are left, since the same pair is drawn more than once.
    #[arg(long, default_value_t = 30_000_000)]
    interactions: u64,
    #[arg(long, default_value_t = 3)]
    iterations: u64,
    /// Also Kenal's exact solver.
    #[arg(long)]
    exact: bool,
    /// Also write the figures into a dated file in tests/bench/record.
    #[arg(long)]
    record: bool,
}

#[derive(clap::Args)]
struct LogisticArgs {
    #[arg(long, default_value_t = 1_000_000)]
    rows: u64,
    #[arg(long, default_value_t = 140)]
    features: u64,
    /// How often each fits; the best of them counts.
    #[arg(long, default_value_t = 3)]
    times: u64,
    /// Also write the figures into a dated file in tests/bench/record.
    #[arg(long)]
    record: bool,
}

#[derive(clap::Args)]
struct ItemItemArgs {
    #[arg(long, value_name = "N", num_args = 1.., default_values_t = [50_000, 200_000])]
    items: Vec<u64>,
    #[arg(long, default_value_t = 1_000_000)]
    users: u64,
    /// Also write the figures into a dated file in tests/bench/record.
    #[arg(long)]
    record: bool,
}

#[derive(clap::Args)]
struct IdentityArgs {
    /// Made-up people in households: how many records, for each file one number; 4,100,000 take about 5 GiB.
    #[arg(long, value_name = "N", num_args = 0.., default_values_t = [1_000_000])]
    records: Vec<u64>,
    /// The same of people none of whom share a home.
    #[arg(long, value_name = "N", num_args = 0.., default_values_t = [1_000_000])]
    alone: Vec<u64>,
    /// Also a whole company of five systems with purchases and devices, of so many people, for each size one number;
    /// 905,000 have 4.1 million records, and making them takes half an hour, once. To run it alone: --records --alone.
    #[arg(long, value_name = "PEOPLE", num_args = 1..)]
    world: Vec<u64>,
    /// Other people, other errors [default: 1].
    #[arg(long)]
    seed: Option<u64>,
    /// Also write the figures into a dated file in tests/bench/record.
    #[arg(long)]
    record: bool,
}

pub fn run_bench(args: &BenchArgs) -> Result<()> {
    let args = match &args.bench {
        Bench::Identity(args) => args,
        Bench::Als(args) => return als(args),
        Bench::Logistic(args) => return logistic(args),
        Bench::ItemItem(args) => return item_item(args),
        Bench::Edge(args) => return edge(args),
    };
    if !args.world.is_empty() {
        world(args)?;
    }
    if args.records.is_empty() && args.alone.is_empty() {
        return Ok(());
    }
    peers(args)
}

fn als(args: &AlsArgs) -> Result<()> {
    let peers = root().join("../shared/tools/peers");
    if !peers.is_dir() {
        eprintln!("bench als: not run, since the peers' scripts are not in {}", peers.display());
        return Ok(());
    }
    let python = python(&peers.join("requirements.txt"))?;
    run("build", cargo().args(["build", "--release", "--package", "kenal-bench", "--bin", "als-peers"]))?;
    let mut bench = command(target_dir().join("release/als-peers"));
    bench.arg("run").arg("--python").arg(python).arg("--implicit").arg(peers.join("implicit_als.py"));
    bench.arg("--work").arg(target_dir().join("bench-als"));
    let numbers = [("--users", args.users), ("--items", args.items), ("--interactions", args.interactions)];
    for (option, number) in numbers.into_iter().chain([("--iterations", args.iterations)]) {
        bench.args([option, &number.to_string()]);
    }
    bench.args(args.exact.then_some("--exact"));
    if args.record {
        bench.arg("--record").arg(root().join("tests/bench/record"));
    }
    run("Kenal and implicit", &mut bench)
}

fn logistic(args: &LogisticArgs) -> Result<()> {
    let peers = root().join("../shared/tools/peers");
    if !peers.is_dir() {
        eprintln!("bench logistic: not run, since the peers' scripts are not in {}", peers.display());
        return Ok(());
    }
    let python = python(&peers.join("requirements.txt"))?;
    run("build", cargo().args(["build", "--release", "--package", "kenal-bench", "--bin", "logistic-peers"]))?;
    let mut bench = command(target_dir().join("release/logistic-peers"));
    bench.arg("run").arg("--python").arg(python).arg("--sklearn").arg(peers.join("sklearn_logistic.py"));
    bench.arg("--work").arg(target_dir().join("bench-logistic"));
    for (option, number) in [("--rows", args.rows), ("--features", args.features), ("--times", args.times)] {
        bench.args([option, &number.to_string()]);
    }
    if args.record {
        bench.arg("--record").arg(root().join("tests/bench/record"));
    }
    run("Kenal and scikit-learn", &mut bench)
}

fn item_item(args: &ItemItemArgs) -> Result<()> {
    run("build", cargo().args(["build", "--release", "--package", "kenal-bench", "--bin", "item-item"]))?;
    let mut bench = command(target_dir().join("release/item-item"));
    bench.arg("run").args(["--users", &args.users.to_string()]).arg("--work").arg(target_dir().join("bench-item-item"));
    bench.arg("--items").args(args.items.iter().map(u64::to_string));
    if args.record {
        bench.arg("--record").arg(root().join("tests/bench/record"));
    }
    run("item–item", &mut bench)
}

fn edge(args: &EdgeArgs) -> Result<()> {
    setup::for_demo()?;
    let wasm = "wasm32-unknown-unknown";
    let mut module = cargo();
    module.args(["rustc", "--package", "kenal-bench-ranker", "--lib", "--crate-type", "cdylib", "--profile", "edge"]);
    module.args(["--target", wasm]).env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", "-C target-feature=+simd128");
    run("build the module", &mut module)?;
    run("build", cargo().args(["build", "--release", "--package", "kenal-bench", "--bin", "edge-peers"]))?;
    let mut bench = command(target_dir().join("release/edge-peers"));
    bench.arg("run").arg("--module").arg(target_dir().join(wasm).join("edge/kenal_bench_ranker.wasm"));
    bench.arg("--v8").arg(root().join("tests/bench/edge/v8.mjs"));
    bench.arg("--v8-requests").arg(root().join("tests/bench/edge/requests.mjs"));
    bench.arg("--load").arg(root().join("tests/cdn/load.mjs")).envs(cdn_programs("build the CDN hosts")?);
    bench.arg("--work").arg(target_dir().join("bench-edge"));
    bench.arg("--items").args(args.items.iter().map(u64::to_string));
    let peers = root().join("../shared/tools/peers");
    if peers.is_dir() {
        bench.arg("--python").arg(python(&peers.join("requirements.txt"))?);
        bench.arg("--faiss").arg(peers.join("faiss_flat.py"));
    } else {
        eprintln!("bench edge: without faiss and NumPy, since the peers' scripts are not in {}", peers.display());
    }
    if args.record {
        bench.arg("--record").arg(root().join("tests/bench/record"));
    }
    run("ranking", &mut bench)
}

fn world(args: &IdentityArgs) -> Result<()> {
    run("build", cargo().args(["build", "--release", "--package", "kenal-bench", "--bin", "identity-world"]))?;
    let mut bench = command(target_dir().join("release/identity-world"));
    bench.arg("run").arg("--world").args(args.world.iter().map(u64::to_string));
    bench.arg("--work").arg(target_dir().join("bench-identity"));
    if args.record {
        bench.arg("--record").arg(root().join("tests/bench/record"));
    }
    run("a whole company", &mut bench)
}

fn peers(args: &IdentityArgs) -> Result<()> {
    let shared = root().join("../shared");
    let peers = shared.join("tools/peers");
    if !peers.is_dir() {
        eprintln!("bench identity: not run, since the peers' scripts are not in {}", peers.display());
        return Ok(());
    }
    let python = python(&peers.join("requirements.txt"))?;
    run("build", cargo().args(["build", "--release", "--package", "kenal-bench", "--bin", "identity-peers"]))?;
    let mut bench = command(target_dir().join("release/identity-peers"));
    bench.arg("run").arg("--python").arg(python).arg("--splink").arg(peers.join("splink_people.py"));
    bench.arg("--work").arg(target_dir().join("bench-identity"));
    let data = shared.join("data/identity");
    if data.is_dir() {
        bench.arg("--data").arg(data);
    } else {
        eprintln!("bench identity: without the public data sets, which are not in {}", data.display());
    }
    for (option, numbers) in [("--records", &args.records), ("--alone", &args.alone)] {
        if !numbers.is_empty() {
            bench.arg(option).args(numbers.iter().map(u64::to_string));
        }
    }
    if let Some(seed) = args.seed {
        bench.args(["--seed", &seed.to_string()]);
    }
    if args.record {
        bench.arg("--record").arg(root().join("tests/bench/record"));
    }
    run("Kenal and Splink", &mut bench)
}

/// A Python with the peers' packages, in a virtual environment that is made once for each list of them.
fn python(requirements: &Path) -> Result<PathBuf> {
    let venv = tools_dir().join("peers");
    let python = venv.join("bin/python");
    let stamp = venv.join("requirements.txt");
    let wanted = fs::read_to_string(requirements).with_context(|| format!("reading {}", requirements.display()))?;
    if fs::read_to_string(&stamp).is_ok_and(|has| has == wanted) {
        return Ok(python);
    }
    run("make a virtual environment", command("python3").args(["-m", "venv"]).arg(&venv))?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
    run("install the peers (once, some minutes)", command(&python).args(pip).arg(requirements))?;
    fs::write(&stamp, wanted).with_context(|| format!("writing {}", stamp.display()))?;
    Ok(python)
}
