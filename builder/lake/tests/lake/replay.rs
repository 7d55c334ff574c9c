//! Reading the same files again changes nothing; reading more adds what is new.

use kenal_lake::{FileStatus, LakeError};
use kenal_types::{Entity, System, Timestamp};

use crate::sample::*;

#[test]
fn the_same_files_change_no_table() {
    let dir = tempfile::tempdir().expect("a folder");
    let lake = open(dir.path());
    ingest(&lake, System::Shopify, &everything()).expect("ingest");
    let before = versions(&lake);
    assert_eq!(ingest(&lake, System::Shopify, &everything()).expect("ingest"), None);
    drop(lake);
    let lake = open(dir.path());
    assert_eq!(ingest(&lake, System::Shopify, &everything()).expect("ingest"), None);
    assert_eq!(versions(&lake), before);
}

#[test]
fn content_counts_and_names_do_not() {
    let dir = tempfile::tempdir().expect("a folder");
    let lake = open(dir.path());
    let row = |key| vec![vec![Entity::Customer(customer(key, 1).into())]];
    let first = [Export::new("1.jsonl", "one", row("shopify:1")), Export::new("2.jsonl", "one", row("shopify:1"))];
    let counts = ingest(&lake, System::Shopify, &first).expect("ingest").expect("something new");
    assert_eq!((counts.files, counts.accepted), (1, 1), "the second file is the first one again");

    let next = [
        Export::new("renamed.jsonl", "one", row("shopify:1")),
        Export::new("1.jsonl", "one and more", row("shopify:2")),
    ];
    let counts = ingest(&lake, System::Shopify, &next).expect("ingest").expect("something new");
    assert_eq!((counts.ingest, counts.files, counts.accepted), (2, 1, 1));
    assert_eq!(lake.customers().expect("rows").len(), 2);
    // Another system may export the same bytes.
    let counts = ingest(&lake, System::Zendesk, &[Export::new("1.jsonl", "one", vec![vec![]])]).expect("ingest");
    assert_eq!(counts.map(|c| c.ingest), Some(1));
}

#[test]
fn a_quarantined_file_is_wanted_until_it_is_whole() {
    let dir = tempfile::tempdir().expect("a folder");
    let lake = open(dir.path());
    let file = Export::new("1.jsonl", "one", vec![]);
    let quarantine = || {
        let mut ingest = lake.begin_ingest(System::Shopify, &[file.stamp()], NOW).expect("begun").expect("wanted");
        assert!(ingest.wants(&file.stamp()));
        ingest.file_done(file.outcome(FileStatus::Quarantined)).expect("noted");
        ingest.commit().expect("committed")
    };
    assert_eq!(quarantine().files, 1);
    let before = versions(&lake);
    assert_eq!(quarantine().files, 0, "nothing new to record");
    assert_eq!(versions(&lake), before);
    assert_eq!(lake.watermarks().expect("watermarks"), []);

    let whole = Export::new("1.jsonl", "one", vec![vec![Entity::Customer(customer("shopify:1", 1).into())]]);
    let counts = ingest(&lake, System::Shopify, &[whole]).expect("ingest").expect("something new");
    assert_eq!(counts.accepted, 1);
    assert_eq!(lake.watermarks().expect("watermarks").len(), 1);

    // What was read stays read, also when the file beside it now says that it is damaged.
    let next = Export::new("2.jsonl", "two", vec![]);
    let stamps = [file.stamp(), next.stamp()];
    let mut both = lake.begin_ingest(System::Shopify, &stamps, NOW).expect("begun").expect("the second is new");
    assert!(!both.wants(&file.stamp()));
    both.file_done(file.outcome(FileStatus::Quarantined)).expect("not recorded");
    both.file_done(next.outcome(FileStatus::Accepted)).expect("noted");
    assert_eq!(both.commit().expect("committed").files, 1);
}

#[test]
fn a_partial_file_does_not_move_the_watermark() {
    let dir = tempfile::tempdir().expect("a folder");
    let lake = open(dir.path());
    let (whole, cut) = (Export::new("1.jsonl", "one", vec![]), Export::new("2.jsonl", "two", vec![]));
    let stamps = [whole.stamp(), cut.stamp()];
    let mut ingest = lake.begin_ingest(System::Shopify, &stamps, NOW).expect("begun").expect("wanted");
    ingest.file_done(whole.outcome(FileStatus::Accepted)).expect("noted");
    let mut later = cut.outcome(FileStatus::Partial);
    later.watermark = Some(NOW);
    ingest.file_done(later).expect("noted");
    ingest.commit().expect("committed");
    let found = lake.watermarks().expect("watermarks");
    let found: Vec<(System, &str, Option<Timestamp>)> =
        found.iter().map(|w| (w.system, w.kind.as_str(), w.watermark)).collect();
    assert_eq!(found, [(System::Shopify, "rows", Some(NOW.plus_days(-1)))]);
}

#[test]
fn a_report_that_does_not_fit_the_rows_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let lake = open(dir.path());
    let file = Export::new("1.jsonl", "one", vec![vec![]]);
    let origin = kenal_types::Origin { file: "1.jsonl".into(), line: 1 };
    let begin = || lake.begin_ingest(System::Shopify, &[file.stamp()], NOW).expect("begun").expect("wanted");

    let mut miscounted = begin();
    let refused = miscounted.file_done(file.outcome(FileStatus::Accepted));
    assert!(matches!(refused, Err(LakeError::Counts { .. })), "{refused:?}");
    drop(miscounted);

    let mut unfinished = begin();
    unfinished.accept(&origin, b"", vec![]).expect("kept");
    assert!(matches!(unfinished.commit(), Err(LakeError::Unfinished { .. })));

    let mut surprised = begin();
    let other = kenal_types::Origin { file: "2.jsonl".into(), line: 1 };
    assert!(matches!(surprised.accept(&other, b"", vec![]), Err(LakeError::UnknownFile { .. })));
    drop(surprised);
    assert!(versions(&lake).values().all(|&(version, rows)| (version, rows) == (0, 0)));
}

#[test]
fn one_writer_per_system() {
    let dir = tempfile::tempdir().expect("a folder");
    let (lake, other) = (open(dir.path()), open(dir.path()));
    let stamps = [stamp("1.jsonl", "one")];
    let held = lake.begin_ingest(System::Shopify, &stamps, NOW).expect("begun").expect("wanted");
    let refused = other.begin_ingest(System::Shopify, &stamps, NOW);
    assert!(matches!(refused, Err(LakeError::Busy { system: "shopify", .. })), "{refused:?}");
    assert!(other.begin_ingest(System::App, &stamps, NOW).expect("another system").is_some());
    drop(held);
    assert!(other.begin_ingest(System::Shopify, &stamps, NOW).expect("free now").is_some());
}

#[test]
fn systems_may_be_ingested_side_by_side() {
    let dir = tempfile::tempdir().expect("a folder");
    let lake = open(dir.path());
    std::thread::scope(|scope| {
        for system in System::ALL {
            let lake = &lake;
            scope.spawn(move || {
                for round in ["one", "two", "three"] {
                    let key = format!("{system}:{round}");
                    let lines = vec![vec![Entity::Customer(customer(&key, 1).into())]];
                    ingest(lake, system, &[Export::new("1", round, lines)]).expect("ingest").expect("new");
                }
            });
        }
    });
    assert_eq!(lake.customers().expect("rows").len(), 15);
    assert_eq!(versions(&lake)["silver_customers"], (15, 15));
}
