//! From a company to a campaign and a model card: everybody scored is counted once, nobody is contacted who does not let
//! it be done, and what comes out can be measured.

mod support;

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::Value;
use support::{said, text};
use tempfile::TempDir;

struct Company(TempDir);

impl Company {
    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

fn company() -> &'static Company {
    static COMPANY: OnceLock<Company> = OnceLock::new();
    COMPANY.get_or_init(|| {
        let company = Company(tempfile::tempdir().expect("a folder"));
        let (from, lake, out) = (company.at("company"), company.at("lake"), company.at("bundle"));
        let purchases = concat!(env!("CARGO_MANIFEST_DIR"), "/world/data/online_retail_excerpt.csv.gz");
        said(&["world", "--people", "700", "--purchases", purchases, "--out", text(&from)], true);
        // Published anyway: whether few hundred people prove that the model is better is not what is tested here.
        said(&["build", "--publish-anyway", "--from", text(&from), "--lake", text(&lake), "--out", text(&out)], true);
        company
    })
}

const ID: &str = "701xx0000000001";

fn campaign(out: &Path, more: &[&str], success: bool) -> (String, String) {
    let lake = company().at("lake");
    let args =
        ["churn", "campaign", "--lake", text(&lake), "--channel", "email", "--campaign-id", ID, "--out", text(out)];
    said(&[&args[..], more].concat(), success)
}

fn summary(out: &Path) -> Value {
    serde_json::from_slice(&fs::read(out.join("summary.json")).expect("a summary")).expect("JSON")
}

/// The first column of a table but for its head, without quotes.
fn column(path: &Path, name: &str) -> Vec<String> {
    let text = fs::read_to_string(path).expect("a table");
    let cells = |line: &str| line.split(',').map(|c| c.trim_matches('"').to_owned()).collect::<Vec<_>>();
    let mut lines = text.lines().map(cells);
    let at = lines.next().expect("a head").iter().position(|c| c == name).expect("the column");
    lines.map(|l| l[at].clone()).collect()
}

#[test]
fn everybody_scored_is_counted_once_and_only_who_agrees_is_contacted() {
    let out = company().at("week-1");
    let (told, _) = campaign(&out, &["--budget", "40", "--holdout", "0.2"], true);
    let found = summary(&out);
    let count = |name: &str| found["counts"][name].as_u64().expect("a count");
    let parts = ["exported", "held_out", "do_not_contact", "no_consent", "no_record_in_the_CRM", "under_the_threshold"];
    assert_eq!(parts.map(count).iter().sum::<u64>(), count("scored"), "{found}");
    assert!(count("exported") == 40 && count("held_out") > 0 && count("no_consent") > 0, "{told}");
    let contacts = column(&out.join("contacts-0001.csv"), "ContactId");
    let held = column(&out.join("holdout.csv"), "contact_id");
    assert_eq!((contacts.len() as u64, held.len() as u64), (count("exported"), count("held_out")));
    let all: HashSet<&String> = contacts.iter().chain(&held).collect();
    assert_eq!(all.len(), contacts.len() + held.len(), "nobody is in two places");
    assert!(contacts.iter().all(|id| id.starts_with("003") && id.len() == 18), "{contacts:?}");
    // The ledger's own rulings, asked by SQL, permit each of those contacted to be sent advertising by email.
    let lake = company().at("lake");
    let query = format!(
        "SELECT COUNT(*) AS n FROM gold_identity_assignments a JOIN gold_consent_rulings r ON a.person = r.person \
         WHERE a.record IN ({}) AND r.eligible NOT LIKE '%market/email%'",
        contacts.iter().map(|id| format!("'salesforce:{id}'")).collect::<Vec<_>>().join(",")
    );
    let (rows, _) = said(&["show", "sql", &query, "--lake", text(&lake)], true);
    assert!(rows.lines().any(|l| l.trim() == "| 0 |"), "{query}\n{rows}");
    let people = column(&out.join("exposures.csv"), "person");
    assert_eq!(people.len(), contacts.len() + held.len());
    assert!(campaign(&out, &["--budget", "40"], false).1.contains("holds a campaign already"));
}

