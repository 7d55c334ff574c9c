//! `kenal experiment` on files: people are assigned, one arm is given an effect, and the analysis finds it.

mod support;

use serde_json::Value;
use support::{Dice, Folder, said, text};

/// Everybody's arm, as the program gives it.
fn assigned(folder: &Folder, people: usize, more: &[&str]) -> Vec<(String, String)> {
    let ids: String = (0..people).map(|n| format!("p{n}\n")).collect();
    let ids = folder.put("ids.csv", format!("person\n{ids}"));
    let (out, _) =
        said(&[&["experiment", "assign", "--experiment", "carousel", "--ids", text(&ids)], more].concat(), true);
    out.lines().skip(1).filter_map(|l| l.split_once(',')).map(|(p, a)| (p.to_owned(), a.to_owned())).collect()
}

/// Exposures and orders in which the treated pay a tenth more; every eleventh has not agreed.
fn files(folder: &Folder, people: &[(String, String)]) -> [String; 2] {
    let mut dice = Dice(7);
    let (mut exposures, mut orders) = ("person,arm,time,market\n".to_owned(), "person,time,amount,order\n".to_owned());
    for (n, (person, arm)) in people.iter().enumerate() {
        let agreed = n % 11 > 0;
        let market = ["SG", "MY", "TH"][n % 3];
        exposures += &format!("{person},{},2026-03-01T00:00:00Z,{market}\n", if agreed { arm } else { "" });
        let habit = 20.0 + 30.0 * dice.share() + 20.0 * (n % 3) as f64;
        let effect = if agreed && arm == "treatment" { 1.1 } else { 1.0 };
        for (month, day, share, factor) in [(2, 20, 0.3, 1.0), (3, 5, 0.25, effect), (3, 9, 0.1, effect)] {
            if dice.share() < share {
                let amount = factor * habit * (0.9 + 0.2 * dice.share());
                orders += &format!("{person},2026-{month:02}-{day:02},{amount:.2},{person}-{month}-{day}\n");
            }
        }
    }
    let put = |name, content: String| text(&folder.put(name, content)).to_owned();
    [put("exposures.csv", exposures), put("orders.csv", orders)]
}

fn analysed(args: &[&str]) -> Value {
    let (out, _) = said(&[&["experiment", "analyse"], args, &["--json"]].concat(), true);
    serde_json::from_str(&out).expect("one JSON object")
}

#[test]
fn an_effect_is_found_and_nothing_else() {
    let folder = Folder::new();
    let people = assigned(&folder, 12_000, &[]);
    assert_eq!(people, assigned(&folder, 12_000, &[]), "the same arms every time");
    let [exposures, orders] = files(&folder, &people);
    let args = ["--exposures", &exposures, "--orders", &orders, "--window", "14"];
    // The window must end before the data does.
    let found = analysed(&[&args[..], &["--until", "2026-03-20"]].concat());
    assert_eq!(found["no_consent"], 1_091);
    assert_eq!(found["sample_ratio"]["alarm"], false, "{found}");
    let lift = |metric: usize, of: &str| found["results"][metric]["lifts"][0][of].clone();
    let between = |metric, truth: f64| {
        let ends = lift(metric, "interval");
        ends["low"].as_f64() < Some(truth) && Some(truth) < ends["high"].as_f64()
    };
    assert!(between(0, 0.0) && between(1, 0.1) && between(2, 0.1), "{found}");
    assert!(lift(2, "p_adjusted").as_f64() < Some(0.001) && lift(2, "always_valid_p").as_f64() < Some(0.05), "{found}");
    assert!(
        lift(2, "variance_cut").as_f64() > Some(0.1),
        "what people spent before foretells what they spend: {found}"
    );
    let (table, _) = said(&[&["experiment", "analyse"], &args[..], &["--until", "2026-03-20"]].concat(), true);
    for wanted in ["no consent, on no arm", "1,091", "as meant", "always valid", "average order value"] {
        assert!(table.contains(wanted), "{wanted:?} is not in:\n{table}");
    }
}

#[test]
fn a_plan_is_followed_and_a_lost_arm_is_noticed() {
    let folder = Folder::new();
    let people = assigned(&folder, 4_000, &[]);
    let [exposures, orders] = files(&folder, &people);
    let plan =
        folder.put("plan.toml", "name = \"carousel\"\ncap_percentile = 99\n[arms]\ncontrol = 9\ntreatment = 1\n");
    let args = ["--exposures", &exposures, "--orders", &orders, "--config", text(&plan)];
    let (out, _) = said(&[&["experiment", "analyse"], &args[..]].concat(), true);
    assert!(out.contains("ALARM") && out.contains("--explained") && !out.contains("revenue per"), "{out}");
    let shown = analysed(&[&args[..], &["--explained", "the plan was for another test"]].concat());
    assert_eq!(shown["results"].as_array().map(Vec::len), Some(3));
    assert!(shown["cap"]["orders"].as_u64() > Some(0));
    let few = assigned(&folder, 4_000, &["--config", text(&plan)]);
    let treated = few.iter().filter(|(_, arm)| arm == "treatment").count();
    assert!((320..480).contains(&treated), "{treated}");
    let tenth = assigned(&folder, 4_000, &["--coverage", "0.1", "--holdout", "0.05"]);
    let count = |of: &str| tenth.iter().filter(|(_, arm)| arm == of).count();
    assert!((140..260).contains(&count("holdout")) && (300..480).contains(&(count("control") + count("treatment"))));
    // Who takes part keeps the arm that everybody's assignment gives.
    assert!(tenth.iter().zip(&people).all(|(some, all)| ["", "holdout"].contains(&some.1.as_str()) || some == all));
}

#[test]
fn mistakes_are_named() {
    let folder = Folder::new();
    let exposures = folder.put("exposures.csv", "person,arm,time\na,control,2026-03-01\nb,kenal,2026-03-01\n");
    let orders = folder.put("orders.csv", "person,time,amount\na,2026-03-02,10\n");
    let args = ["experiment", "analyse", "--exposures", text(&exposures), "--orders"];
    let err = |more: &[&str]| said(&[&args[..], more].concat(), false).1;
    assert!(err(&[text(&orders)]).contains("fewer than two people"));
    assert!(err(&[text(&orders), "--control", "nobody"]).contains("`nobody`"));
    assert!(err(&[text(&orders), "--shares", "control"]).contains("ARM=SHARE"));
    assert!(err(&[text(&orders), "--until", "soon"]).contains("--until"));
    assert!(err(&[text(&exposures)]).contains("amount"));
    assert!(err(&["/nowhere.csv"]).contains("nowhere"));
    let (out, _) = said(&["experiment", "power", "--conversion", "0.05", "--lift", "0.1"], true);
    assert!(out.contains("65,668 people"), "{out}");
    said(&["experiment", "power", "--conversion", "1.05", "--lift", "0.1"], false);
}
