//! Compiling the core for wasmtime: a nested cargo, shared by `build.rs` and the test that compares SIMD with scalar.
//!
//! The nested cargo has a target folder of its own. With the outer one it would wait for a lock that the outer cargo
//! holds until this very build script has ended.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The target of the module: no system interface at all, so nothing can be asked of the host but what the ABI says.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// Compiles `kenal-embedded` into `target_dir` and returns the path of the module.
///
/// `simd` chooses between the SIMD build that is shipped and its scalar twin.
///
/// # Errors
/// What could not be run or what it said, worded for a person at a terminal.
pub fn compile(workspace: &Path, target_dir: &Path, simd: bool) -> Result<PathBuf, String> {
    add_target()?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .current_dir(workspace)
        // One crate type only: with an rlib beside it, cargo leaves out the link-time optimisation of the profile.
        .args(["rustc", "--package", "kenal-embedded", "--lib", "--crate-type", "cdylib", "--profile", "edge"])
        .args(["--target", TARGET, "--target-dir"])
        .arg(target_dir)
        // Flags, wrappers and settings of the outer build are for another target; clippy's wrapper would lint again.
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_BUILD_TARGET")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .env_remove("CLIPPY_ARGS")
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", feature_flag(simd));
    let output = command.output().map_err(|e| format!("cannot run cargo for {TARGET}: {e}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("compiling kenal-embedded for {TARGET} failed:\n{said}"));
    }
    Ok(target_dir.join(TARGET).join("edge/kenal_embedded.wasm"))
}

const fn feature_flag(simd: bool) -> &'static str {
    if simd { "-C target-feature=+simd128 -C strip=symbols" } else { "-C target-feature=-simd128 -C strip=symbols" }
}

/// Installs the target when rustc has no libraries for it.
fn add_target() -> Result<(), String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .args(["--print", "target-libdir", "--target", TARGET])
        .output()
        .map_err(|e| format!("cannot run rustc: {e}"))?;
    let libraries = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    if output.status.success() && libraries.is_dir() {
        return Ok(());
    }
    let remedy = format!("run `rustup target add {TARGET}`, or install your distribution's Rust libraries for it");
    let status = Command::new("rustup")
        .args(["target", "add", TARGET])
        .status()
        .map_err(|e| format!("the Rust target {TARGET} is missing and rustup cannot be run ({e}); {remedy}"))?;
    if !status.success() {
        return Err(format!("`rustup target add {TARGET}` failed; {remedy}"));
    }
    Ok(())
}
