//! From files to an analysis: who counts, which orders count, and what is refused.

use std::path::PathBuf;

use kenal_experiment::moments::Value;
use kenal_experiment::people::join;
use kenal_experiment::read::DAY_US;
use kenal_experiment::{Analysis, ExperimentFileError, Exposures, Orders, Plan, Twice, analyse};
use tempfile::TempDir;

struct Files(TempDir);

impl Files {
    fn new() -> Files {
        Files(tempfile::tempdir().expect("a folder"))
    }

    fn put(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).expect("written");
        path
    }

    fn read(&self, exposures: &str, orders: &str) -> Result<(Exposures, Orders), ExperimentFileError> {
        let exposures = Exposures::read(&self.put("exposures.csv", exposures), None)?;
        let orders = Orders::read(&self.put("orders.csv", orders), &|p| exposures.people.get(p))?;
        Ok((exposures, orders))
    }
}

const EXPOSURES: &str = "person,arm,time,market\n\
    a,control,2026-03-10,SG\n\
    a,control,2026-03-20,SG\n\
    b,kenal,2026-03-10T12:00:00Z,MY\n\
    c,kenal,2026-03-11,\n\
    d,,2026-03-10,SG\n\
    e,excluded,2026-03-10,SG\n\
    f,control,2026-03-10,SG\n\
    f,kenal,2026-03-12,SG\n\
    g,kenal,2026-03-10,SG\n\
    g,none,2026-03-15,SG\n\
    h,control,2026-03-30,SG\n\
    i,control,never,SG\n";
const ORDERS: &str = "person,time,amount,order\n\
    a,2026-03-09,5,1\n\
    a,2026-03-10T09:00:00Z,10,2\n\
    a,2026-03-10T09:00:00Z,7,2\n\
    a,2026-03-12,-7,2\n\
    a,2026-03-10T09:00:00Z,10,2\n\
    b,2026-03-10T11:59:59Z,100,3\n\
    b,2026-03-10T12:00:00Z,20,4\n\
    b,2026-03-24,1000,5\n\
    c,2026-01-01,50,6\n\
    d,2026-03-11,1,7\n\
    f,2026-03-13,40,8\n\
    z,2026-04-01,9,9\n\
    z,2026-04-01,inf,9\n";

#[test]
fn who_and_what_counts() {
    let (exposures, orders) = Files::new().read(EXPOSURES, ORDERS).expect("read");
    assert_eq!((exposures.read, exposures.refused.count, exposures.refused.shown[0].0), (12, 1, 13));
    assert_eq!((orders.repeated, orders.refused.count, orders.others), (1, 1, 1));
    let plan = Plan { window_days: Some(10.0), ..Plan::default() };
    let joined = join(&exposures, &orders, &plan, Twice::Exclude, None);
    // d and e never agreed, g withdrew; f met both arms; the window of h is not over.
    assert_eq!((joined.no_consent, joined.twice, joined.unripe), (3, 1, 1));
    let values: Vec<_> = joined.people.iter().map(|p| p.values).collect();
    let a = [10.0, 1.0, 1.0, 5.0, 1.0, 1.0];
    let b = [20.0, 1.0, 1.0, 100.0, 1.0, 1.0];
    // The purchase of c is longer ago than is looked back.
    assert_eq!(values, [a, b, [0.0; 6]]);
    assert_eq!(joined.people.iter().map(|p| (p.arm, p.stratum)).collect::<Vec<_>>(), [(0, 0), (1, 1), (1, 2)]);
    let first = join(&exposures, &orders, &plan, Twice::First, None);
    assert_eq!(first.people.len(), 4, "f counts on the arm that they met first");
    assert_eq!((first.people[3].arm, first.people[3].values[Value::Revenue as usize]), (0, 40.0));
    // The half of three order values is cut to the second.
    let capped = join(&exposures, &orders, &Plan { cap_percentile: Some(50.0), ..plan }, Twice::First, None);
    let cap = capped.cap.expect("a cap");
    assert_eq!((cap.amount, cap.orders), (20.0, 1));
    assert!((cap.share_of_revenue - 20.0 / 77.0).abs() < 1e-12, "{cap:?}");
    assert_eq!(DAY_US, 86_400_000_000.0);
}

/// `n` people on each of the arms, of whom a quarter buys once.
fn files(sizes: &[(&str, usize)]) -> (String, String) {
    let (mut exposures, mut orders) =
        ("person,arm,time,experiment\n".to_owned(), "person,time,amount\n0-0,2026-02-01,1\n".to_owned());
    for (at, (arm, n)) in sizes.iter().enumerate() {
        for person in 0..*n {
            exposures += &format!("{at}-{person},{arm},2026-03-10,carousel\n");
            if person % 4 == 0 {
                orders += &format!("{at}-{person},2026-03-12,{}\n", 10 + (person * 7 + at) % 50);
            }
        }
    }
    (exposures, orders)
}

