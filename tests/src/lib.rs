//! What crosses the parts: rules every file keeps (`tests/tidy.rs`), which part may know which
//! (`tests/architecture.rs`), the case list all hosts answer alike (`cases/`), browser tests (`browser/`), and
//! `cargo xtask` (`xtask/`).

use std::fs;
use std::path::{Path, PathBuf};

/// Root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// Files below `folder` with one of these endings, without what tools make; sorted.
///
/// # Panics
/// When a folder cannot be read: a check that looks at nothing must not pass.
pub fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    const MADE: [&str; 6] = ["target", "node_modules", "dist", "build", "wasm", ".git"];
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
        for entry in entries {
            let path = entry.unwrap_or_else(|e| panic!("{}: {e}", folder.display())).path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                if !MADE.contains(&name.as_str()) {
                    folders.push(path);
                }
            } else if endings.iter().any(|e| name.ends_with(e)) {
                found.push(path);
            }
        }
    }
    found.sort_unstable();
    found
}
