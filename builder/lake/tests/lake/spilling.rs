//! What is larger than the memory that queries may hold: sorted and joined on disk, to the same result.

use std::path::Path;

use kenal_lake::{Columns, Fingerprint, Lake, LakeError, LakeOptions};
use serde::{Deserialize, Serialize};

/// Sorts keep 10 MB each aside for merging, and some for each part on disk, so it cannot be much less.
const MEMORY_BYTES: usize = 192 << 20;
/// Of 430 bytes each.
const ROWS: i64 = 500_000;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Row {
    name: Option<String>,
    number: i64,
    text: String,
}

/// Names that repeat, in no order; some are missing.
fn row(number: i64) -> Row {
    let scattered = number.wrapping_mul(0x9E37_79B9_7F4A_7C15_u64 as i64);
    let name = (scattered.rem_euclid(97) > 0).then(|| format!("n{}", scattered.rem_euclid(50_021)));
    Row { name, number: scattered, text: format!("{scattered:0>400}") }
}

fn columns() -> Columns {
    Columns::new().text("name").int("number").text("text")
}

fn open(folder: &Path) -> Lake {
    Lake::open_with(folder, LakeOptions { threads: 1, memory_bytes_max: MEMORY_BYTES }).expect("a lake")
}

#[test]
fn rows_beyond_memory_are_sorted() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = open(folder.path());
    let rows = (0..ROWS).map(|number| Ok::<_, LakeError>(row(number)));
    let sorted = lake.sorted(&columns(), &["name", "number"], rows).expect("begun");
    let mut last: Option<Row> = None;
    let (mut count, mut sum) = (0, 0_i64);
    for row in sorted {
        let row = row.expect("sorted");
        let key = |row: &Row| (row.name.clone(), row.number);
        assert!(last.as_ref().is_none_or(|last| key(last) <= key(&row)), "{last:?} before {row:?}");
        (count, sum) = (count + 1, sum.wrapping_add(row.number));
        last = Some(row);
    }
    assert_eq!((count, sum), (ROWS, (0..ROWS).fold(0, |sum: i64, n| sum.wrapping_add(row(n).number))));
}

#[test]
fn who_fails_to_make_a_row_is_told_and_nothing_waits() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = open(folder.path());
    let rows = (0..100_000).map(|n| if n == 90_000 { Err(LakeError::GoldName("bad".to_owned())) } else { Ok(row(n)) });
    let failed = lake.sorted(&columns(), &["number"], rows).err();
    assert!(matches!(failed, Some(LakeError::GoldName(_))), "{failed:?}");
    let none = lake.sorted(&columns(), &["number"], std::iter::empty::<Result<Row, LakeError>>()).expect("begun");
    assert_eq!(none.count(), 0);
    let unknown = lake.sorted(&columns(), &["nummer"], [Ok::<_, LakeError>(row(1))]);
    assert!(unknown.is_err(), "there is no such column");
}

#[test]
fn tables_beyond_memory_are_joined_where_both_are_merged() {
    #[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
    struct Joined {
        name: Option<String>,
        number: i64,
        found: Option<i64>,
    }
    let folder = tempfile::tempdir().expect("a folder");
    let lake = open(folder.path());
    let rows: Vec<Row> = (0..ROWS).map(row).collect();
    let print = Fingerprint::of("test").finish();
    let most: Vec<&Row> = rows.iter().filter(|row| row.number % 50 != 0).collect();
    lake.write_gold_as("left", &columns(), rows.iter(), &print).expect("written");
    lake.write_gold_as("right", &columns(), most, &print).expect("written");
    let join = "SELECT l.name, l.number, length(r.text) AS found FROM gold_left l LEFT JOIN gold_right r \
                ON l.number = r.number ORDER BY l.name NULLS FIRST, l.number";
    let joined = |row: Row| Joined { name: row.name, number: row.number, found: (row.number % 50 != 0).then_some(400) };
    let mut expected: Vec<Joined> = rows.into_iter().map(joined).collect();
    expected.sort();
    let merged = lake.sql_rows_merged::<Joined>(join).expect("begun");
    let got: Vec<Joined> = merged.collect::<Result<_, _>>().expect("merged");
    assert!(got == expected, "as in memory");
    let in_memory = lake.sql_rows::<Joined>(join).and_then(|mut rows| rows.try_for_each(|row| row.map(drop)));
    assert!(in_memory.is_err(), "one side does not fit, or this test would show nothing");
}
