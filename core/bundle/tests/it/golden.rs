//! The bytes of every released set of formats: the reader reads them all, the writer writes the newest. Set 2 has boosts
//! of items, ties of a history, and the blend; in set 3 each row is under its visitor's seal; in set 4 the
//! first items' factors are finer than the others'.
//!
//! The answers hold every bit of a score, so they are written anew when scores are made otherwise (last: a finer visitor
//! vector, which changed digits and no list); the bytes never are.

use std::fs;
use std::path::Path;

use kenal_bundle::File;

use crate::sample;

/// The files of a fixture but for `answers.txt`, sorted by name.
fn fixture(version: &str) -> (Vec<File>, String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(version);
    let mut files = Vec::new();
    for (folder, prefix) in [(folder.clone(), ""), (folder.join("sections"), "sections/")] {
        for entry in fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path = entry.expect("an entry").path();
            let name = path.file_name().and_then(|n| n.to_str()).expect("a plain name");
            if path.is_file() && name != "answers.txt" {
                files.push(File { name: format!("{prefix}{name}"), bytes: fs::read(&path).expect("readable") });
            }
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    (files, fs::read_to_string(folder.join("answers.txt")).expect("the answers"))
}

#[test]
fn version_1_is_read_and_ranked_as_ever() {
    let (files, answers) = fixture("v1");
    assert_eq!(sample::answers(&files), answers);
}

#[test]
fn version_2_is_read_and_ranked_as_ever() {
    let (files, answers) = fixture("v2");
    assert_eq!(sample::answers(&files), answers);
}

#[test]
fn version_3_is_read_and_ranked_as_ever() {
    let (files, answers) = fixture("v3");
    assert_eq!(sample::answers(&files), answers);
}

#[test]
fn version_4_is_read_and_ranked_as_ever() {
    let (files, answers) = fixture("v4");
    assert_eq!(sample::answers(&files), answers);
}

#[test]
fn the_writer_writes_version_4() {
    let (files, _) = fixture("v4");
    let written = sample::build();
    let names = |files: &[File]| files.iter().map(|f| f.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&written), names(&files));
    for (new, old) in written.iter().zip(&files) {
        assert_eq!(new.bytes, old.bytes, "{}", new.name);
    }
}
