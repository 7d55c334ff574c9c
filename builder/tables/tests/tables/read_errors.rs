//! Each way a file can be refused, with the smallest content that causes it.

use std::io::Write;

use flate2::write::GzEncoder;
use kenal_tables::read::{Batch, ReadError, Reader};

use crate::support::{Dir, read};

fn check(name: &str, bytes: &[u8], expected: &str) {
    let dir = Dir::new();
    let path = dir.file(name, bytes);
    let error = read(&path).err().unwrap_or_else(|| panic!("{name}: read without an error")).to_string();
    let said = error.strip_prefix(&format!("{}: ", path.display())).expect("the file is named");
    assert_eq!(said, expected, "{name}");
}

fn packed() -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(b"a,b\n").expect("packed");
    for i in 0..100_000 {
        writeln!(encoder, "{i},{}", i * 7919 % 65_537).expect("packed");
    }
    encoder.finish().expect("packed")
}

#[test]
fn refusals() {
    for (name, bytes, expected) in [
        ("t.csv", &b""[..], "empty: there is no header in it"),
        ("t.csv", b"\n\r\n  \n", "empty: there is no header in it"),
        ("t.csv", b",,\n1,2,3\n", "line 1 is no header: it names no column"),
        ("t.csv", b"a,b,a\n", "columns 1 and 3 are both named `a`; rename one"),
        ("t.csv", b"a, a \n", "columns 1 and 2 are both named `a`; rename one"),
        ("t.csv", b"\"a,b\n1,2\n", "line 1 is no header: a quote in it is not closed, or not doubled"),
        ("t.csv", b"a\xe9,b\n", "line 1 is no header: it is not UTF-8; save the file as UTF-8"),
        ("t.csv", b"\xff\xfea\0,\0", "line 1 is no header: the file is UTF-16; save it as UTF-8"),
        ("t.csv", b"a\0,b\n", "line 1 is no header: it holds zero bytes; save the file as UTF-8 text"),
        ("t.csv", b"a,b\r1,2\r", "line 1 is no header: lines end in CR alone; save the file with LF or CRLF"),
        ("t.xlsx", b"", ".csv, .tsv, .psv or .txt (each also with .gz) or .parquet expected, by its name"),
        ("t", b"", ".csv, .tsv, .psv or .txt (each also with .gz) or .parquet expected, by its name"),
        ("t.parquet", b"", "empty: there is no header in it"),
    ] {
        check(name, bytes, expected);
    }
}

#[test]
fn a_missing_file_and_a_folder_are_told_apart() {
    let dir = Dir::new();
    assert!(matches!(Reader::open(&dir.path("no.csv")), Err(ReadError::Missing { .. })));
    std::fs::create_dir(dir.path("folder.csv")).expect("a folder");
    assert!(matches!(Reader::open(&dir.path("folder.csv")), Err(ReadError::Folder { .. })));
}

/// Rows before the break are handed over, then the break is told.
#[test]
fn broken_gzip() {
    let whole = packed();
    let dir = Dir::new();
    let path = dir.file("t.csv.gz", &whole[..whole.len() / 2]);
    let (mut reader, mut batch) = (Reader::open(&path).expect("a header"), Batch::new());
    let error = loop {
        match reader.next_batch(&mut batch) {
            Ok(more) => assert!(more, "the end is told as if the file were whole"),
            Err(error) => break error,
        }
    };
    let ReadError::GzipTruncated { line, .. } = error else { panic!("{error}") };
    assert_eq!(line, reader.counts().read + 1);
    assert!(line > 40_000, "{line}");

    let mut damaged = whole;
    let end = damaged.len();
    damaged[end - 6] ^= 1; // within the checksum
    assert!(matches!(read(&dir.file("d.csv.gz", &damaged)), Err(ReadError::GzipDamaged { .. })));
    check("t.csv.gz", &damaged[..3], "the gzip stream is cut short after line 0; fetch the file again");
}

#[test]
fn broken_parquet() {
    let dir = Dir::new();
    for bytes in [&b"PAR1"[..], b"not parquet at all", b"PAR1xxxxxxxxxxxxxxxxPAR1"] {
        let error = read(&dir.file("t.parquet", bytes)).err().expect("refused");
        assert!(matches!(error, ReadError::Parquet { .. }), "{error}");
    }
}
