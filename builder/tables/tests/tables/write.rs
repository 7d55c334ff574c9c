//! Outputs: what is written is read again, and nothing half-written is left.

use std::path::Path;

use kenal_tables::write::{Cell, ClusterWriter, Column, Kind, Link, LinkWriter, TableWriter, WriteError};

use crate::support::{Dir, read, shown};

fn names(dir: &Path) -> Vec<String> {
    let entry = |e: std::io::Result<std::fs::DirEntry>| e.expect("an entry").file_name().to_string_lossy().into_owned();
    std::fs::read_dir(dir).expect("a folder").map(entry).collect()
}

#[test]
fn clusters_are_read_again() {
    for name in ["c.csv", "c.parquet", "C.PARQUET"] {
        for with_source in [false, true] {
            let dir = Dir::new();
            let path = dir.path(name);
            let mut writer = ClusterWriter::create(&path, with_source).expect("begun");
            for (id, cluster) in [("r,1", "a"), ("\"é\n", "a"), ("007", "b")] {
                writer.write("x.csv", id, cluster).expect("written");
            }
            assert_eq!(writer.finish().expect("whole"), 3);
            let read = read(&path).expect("a table");
            let names = read.reader.columns().join(",");
            assert_eq!(names, if with_source { "source,record_id,cluster_id" } else { "record_id,cluster_id" });
            let ids: Vec<_> = read.rows.iter().map(|(_, row)| row[row.len() - 2].clone().expect("an id")).collect();
            assert_eq!(ids, ["r,1", "\"é", "007"], "{name}");
        }
    }
}

#[test]
fn links_are_read_again() {
    for name in ["l.csv", "l.parquet"] {
        for (with_source, expected) in [(false, "1|2|0.25|review|a, b"), (true, "x|1|y|2|0.25|review|a, b")] {
            let dir = Dir::new();
            let mut writer = LinkWriter::create(&dir.path(name), with_source).expect("begun");
            let link = Link { a: ("x", "1"), b: ("y", "2"), probability: 0.25, decision: "review", evidence: "a, b" };
            writer.write(&link).expect("written");
            writer.finish().expect("whole");
            let rows = shown(&read(&dir.path(name)).expect("a table"));
            assert_eq!(rows[0].split_once(": ").expect("a line").1, expected);
        }
    }
}

#[test]
fn no_rows_are_a_header() {
    for name in ["c.csv", "c.parquet"] {
        let dir = Dir::new();
        assert_eq!(ClusterWriter::create(&dir.path(name), false).expect("begun").finish().expect("whole"), 0);
        let read = read(&dir.path(name)).expect("a table");
        assert_eq!((read.reader.columns().len(), read.rows.len()), (2, 0));
    }
}

#[test]
fn more_rows_than_are_encoded_at_once() {
    let dir = Dir::new();
    let mut writer = ClusterWriter::create(&dir.path("c.parquet"), false).expect("begun");
    (0..100_000).for_each(|i| writer.write("", &i.to_string(), "c").expect("written"));
    writer.finish().expect("whole");
    let read = read(&dir.path("c.parquet")).expect("a table");
    assert_eq!((read.rows.len(), read.rows[99_999].1[0].as_deref()), (100_000, Some("99999")));
}

#[test]
fn an_unfinished_file_leaves_the_old_one() {
    let dir = Dir::new();
    let path = dir.file("c.csv", b"old");
    let mut writer = ClusterWriter::create(&path, false).expect("begun");
    writer.write("", "1", "a").expect("written");
    assert_eq!(names(path.parent().expect("a folder")).len(), 2);
    drop(writer);
    assert_eq!(std::fs::read(&path).expect("the old file"), b"old");
    assert_eq!(names(path.parent().expect("a folder")), ["c.csv"]);
}

#[test]
fn refusals() {
    let dir = Dir::new();
    let error = ClusterWriter::create(&dir.path("c.xlsx"), false).expect_err("refused");
    assert!(error.to_string().ends_with("c.xlsx: the name must end in .parquet or .csv"), "{error}");
    let error = ClusterWriter::create(&dir.path("no/c.csv"), false).expect_err("refused");
    assert!(matches!(error, WriteError::Io { .. }));
    let columns = [Column { name: "n", kind: Kind::Integer }, Column { name: "x", kind: Kind::Number }];
    let mut writer = TableWriter::create(&dir.path("t.csv"), &columns).expect("begun");
    writer.write(&[Cell::Integer(1), Cell::None]).expect("fits");
    for row in [&[Cell::Integer(1)][..], &[Cell::Text("1"), Cell::None]] {
        assert!(matches!(writer.write(row), Err(WriteError::Row { .. })));
    }
}