#[test]
fn a_list_and_the_holdout_are_kept_to() {
    let (first, second) = (company().at("week-2"), company().at("week-3"));
    campaign(&first, &["--budget", "30", "--holdout", "0.3"], true);
    let contacts = column(&first.join("contacts-0001.csv"), "ContactId");
    let list = company().at("do-not-contact.csv");
    fs::write(&list, format!("Id\n{}\n{}\n", contacts[0], &contacts[1][..15])).expect("written");
    campaign(&second, &["--budget", "30", "--holdout", "0.3", "--do-not-contact", text(&list)], true);
    let later = column(&second.join("contacts-0001.csv"), "ContactId");
    assert!(!later.contains(&contacts[0]) && !later.contains(&contacts[1]), "{later:?}");
    assert_eq!(later.len(), 30, "others take their places");
    let (held, still) = (column(&first.join("holdout.csv"), "person"), column(&second.join("holdout.csv"), "person"));
    assert!(held.iter().all(|p| still.contains(p)), "who is held out stays held out");
    let nowhere = company().at("nowhere");
    for (more, wanted) in [
        (&["--holdout", "2"][..], "--holdout"),
        (&["--campaign-id", "003xx0000000001"], "701"),
        (&["--do-not-contact", "/nowhere.csv"], "nowhere"),
    ] {
        let args = [&["--budget", "9"], more].concat();
        let lake = company().at("lake");
        let mut all = vec!["churn", "campaign", "--lake", text(&lake), "--channel", "email", "--out", text(&nowhere)];
        if !more.contains(&"--campaign-id") {
            all.extend(["--campaign-id", ID]);
        }
        let (_, err) = said(&[&all[..], &args[..]].concat(), false);
        assert!(err.contains(wanted), "{err}");
    }
    assert!(!nowhere.exists());
}

#[test]
fn the_effect_of_a_campaign_can_be_measured() {
    let out = company().at("week-4");
    // As if the campaign had gone out half a year before the end of the data; consent is as it was then.
    let (told, _) = campaign(&out, &["--budget", "100", "--holdout", "0.5"], true);
    assert!(told.contains("kenal experiment analyse"), "{told}");
    let exposures = fs::read_to_string(out.join("exposures.csv")).expect("exposures");
    let moved: Vec<String> = exposures
        .lines()
        .map(|line| {
            let mut cells: Vec<&str> = line.split(',').collect();
            if cells[2] != "time" {
                cells[2] = "2025-06-01T00:00:00Z";
            }
            cells.join(",")
        })
        .collect();
    let moved_file = company().at("exposures-then.csv");
    fs::write(&moved_file, moved.join("\n") + "\n").expect("written");
    let lake = company().at("lake");
    let (json, _) = said(
        &[
            "experiment",
            "analyse",
            "--exposures",
            text(&moved_file),
            "--lake",
            text(&lake),
            "--shares",
            "contacted=0.5",
            "holdout=0.5",
            "--json",
        ],
        true,
    );
    let found: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(found["control"], "holdout");
    let orders: u64 = found["arms"].as_array().expect("arms").iter().filter_map(|a| a["orders"].as_u64()).sum();
    assert!(orders > 0, "{found}");
}

#[test]
fn a_training_writes_a_card_that_the_bundle_names() {
    let (lake, bundle) = (company().at("lake"), company().at("bundle"));
    let page = fs::read_to_string(lake.join("reports/model-card.html")).expect("a page");
    for wanted in ["recall@20", "trending", "<svg", "Calibration", "Coverage", "by market"] {
        assert!(page.contains(wanted), "{wanted}");
    }
    assert!(!page.contains("http") && !page.contains("NaN"), "the page needs nothing else");
    let (told, _) = said(&["bundle", "inspect", "--verify", text(&bundle)], true);
    assert!(told.contains("model card as signed"), "{told}");
    let (told, _) = said(&["model", "compare", text(&lake), text(&bundle)], true);
    assert!(told.contains("no difference can be shown") && told.contains("on the same cases"), "{told}");
    let (json, _) = said(&["model", "compare", text(&lake), text(&bundle), "--json"], true);
    let found: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!((&found["verdict"], &found["paired"]), (&"no_difference_shown".into(), &true.into()));
    let other = company().at("changed");
    fs::create_dir_all(&other).expect("made");
    let card = fs::read_to_string(bundle.join("model-card.json")).expect("a card");
    fs::write(other.join("model-card.json"), card.replace("\"format\":1", "\"format\":9")).expect("written");
    assert!(said(&["model", "compare", text(&lake), text(&other)], false).1.contains("format 9"));
    assert!(said(&["model", "compare", text(&lake), "/nowhere"], false).1.contains("nowhere"));
}
