//! `cargo xtask test`: everything that must pass, in the order that fails soonest.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};

use crate::demo::Company;
use crate::setup;
use crate::step::{cargo, command, output, root, run, target_dir};

#[derive(clap::Args)]
pub struct TestArgs {
    /// Run only the steps whose name contains this.
    #[arg(long)]
    only: Option<String>,
}

/// Of a step whose host cannot be had: neither failed nor passed.
#[derive(Debug)]
struct NotRun;

impl std::fmt::Display for NotRun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not run")
    }
}

type Step = (&'static str, fn(&str) -> Result<()>);

const STEPS: [Step; 11] = [
    ("setup", |_| setup::everything()),
    ("rustfmt", |name| cargo_step(name, &["fmt", "--all", "--check"])),
    ("clippy", |name| cargo_step(name, &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])),
    ("deny", |name| {
        let deny = setup::cargo_deny()?;
        run(name, command(deny).args(["check", "--hide-inclusion-graph", "bans", "licenses", "sources"]))
    }),
    ("core alone", core_alone),
    ("web build", |name| npm(name, "web", "build")),
    ("web check", |name| npm(name, "web", "check").and_then(|()| npm(name, "web", "test"))),
    ("cdn hosts", cdn_hosts),
    ("neon", neon),
    ("cargo test", |name| cargo_step(name, &["test", "--workspace"])),
    ("end to end", end_to_end),
];

pub fn run_steps(args: &TestArgs) -> Result<()> {
    if let Some(rustc) = output(command("rustc").arg("--version")) {
        eprintln!("{}", rustc.trim());
    }
    let wanted = |name: &str| args.only.as_deref().is_none_or(|only| name.contains(only));
    let mut times: Vec<(&str, Duration)> = Vec::new();
    let mut not_run = Vec::new();
    for (name, step) in STEPS.into_iter().filter(|(name, _)| wanted(name)) {
        let started = Instant::now();
        match step(name) {
            Err(why) if why.is::<NotRun>() => not_run.push((name, why)),
            outcome => outcome.map(|()| times.push((name, started.elapsed())))?,
        }
    }
    if times.is_empty() && not_run.is_empty() {
        let names: Vec<&str> = STEPS.iter().map(|(name, _)| *name).collect();
        bail!("no step is named so; the steps are: {}", names.join(", "));
    }
    eprintln!("\n── {}", if not_run.is_empty() { "all passed" } else { "passed, but for what was not run" });
    for (name, time) in times {
        eprintln!("   {name:<12} {:>6.1} s", time.as_secs_f64());
    }
    for (name, why) in not_run {
        eprintln!("   {name:<12} {why:#}");
    }
    Ok(())
}

fn cargo_step(name: &str, args: &[&str]) -> Result<()> {
    run(name, cargo().args(args))
}

fn npm(name: &str, folder: &str, script: &str) -> Result<()> {
    run(name, command("npm").args(["run", script]).current_dir(root().join(folder)))
}

/// The workspace build unifies features and so hides what `core` leans on; built alone it cannot hide.
fn core_alone(name: &str) -> Result<()> {
    let check = |target: &str, package: &str| cargo_step(name, &["check", "-p", package, "--target", target]);
    check(setup::BARE_TARGET, "kenal-core")?;
    check("wasm32-unknown-unknown", "kenal-core")?;
    check("wasm32-unknown-unknown", "kenal-bundle")
}

/// Both hosts at a CDN, in the runtimes of their platforms, with the case list that every host answers alike.
fn cdn_hosts(name: &str) -> Result<()> {
    let mut test = command("npm");
    test.arg("test").current_dir(root().join("tests/cdn")).envs(cdn_programs(name)?);
    run("the case list in workerd and in Viceroy", &mut test)
}

/// Builds what the two CDN hosts run, for tests: where it is, by the names that `tests/cdn` knows.
pub fn cdn_programs(name: &str) -> Result<[(&'static str, PathBuf); 3]> {
    // Optimised across all crates only when it is the module alone that is made.
    let build = |package: &str, target: &str, made: &[&str]| {
        let mut build = cargo();
        build.args(["rustc", "--package", package]).args(made);
        build.args(["--target", target, "--profile", "edge", "--features", "fixed-time"]);
        let flags = format!("CARGO_TARGET_{}_RUSTFLAGS", target.to_uppercase().replace('-', "_"));
        run(name, build.env(flags, "-C target-feature=+simd128"))
    };
    build("kenal-cloudflare", "wasm32-unknown-unknown", &["--lib", "--crate-type", "cdylib"])?;
    build("kenal-fastly", "wasm32-wasip1", &[])?;
    let built = |target: &str, file: &str| target_dir().join(target).join("edge").join(file);
    let worker = target_dir().join("worker");
    let module = built("wasm32-unknown-unknown", "kenal_cloudflare.wasm");
    run(
        name,
        cargo().args(["run", "--locked", "--quiet", "--package", "kenal-bindgen", "--"]).arg(module).arg(&worker),
    )?;
    Ok([
        ("KENAL_WORKER", worker),
        ("KENAL_FASTLY", built("wasm32-wasip1", "kenal-fastly.wasm")),
        ("KENAL_VICEROY", setup::viceroy()?),
    ])
}

/// The core and what apps embed, with the case list, as a 64-bit ARM runs them: emulated, on a machine that is none.
fn neon(name: &str) -> Result<()> {
    if cfg!(target_arch = "aarch64") {
        return Err(anyhow!("this machine is such an ARM, so `cargo test` runs it").context(NotRun));
    }
    let tools = setup::arm().context(NotRun)?;
    let mut test = cargo();
    test.args(["test", "--target", setup::ARM_TARGET]).envs(tools);
    run(name, test.args(["-p", "kenal-core", "-p", "kenal-bundle", "-p", "kenal-edge", "-p", "kenal-embedded"]))
}

/// The whole product as its users meet it: exports, lake, bundle, server, browser.
fn end_to_end(name: &str) -> Result<()> {
    // All of the workspace, as the tests before it: a build of one package has other features, and so other builds of
    // the largest dependencies.
    cargo_step(name, &["build", "--workspace", "--all-targets"])?;
    let kenal = target_dir().join("debug/kenal");
    let dir = target_dir().join("end-to-end");
    let company = Company::build(&kenal, &dir, &root().join("builder/world/data/online_retail_excerpt.csv.gz"))?;
    let server = Server::start(company.serve(&kenal).args(["--addr", "127.0.0.1:0"]))?;
    let shots = dir.join("screenshots");
    std::fs::create_dir_all(&shots).context("making the folder for screenshots")?;
    let mut browser = command("npm");
    browser.args(["test"]).current_dir(root().join("tests/browser"));
    browser.env("KENAL_URL", &server.url).env("KENAL_SHOTS", &shots).env("KENAL_CHROMIUM", setup::chromium()?);
    run("what a visitor does, in Chromium", &mut browser)
}

/// `kenal serve`, stopped when dropped.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    /// Starts it and reads the address from the line it prints when it listens.
    fn start(serve: &mut Command) -> Result<Server> {
        let mut child = serve.stdout(Stdio::piped()).spawn().context("starting kenal serve")?;
        let stdout = child.stdout.take().context("kenal serve has no output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).context("reading the address of kenal serve")?;
        match line.split_whitespace().find(|word| word.starts_with("http://")) {
            Some(url) => Ok(Server { url: url.to_owned(), child }),
            None => {
                child.kill().ok();
                bail!("kenal serve ended before it listened")
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
