//! Running other programs, one named step at a time.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Root of the repository, as `cargo run` tells it: a path compiled in would be that of whichever clone built this
/// program last, where clones share a target directory.
pub fn root() -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&here).ancestors().nth(2).map(Path::to_path_buf).unwrap_or_default()
}

/// Where cargo puts what it builds.
pub fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Tools and virtual environments that outlive a checkout: `$KENAL_TOOLS`, else `~/.cache/kenal`.
pub fn tools_dir() -> PathBuf {
    std::env::var_os("KENAL_TOOLS").map(PathBuf::from).unwrap_or_else(|| {
        let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_else(std::env::temp_dir);
        home.join(".cache/kenal")
    })
}

/// A command run from the root of the repository, in the environment of whoever called `cargo xtask`.
///
/// What `cargo run` adds to it says which package runs. Build scripts that watch it (`ring`'s does) would be run again,
/// and the engine that depends on them compiled again, whenever `cargo xtask` and plain `cargo`, or two clones that
/// share a target folder, take turns.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_of_the_package(&name.to_string_lossy())) {
        command.env_remove(name);
    }
    command
}

fn is_of_the_package(name: &str) -> bool {
    name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
}

/// `cargo`, the one that runs this.
pub fn cargo() -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Prints the step's name, runs it with its output shown, and fails with the command line when it fails.
pub fn run(name: &str, command: &mut Command) -> Result<()> {
    let line = shown(command);
    eprintln!("\n── {name}\n   {line}");
    let status = command.status().with_context(|| format!("{name}: could not start `{line}`"))?;
    if !status.success() {
        bail!("{name} failed ({status}): `{line}`");
    }
    Ok(())
}

/// The standard output of a quiet command; `None` when it cannot be started or fails.
pub fn output(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|o| o.status.success())?;
    String::from_utf8(output.stdout).ok()
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|w| w.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}
