//! CSV: how it is recognised, what its rows are, and what is rejected.

use std::io::Write;

use flate2::write::GzEncoder;
use kenal_tables::read::{Format, RejectReason};
use proptest::prelude::*;

use crate::support::{Dir, read, shown};

/// Rows as shown, then rejected rows as `line! raw`.
fn check(name: &str, bytes: &[u8], expected: &[&str]) {
    let dir = Dir::new();
    let read = read(&dir.file(name, bytes)).expect("a table");
    let mut seen = shown(&read);
    seen.extend(read.rejected.iter().map(|r| format!("{}! {}", r.line, String::from_utf8_lossy(&r.raw))));
    seen.insert(0, read.reader.columns().join("|"));
    assert_eq!(seen, expected, "{}", String::from_utf8_lossy(bytes));
}

#[test]
fn rows() {
    for (text, expected) in [
        ("a,b\n1,2\n3,\n", vec!["a|b", "2: 1|2", "3: 3|"]),
        ("\u{feff}a,b\r\n1,2\r\n", vec!["a|b", "2: 1|2"]),
        ("rec_id, given_name\n r1 ,  ana \n", vec!["rec_id|given_name", "2: r1|ana"]),
        ("a,b\n1,2", vec!["a|b", "2: 1|2"]),
        ("\n\na,b\n\n1,2\n\n", vec!["a|b", "5: 1|2"]),
        ("a,b\n\"x\ny\",\"say \"\"hi\"\", do\"\n3,4\n", vec!["a|b", "2: x\ny|say \"hi\", do", "4: 3|4"]),
        ("\"a\nb\",c\n1,2\n", vec!["a\nb|c", "3: 1|2"]),
        ("a, b\n1, \"x, y\" \n", vec!["a|b", "2: 1|x, y"]),
        ("a,b\n5\" pipe,2\n", vec!["a|b", "2: 5\" pipe|2"]),
        (",b,\n1,2,3\n", vec!["column_1|b|column_3", "2: 1|2|3"]),
        ("a\n\u{a0}é\u{3000}\n\"\"\n", vec!["a", "2: é", "3: "]),
        ("a;b\n1,5;2\n", vec!["a|b", "2: 1,5|2"]),
        ("a|b,c|d\n1|2|3\n", vec!["a|b,c|d", "2: 1|2|3"]),
        ("\"a;b;c\",d\n1,2\n", vec!["a;b;c|d", "2: 1|2"]),
        ("a\tb\n1\t\n\t2\n", vec!["a|b", "2: 1|", "3: |2"]),
        ("sep=;\na,b;c\n1;2\n", vec!["a,b|c", "3: 1|2"]),
        ("a,b\n", vec!["a|b"]),
        ("a,b", vec!["a|b"]),
        // Rejected alone, with their lines; what follows is read.
        ("a,b\n1\n1,2,3\n4,5\n", vec!["a|b", "4: 4|5", "2! 1", "3! 1,2,3"]),
        ("a,b\n\"x\"y,2\n3,4\n", vec!["a|b", "3: 3|4", "2! \"x\"y,2"]),
        ("a,b\n\"x,2\n3,4\n5,6", vec!["a|b", "3: 3|4", "4: 5|6", "2! \"x,2"]),
        ("a,b\n\"x\",\"y\",3\r\n3,4\n", vec!["a|b", "3: 3|4", "2! \"x\",\"y\",3"]),
    ] {
        check("t.csv", text.as_bytes(), &expected);
    }
    check("t.csv", b"a,b\nx\xff,1\n\"y\xfe\",2\n3,4\n", &["a|b", "4: 3|4", "2! x\u{fffd},1", "3! \"y\u{fffd}\",2"]);
}

#[test]
fn delimiters_are_said() {
    for (text, delimiter, said) in [
        ("a,b\n", ',', "CSV, delimiter comma"),
        ("a;b\n", ';', "CSV, delimiter semicolon"),
        ("a\tb\n", '\t', "CSV, delimiter tab"),
        ("a|b\n", '|', "CSV, delimiter bar"),
        ("a\n", ',', "CSV, delimiter comma"),
    ] {
        let dir = Dir::new();
        let format = read(&dir.file("t.txt", text.as_bytes())).expect("a table").reader.format();
        assert_eq!(format, Format::Csv { delimiter, packed: false });
        assert_eq!(format.to_string(), said);
    }
}

