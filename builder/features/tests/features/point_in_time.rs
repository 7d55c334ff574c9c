//! A row at a cut holds what was known at the cut: nothing that arrived later, nothing that happened later.

use crate::people::{DAYS, Parts, bits, day, person};
use kenal_features::{Extractor, When, compute, registry};
use kenal_types::Timestamp;

fn row(parts: &Parts, cut: Timestamp) -> Vec<u32> {
    let mut out = vec![0.0; registry().len()];
    compute(&parts.clone().timeline(), cut, &mut out);
    bits(&out)
}

/// Every time of the timeline, in one place, so that a test can move any of them.
fn each_when(parts: &mut Parts, mut f: impl FnMut(&mut When)) {
    for p in &mut parts.purchases {
        f(&mut p.when);
        p.voided.iter_mut().for_each(&mut f);
    }
    for t in &mut parts.tickets {
        f(&mut t.when);
        t.escalated.iter_mut().for_each(&mut f);
        t.solved.iter_mut().for_each(&mut f);
        t.rating.iter_mut().for_each(|r| f(&mut r.when));
    }
    parts.activities.iter_mut().for_each(|a| f(&mut a.when));
    parts.profile.presences.iter_mut().for_each(|p| f(&mut p.when));
    if let Some(loyalty) = &mut parts.profile.loyalty {
        f(&mut loyalty.joined);
        loyalty.status.iter_mut().for_each(|s| f(&mut s.when));
    }
}

/// Only what had happened before the cut and was known at it: the rule, applied to the data instead of in the code.
fn as_known(mut parts: Parts, cut: Timestamp) -> Parts {
    let visible = |w: &When| w.happened_at < cut && w.known_at <= cut;
    parts.purchases.retain(|p| visible(&p.when));
    parts.purchases.iter_mut().for_each(|p| p.voided = p.voided.filter(visible));
    parts.tickets.retain(|t| visible(&t.when));
    for t in &mut parts.tickets {
        t.escalated = t.escalated.filter(visible);
        t.solved = t.solved.filter(visible);
        t.rating = t.rating.filter(|r| visible(&r.when));
    }
    parts.activities.retain(|a| visible(&a.when));
    parts.profile.presences.retain(|p| visible(&p.when));
    parts.profile.loyalty = parts.profile.loyalty.filter(|l| visible(&l.joined));
    if let Some(loyalty) = &mut parts.profile.loyalty {
        loyalty.status = loyalty.status.filter(|s| visible(&s.when));
    }
    parts
}

#[test]
fn a_row_of_the_past_is_the_row_that_the_past_would_have_made() {
    let mut hidden = 0;
    for seed in 0..300 {
        let parts = person(seed, 12);
        for cut in [day(-1), day(40), day(200), day(365), day(DAYS + 40)] {
            let known = as_known(parts.clone(), cut);
            hidden += usize::from(known.purchases.len() < parts.purchases.len());
            assert_eq!(row(&parts, cut), row(&known, cut), "seed {seed}, cut {cut}");
        }
    }
    assert!(hidden > 500, "the cuts hid something in only {hidden} cases");
}

#[test]
fn arrival_matters_only_at_the_cut() {
    let cut = day(250);
    let (mut changed, mut tried) = (0, 0);
    for seed in 0..100 {
        let mut parts = person(seed, 8);
        // Everything arrives in time.
        each_when(&mut parts, |w| w.known_at = w.happened_at);
        let base = row(&parts, cut);
        let mut count = 0;
        each_when(&mut parts, |_| count += 1);
        for chosen in 0..count {
            // One element arrives exactly at the cut: it was known.
            let mut shifted = parts.clone();
            let (mut at, mut happened_before) = (0, false);
            each_when(&mut shifted, |w| {
                if at == chosen && w.happened_at < cut {
                    happened_before = true;
                    w.known_at = cut;
                }
                at += 1;
            });
            assert_eq!(
                row(&shifted, cut),
                base,
                "seed {seed}, element {chosen}: arrival until the cut changes nothing"
            );
            // The same element arrives a microsecond later: as if it were not there.
            let mut at = 0;
            each_when(&mut shifted, |w| {
                if at == chosen {
                    w.known_at = Timestamp(cut.0 + 1);
                }
                at += 1;
            });
            let late = row(&shifted, cut);
            assert_eq!(late, row(&as_known(shifted.clone(), cut), cut), "seed {seed}, element {chosen}");
            if happened_before {
                tried += 1;
                changed += usize::from(late != base);
            } else {
                assert_eq!(late, base, "seed {seed}, element {chosen}: the future was not there anyway");
            }
        }
    }
    // Some elements say nothing new (a second visit to the same screen), most do.
    assert!(changed * 10 > tried * 7, "only {changed} of {tried} late arrivals changed the row");
}

#[test]
fn nothing_after_the_cut_is_seen() {
    for seed in 0..50 {
        let past = as_known(person(seed, 8), day(200));
        let mut both = past.clone();
        let mut future = person(seed + 1_000, 8);
        each_when(&mut future, |w| {
            w.happened_at = Timestamp(day(200).0 + w.happened_at.0.rem_euclid(Timestamp::US_PER_DAY * 100));
            w.known_at = w.happened_at;
        });
        for p in &mut future.purchases {
            p.order += 10_000;
        }
        both.purchases.extend(future.purchases);
        both.tickets.extend(future.tickets);
        both.activities.extend(future.activities);
        both.profile.presences.extend(future.profile.presences);
        assert_eq!(row(&both, day(200)), row(&past, day(200)), "seed {seed}");
    }
}

#[test]
fn order_of_elements_and_reuse_of_buffers_change_no_bit() {
    let mut shared = Extractor::new();
    for seed in 0..200 {
        let parts = person(seed, 15);
        let mut turned = parts.clone();
        turned.purchases.reverse();
        turned.tickets.reverse();
        turned.activities.reverse();
        turned.profile.presences.reverse();
        let expected = row(&parts, day(400));
        assert_eq!(row(&turned, day(400)), expected, "seed {seed}");
        let mut out = vec![0.0; registry().len()];
        shared.compute(&parts.timeline(), day(400), &mut out);
        assert_eq!(bits(&out), expected, "seed {seed}: training (one extractor for all) = serving (a fresh one)");
    }
}

#[test]
fn every_feature_tells_somebody_from_somebody() {
    let names: Vec<&str> = registry().iter().map(|f| f.name).collect();
    let mut values: Vec<Vec<u32>> = vec![Vec::new(); names.len()];
    for seed in 0..400 {
        for (column, bits) in values.iter_mut().zip(row(&person(seed, 12), day(400))) {
            column.push(bits);
        }
    }
    for (name, mut column) in names.into_iter().zip(values) {
        column.sort_unstable();
        column.dedup();
        assert!(column.len() > 1, "{name} is the same for everybody");
        assert!(column.iter().all(|b| !f32::from_bits(*b).is_infinite()), "{name} is infinite for somebody");
    }
}
