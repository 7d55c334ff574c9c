//! Writes the golden bundle of the current format version: the explicit way to update the fixture.
//!
//! `cargo run -p kenal-bundle --example golden -- core/bundle/tests/fixtures/v4`
//!
//! The bytes of a released format version never change. Run this only while a version is not yet released, or into a
//! new folder for a new version.

use std::fs;
use std::path::Path;

#[allow(dead_code, reason = "shared with the tests, which use more of it")]
#[path = "../tests/it/sample.rs"]
mod sample;

fn main() -> std::io::Result<()> {
    let Some(folder) = std::env::args().nth(1) else {
        eprintln!("usage: golden FOLDER");
        std::process::exit(2);
    };
    let folder = Path::new(&folder);
    fs::create_dir_all(folder.join("sections"))?;
    let files = sample::build();
    for file in &files {
        fs::write(folder.join(&file.name), &file.bytes)?;
    }
    fs::write(folder.join("answers.txt"), sample::answers(&files))
}
