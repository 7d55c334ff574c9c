//! The Python `deltalake` package reads every table, with the types a person expects.
//!
//! Needs `python3` with `venv`, and pip for the first run; where those are missing the test prints "not run".

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use kenal_lake::Fingerprint;
use kenal_types::System;
use serde::Serialize;

use crate::sample::*;

const REQUIREMENTS: &str = include_str!("../python/requirements.txt");

/// A virtual environment with the pinned packages, made once; `Err` says what is missing.
fn python() -> Result<PathBuf, String> {
    let tools = std::env::var_os("KENAL_TOOLS").map(PathBuf::from).or_else(|| {
        let home = PathBuf::from(std::env::var_os("HOME")?);
        Some(home.join(".cache/kenal"))
    });
    let venv = tools.ok_or("neither KENAL_TOOLS nor HOME is set")?.join("venv");
    let python = venv.join("bin/python");
    let stamp = venv.join("kenal-lake-requirements.txt");
    if fs::read_to_string(&stamp).is_ok_and(|s| s == REQUIREMENTS) {
        return Ok(python);
    }
    let requirements = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/requirements.txt");
    run(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1", "-r"];
    run(Command::new(&python).args(pip).arg(requirements))?;
    fs::write(&stamp, REQUIREMENTS).map_err(|e| e.to_string())?;
    Ok(python)
}

fn run(command: &mut Command) -> Result<Output, String> {
    let output = command.output().map_err(|e| format!("{command:?}: {e}"))?;
    if output.status.success() {
        return Ok(output);
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    Err(format!("{:?} failed: {}", command.get_program(), stderr.lines().last().unwrap_or_default()))
}

#[test]
fn python_reads_every_table() {
    #[derive(Serialize)]
    struct Row {
        person: &'static str,
        as_of: i64,
        born_on: i32,
    }
    let python = match python() {
        Ok(python) => python,
        Err(why) => {
            println!("not run: {why}");
            return;
        }
    };
    let dir = tempfile::tempdir().expect("a folder");
    let lake = open(dir.path());
    ingest(&lake, System::Shopify, &everything()).expect("ingest");
    let rows = [Row { person: "p1", as_of: NOW.0, born_on: 0 }];
    lake.write_gold("profile", &rows, &Fingerprint::of("1").finish()).expect("written");
    lake.write_gold("profile", &rows, &Fingerprint::of("2").finish()).expect("written again");

    let expected: serde_json::Map<String, serde_json::Value> =
        versions(&lake).into_iter().map(|(name, (version, rows))| (name, serde_json::json!([version, rows]))).collect();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/read_tables.py");
    let mut command = Command::new(python);
    command.arg(script).arg(dir.path()).arg(serde_json::Value::Object(expected).to_string());
    let output = command.output().expect("python starts");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    assert!(out.contains("16 tables"), "{out}");
}