fn analysed(sizes: &[(&str, usize)], plan: &Plan, explained: Option<&str>) -> Result<Analysis, ExperimentFileError> {
    let (exposures, orders) = files(sizes);
    let (exposures, orders) = Files::new().read(&exposures, &orders)?;
    analyse(&exposures, &orders, plan, explained, None)
}

#[test]
fn a_sample_ratio_that_alarms_hides_the_results_until_somebody_says_why() {
    let sizes = [("control", 1_000), ("kenal", 1_300), ("", 40)];
    let plan = Plan::default();
    let hidden = analysed(&sizes, &plan, None).expect("analysed");
    assert!(hidden.hidden && hidden.results.is_empty() && hidden.sample_ratio.alarm);
    assert_eq!((hidden.no_consent, hidden.arms[1].people), (40, 1_300));
    let shown = analysed(&sizes, &plan, Some("robots on one arm")).expect("analysed");
    assert_eq!((shown.hidden, shown.results.len(), shown.explained.as_deref()), (false, 3, Some("robots on one arm")));
    let meant = Plan { arms: [("control".to_owned(), 10.0), ("kenal".to_owned(), 13.0)].into(), ..plan };
    let meant = analysed(&sizes, &meant, Some("not needed")).expect("analysed");
    assert!(!meant.sample_ratio.alarm && meant.explained.is_none() && meant.results.len() == 3);
    let lift = &meant.results[0].lifts[0];
    assert!(lift.lift.abs() < 0.01 && lift.interval.low < 0.0 && lift.interval.high > 0.0, "{lift:?}");
    assert!(lift.always_valid.low < lift.interval.low && lift.p <= lift.p_adjusted);
}

#[test]
fn what_cannot_be_compared_is_named() {
    let plan = Plan::default();
    let named = |arms: &[(&str, usize)], plan: &Plan| analysed(arms, plan, None).expect_err("nothing").to_string();
    assert!(named(&[("control", 9)], &plan).contains("two arms"));
    assert!(named(&[("a", 9), ("b", 9)], &plan).contains("--control"));
    let of = |control: &str| Plan { control: Some(control.to_owned()), ..Plan::default() };
    assert!(named(&[("a", 9), ("b", 9)], &of("c")).contains("`c`"));
    assert!(named(&[("a", 9), ("b", 1)], &of("a")).contains("`b`"));
    let arms = Plan { arms: [("a".to_owned(), 1.0), ("x".to_owned(), 1.0)].into(), ..of("a") };
    assert!(named(&[("a", 9), ("b", 9)], &arms).contains("`x`"));
    let files = Files::new();
    let several = files.put("several.csv", "person,arm,time,experiment\na,b,2026-01-01,one\na,b,2026-01-01,two\n");
    assert!(Exposures::read(&several, None).expect_err("two").to_string().contains("one, two"));
    assert_eq!(Exposures::read(&several, Some("two")).expect("one").rows.len(), 1);
    let empty = files.put("empty.csv", "person,arm,time\n,b,2026-01-01\n");
    assert!(Exposures::read(&empty, None).expect_err("nobody").to_string().contains("no person"));
    let nameless = files.put("nameless.csv", "who,arm,time\na,b,2026-01-01\n");
    assert!(Exposures::read(&nameless, None).expect_err("no column").to_string().contains("person"));
    let free = files.put("free.csv", "person,time,amount\na,2026-01-01,nothing\n");
    assert!(Orders::read(&free, &|_| Some(0)).expect_err("no amount").to_string().contains("amount"));
}

#[test]
fn people_who_met_two_arms_are_told_both_ways() {
    let (mut exposures, orders) = files(&[("control", 800), ("kenal", 800)]);
    exposures += "0-0,kenal,2026-03-11,carousel\n";
    let (exposures, orders) = Files::new().read(&exposures, &orders).expect("read");
    let found = analyse(&exposures, &orders, &Plan::default(), None, None).expect("analysed");
    assert_eq!((found.shown_two_arms, found.arms[0].people, found.other_way.len()), (1, 799, 3));
    let other = Plan { twice: Twice::First, ..Plan::default() };
    let other = analyse(&exposures, &orders, &other, None, None).expect("analysed");
    assert_eq!(other.results[0].lifts[0].lift, found.other_way[0].lift);
    assert_eq!(other.other_way[0].lift, found.results[0].lifts[0].lift);
}