#[test]
fn gzip_is_unpacked_whatever_the_name() {
    let mut packed = Vec::new();
    for part in ["a,b\n1,", "2\n3,4\n"] {
        // Two members, as programs that append write them.
        let mut encoder = GzEncoder::new(&mut packed, flate2::Compression::default());
        encoder.write_all(part.as_bytes()).expect("packed");
        encoder.finish().expect("packed");
    }
    for name in ["t.csv.gz", "t.csv", "T.TSV.GZ"] {
        check(name, &packed, &["a|b", "2: 1|2", "3: 3|4"]);
    }
    check("t.csv.gz", b"a,b\n1,2\n", &["a|b", "2: 1|2"]);
}

#[test]
fn rejected_rows_keep_a_bounded_part_of_their_bytes() {
    let dir = Dir::new();
    let long = "x".repeat(3 << 20);
    let wide = ",".repeat(100_000);
    let path = dir.file("t.csv", format!("a,b\n{long}\n1,2\n{wide}\n3,4\n{long}").as_bytes());
    let read = read(&path).expect("a table");
    assert_eq!(shown(&read), ["3: 1|2", "5: 3|4"]);
    let seen: Vec<_> = read.rejected.iter().map(|r| (r.line, r.reason, r.raw.len(), r.raw_bytes)).collect();
    let fields = RejectReason::Fields { found: 100_001, expected: 2 };
    let kept = 64 << 10;
    assert_eq!(
        seen,
        [
            (2, RejectReason::TooLong, kept, 3 << 20),
            (4, fields, kept, 100_000),
            (6, RejectReason::TooLong, kept, 3 << 20)
        ]
    );
}

#[test]
fn a_quote_that_never_closes_costs_one_line() {
    let dir = Dir::new();
    let mut text = "a,b\n\"open,1\n".to_owned();
    (0..200_000).for_each(|i| text.push_str(&format!("{i},{i}\n")));
    let read = read(&dir.file("t.csv", text.as_bytes())).expect("a table");
    assert_eq!((read.rows.len(), read.rejected.len()), (200_000, 1));
    assert_eq!(read.rejected[0].reason, RejectReason::QuoteOpen);
    assert_eq!(read.rows[199_999].0, 200_002);
}

fn table() -> impl Strategy<Value = (char, Vec<Vec<String>>)> {
    let value = "[a-z0-9 ,;|\t\"'\r\né漢\u{1f600}.-]{0,12}";
    let delimiter = prop_oneof![Just(','), Just(';'), Just('\t'), Just('|')];
    (delimiter, 2..5_usize).prop_flat_map(move |(delimiter, width)| {
        (Just(delimiter), proptest::collection::vec(proptest::collection::vec(value, width), 0..40))
    })
}

proptest! {
    /// What the `csv` crate writes is read again, each value trimmed.
    #[test]
    fn reading_undoes_writing((delimiter, rows) in table(), crlf in any::<bool>(), always in any::<bool>()) {
        let mut writer = csv::WriterBuilder::new()
            .delimiter(delimiter as u8)
            .quote_style(if always { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary })
            .terminator(if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') })
            .from_writer(Vec::new());
        let width = rows.first().map_or(2, Vec::len);
        writer.write_record((0..width).map(|i| format!("column {i}"))).expect("memory does not fail");
        for row in &rows {
            writer.write_record(row).expect("memory does not fail");
        }
        let dir = Dir::new();
        let read = read(&dir.file("t.csv", &writer.into_inner().expect("memory does not fail"))).expect("a table");
        prop_assert_eq!(read.rejected, vec![]);
        let expected: Vec<Vec<Option<String>>> = rows
            .iter()
            .map(|row| row.iter().map(|v| Some(v.trim().to_owned()).filter(|v| !v.is_empty())).collect())
            .collect();
        prop_assert_eq!(read.rows.into_iter().map(|(_, row)| row).collect::<Vec<_>>(), expected);
    }

    /// Any bytes end, and no line is told twice.
    #[test]
    fn any_bytes_are_read(bytes in proptest::collection::vec(
        prop_oneof![Just(b'"'), Just(b'\n'), Just(b','), Just(b'a'), any::<u8>()], 0..400)) {
        let dir = Dir::new();
        let mut text = b"a,b\n".to_vec();
        text.extend_from_slice(&bytes);
        let read = read(&dir.file("t.csv", &text)).expect("a table");
        let mut lines: Vec<u64> = read.rows.iter().map(|(l, _)| *l).chain(read.rejected.iter().map(|r| r.line)).collect();
        lines.sort_unstable();
        prop_assert!(lines.windows(2).all(|w| w[0] < w[1]));
    }
}
