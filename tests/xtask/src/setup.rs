//! Installing what is missing, and only that: Wasm targets, npm packages, Debian's Chromium, cargo-deny, Viceroy,
//! a compiler and an emulator for ARM.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::step::{cargo, command, output, root, run, tools_dir};

/// Needed by cargo-deny's own lock file; raise together with `deny.toml`.
const CARGO_DENY: &str = "0.20.2";

/// `wasm32v1-none` has no `std` at all: what builds for it is `no_std` in truth, not by declaration.
pub const BARE_TARGET: &str = "wasm32v1-none";
const WASM_TARGETS: [&str; 3] = ["wasm32-unknown-unknown", "wasm32-wasip1", BARE_TARGET];

/// Where the vector code of phones and of ARM servers is tested.
pub const ARM_TARGET: &str = "aarch64-unknown-linux-gnu";

/// Fastly's local runtime; the newest that this toolchain builds.
const VICEROY: &str = "0.16.5";

pub fn everything() -> Result<()> {
    for_demo()?;
    cargo_deny()?;
    chromium()?;
    viceroy()?;
    if let Err(why) = arm() {
        eprintln!("\nwithout the tests for ARM: {why:#}");
    }
    Ok(())
}

/// What the demo needs.
pub fn for_demo() -> Result<()> {
    wasm_targets()?;
    npm_packages()
}

fn wasm_targets() -> Result<()> {
    targets(&WASM_TARGETS)
}

fn targets(wanted: &[&str]) -> Result<()> {
    let installed = output(command("rustup").args(["target", "list", "--installed"]))
        .context("rustup is needed to add targets; see https://rustup.rs")?;
    for target in wanted.iter().filter(|t| !installed.lines().any(|l| l == **t)) {
        run(&format!("add the target {target}"), command("rustup").args(["target", "add", target]))?;
    }
    Ok(())
}

/// `npm ci` when the lock file is newer than what it installed.
fn npm_packages() -> Result<()> {
    let version = output(command("node").arg("--version")).context("Node 20 or newer is needed")?;
    let major: u32 = version.trim().trim_start_matches('v').split('.').next().unwrap_or("").parse().unwrap_or(0);
    if major < 20 {
        bail!("Node 20 or newer is needed; this is {}", version.trim());
    }
    for folder in ["web", "tests/browser", "tests/cdn"] {
        let folder = root().join(folder);
        let lock = folder.join("package-lock.json");
        let installed = folder.join("node_modules/.package-lock.json");
        if lock.exists() && !newer(&installed, &lock) {
            run("install npm packages", command("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&folder))?;
        }
    }
    Ok(())
}

fn newer(a: &Path, b: &Path) -> bool {
    let time = |p: &Path| p.metadata().and_then(|m| m.modified()).ok();
    matches!((time(a), time(b)), (Some(a), Some(b)) if a >= b)
}

/// Path of cargo-deny, installed beside the other tools when the machine has none of this version.
pub fn cargo_deny() -> Result<PathBuf> {
    let path = tools_dir().join("tools/bin/cargo-deny");
    let has = |p: &Path| output(command(p).arg("--version")).is_some_and(|v| v.contains(CARGO_DENY));
    if has(Path::new("cargo-deny")) {
        return Ok("cargo-deny".into());
    }
    if !has(&path) {
        let at = tools_dir().join("tools");
        run(
            "install cargo-deny (once, some minutes)",
            cargo().args(["install", "cargo-deny", "--version", CARGO_DENY, "--locked", "--root"]).arg(&at),
        )?;
    }
    Ok(path)
}

/// Path of Fastly's local runtime, installed beside the other tools.
pub fn viceroy() -> Result<PathBuf> {
    let at = tools_dir().join(format!("viceroy-{VICEROY}"));
    let path = at.join("bin/viceroy");
    if !path.exists() {
        run(
            "install Viceroy, Fastly's local runtime (once, some minutes)",
            cargo().args(["install", "viceroy", "--version", VICEROY, "--locked", "--root"]).arg(&at),
        )?;
    }
    Ok(path)
}

/// Path of a Chromium for the browser tests: Debian's.
pub fn chromium() -> Result<PathBuf> {
    let path = PathBuf::from("/usr/bin/chromium");
    if !path.exists() {
        // Debian's package, since a browser that a test tool downloads for itself is not the one people audit.
        debian_packages(&["chromium", "fonts-liberation"])?;
    }
    Ok(path)
}

/// Debian's cross compiler and emulator for 64-bit ARM: the environment in which cargo builds and tests for
/// [`ARM_TARGET`].
pub fn arm() -> Result<[(&'static str, &'static str); 4]> {
    const GCC: &str = "aarch64-linux-gnu-gcc";
    const QEMU: &str = "qemu-aarch64 -L /usr/aarch64-linux-gnu";
    targets(&[ARM_TARGET])?;
    let parts = ["/usr/bin/aarch64-linux-gnu-gcc", "/usr/bin/qemu-aarch64", "/usr/aarch64-linux-gnu/include/stdio.h"];
    if !parts.into_iter().all(|part| Path::new(part).exists()) {
        debian_packages(&["gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross", "qemu-user"])?;
    }
    Ok([
        ("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", GCC),
        ("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER", QEMU),
        ("KENAL_CC", GCC),
        ("KENAL_RUNNER", QEMU),
    ])
}

fn debian_packages(packages: &[&str]) -> Result<()> {
    let is_root = output(command("id").arg("-u")).is_some_and(|id| id.trim() == "0");
    let apt = || if is_root { command("apt-get") } else { sudo() };
    let name = format!("install {}", packages.join(", "));
    let mut install = apt();
    install.args(["install", "-y", "--no-install-recommends"]).args(packages).env("DEBIAN_FRONTEND", "noninteractive");
    if run(&name, &mut install).is_ok() {
        return Ok(());
    }
    run("refresh the package lists", apt().arg("update"))?;
    run(&name, &mut install).with_context(|| format!("install it by hand: apt install {}", packages.join(" ")))?;
    Ok(())
}

fn sudo() -> std::process::Command {
    let mut sudo = command("sudo");
    sudo.arg("apt-get");
    sudo
}
