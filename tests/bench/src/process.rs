//! Other processes, and what the operating system says they took.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use serde::Serialize;
use wait4::Wait4 as _;

/// What a process took, with those that it waited for.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Taken {
    pub wall_s: f64,
    /// User and system time of all threads.
    pub cpu_s: f64,
    /// Highest resident memory.
    pub peak_bytes: u64,
}

/// Runs a command to its end and gives what it printed. What it says on the side goes to `log`.
///
/// The peak of a process begins with that of its parent, from which it is forked; so this program must stay small, and
/// does all that needs memory in processes of their own.
///
/// # Errors
/// It cannot be started, or fails; the error has the end of what it said.
pub fn run(command: &mut Command, log: &Path) -> Result<(String, Taken)> {
    let name = command.get_program().to_string_lossy().into_owned();
    let (said, printed) = (log.with_extension("log"), log.with_extension("out"));
    let file = |path: &Path| File::create(path).with_context(|| format!("making {}", path.display()));
    command.stdout(file(&printed)?).stderr(file(&said)?);
    let started = Instant::now();
    let child = command.spawn().with_context(|| format!("starting {name}"))?;
    let used = child.wait4().with_context(|| format!("waiting for {name}"))?;
    let wall_s = started.elapsed().as_secs_f64();
    if !used.status.success() {
        let said = fs::read_to_string(&said).unwrap_or_default();
        let end: Vec<&str> = said.lines().rev().filter(|l| !l.trim().is_empty()).take(3).collect();
        bail!("{name} failed ({}): {}", used.status, end.into_iter().rev().collect::<Vec<_>>().join(" / "));
    }
    let cpu_s = (used.rusage.utime + used.rusage.stime).as_secs_f64();
    let printed = fs::read_to_string(&printed).with_context(|| format!("reading what {name} printed"))?;
    Ok((printed, Taken { wall_s, cpu_s, peak_bytes: used.rusage.maxrss }))
}
