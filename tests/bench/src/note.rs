//! Dated files of figures in `tests/bench/record`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context as _, Result};

/// Writes figures with date, machine, command and commit, and gives the file's name: `…-name.md`.
pub fn write(dir: &Path, name: &str, title: &str, commit: &str, body: &str) -> Result<PathBuf> {
    fs::create_dir_all(dir).with_context(|| format!("making {}", dir.display()))?;
    let now = jiff::Zoned::now();
    let mut text = format!("# {title}, {}\n\n", now.strftime("%Y-%m-%d"));
    let mut line = |name: &str, value: &str| writeln!(text, "- {name}: {value}");
    line("machine", &machine())?;
    line("commit", commit)?;
    line("command", &command())?;
    write!(text, "\n{body}")?;
    let path = dir.join(format!("{}-{name}.md", now.strftime("%Y-%m-%d-%H%M")));
    fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
    Ok(path)
}

/// Processor, cores, memory, and how busy it was.
fn machine() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|l| l.strip_prefix("model name")).map(|l| l.trim_start_matches(['\t', ':', ' ']));
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib = memory.lines().find_map(|l| l.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    // Other work takes caches and shared units of a core, which costs CPU time too.
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    format!(
        "{}, {cores} cores, {} GiB; load at the end {}",
        model.unwrap_or("unknown processor"),
        kib.unwrap_or(0) >> 20,
        load.split(' ').next().unwrap_or("unknown")
    )
}

/// What is checked out, and whether it is all.
pub fn commit() -> String {
    let git = |args: &[&str]| {
        let output = Command::new("git").args(args).output().ok().filter(|o| o.status.success())?;
        String::from_utf8(output.stdout).ok()
    };
    let head = git(&["rev-parse", "--short=12", "HEAD"]).unwrap_or_else(|| "unknown".to_owned());
    let changed = git(&["status", "--porcelain"]).is_some_and(|s| !s.trim().is_empty());
    format!("{}{}", head.trim(), if changed { ", with changes that are not committed" } else { "" })
}

/// The command as it can be typed again: folders of this machine are left out.
fn command() -> String {
    let words: Vec<String> = env::args().skip(1).collect();
    let name = |word: &String| match Path::new(word).file_name() {
        Some(name) if Path::new(word).is_absolute() => format!("…/{}", name.to_string_lossy()),
        _ => word.clone(),
    };
    let program = env::current_exe().ok().and_then(|p| Some(p.file_name()?.to_string_lossy().into_owned()));
    let words: Vec<String> = words.iter().map(name).collect();
    format!("`{} {}`", program.unwrap_or_default(), words.join(" "))
}
