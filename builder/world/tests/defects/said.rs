//! Consent: states, shapes, conflicts.

use std::collections::{BTreeMap, BTreeSet};

use kenal_types::{Purpose, Timestamp};
use kenal_world::rates::Defect;
use kenal_world::truth;
use serde_json::Value;

use crate::world::{near, text, world};

fn customers() -> Vec<Value> {
    world().lines("shopify", "customers.jsonl").0
}

fn states(customer: &Value) -> impl Iterator<Item = (&str, bool)> {
    let of = |key: &str, at: &str| {
        let consent = &customer[key];
        consent.is_object().then(|| (consent["marketingState"].as_str().unwrap_or_default(), consent[at].is_null()))
    };
    [of("emailMarketingConsent", "consentUpdatedAt"), of("defaultEmailAddress", "marketingUpdatedAt")]
        .into_iter()
        .flatten()
}

#[test]
fn shopify() {
    let customers = customers();
    let any = |is: &dyn Fn(&str, bool) -> bool| customers.iter().any(|c| states(c).any(|(s, undated)| is(s, undated)));
    let pending = customers.iter().filter(|c| states(c).any(|(state, _)| state == "PENDING")).count();
    near("double opt-ins never finished", pending, customers.len(), Defect::PendingOptIn.rate().share);
    assert!(any(&|state, _| state == "REDACTED"));
    assert!(any(&|state, undated| state == "SUBSCRIBED" && undated));
    assert!(any(&|state, undated| state == "SUBSCRIBED" && !undated));
    let (old, new) = ("emailMarketingConsent", "defaultEmailAddress");
    for shape in [[true, false], [false, true], [true, true]] {
        let has = |c: &Value| [c[old].is_object(), c[new].is_object()];
        assert!(customers.iter().any(|c| has(c) == shape), "{shape:?}");
    }
    for c in customers.iter().filter(|c| c[old].is_object() && c[new].is_object()) {
        let states: Vec<_> = states(c).collect();
        assert_eq!(states[0], states[1], "the two shapes disagree");
    }
}

#[test]
fn others() {
    let rows = world().table("warehouse", "customers");
    assert!(rows.iter().any(|r| r["opt_in_source"] == "import" && r["personalisation_opt_in"] == true));
    assert!(rows.iter().any(|r| r["opt_in_source"] == "checkbox"));
    let individuals = world().crm("Individual");
    for flag in ["ShouldForget", "HasOptedOutProfiling", "HasOptedOutProcessing", "HasOptedOutSolicit"] {
        let at = individuals[0].iter().position(|h| h == flag).expect("the column");
        assert!(individuals.iter().any(|r| r[at] == "true"), "{flag}");
    }
    let users = world().pages("users", "users");
    assert!(users.iter().any(|u| u["user_fields"]["personalisation_consent"] == "opt_out"));
    assert!(users.iter().any(|u| u["tags"][0] == "do_not_contact"));
    let choices = world().crm("ContactPointTypeConsent");
    let status = choices[0].iter().position(|h| h == "PrivacyConsentStatus").expect("the column");
    for wanted in ["OptIn", "OptOut", "Seen"] {
        assert!(choices.iter().any(|r| r[status] == wanted), "{wanted}");
    }
}

/// Else nobody could know that a choice in the app and a refusal elsewhere are of one person.
#[test]
fn an_account_that_chooses_has_said_who_it_is() {
    let accounts = |is: &dyn Fn(&Value) -> bool| -> BTreeSet<String> {
        world().events().iter().filter(|e| is(e)).map(|e| text(e, "userId").to_owned()).collect()
    };
    let chose = accounts(&|e| e["context"]["consent"]["categoryPreferences"].is_object());
    let named = accounts(&|e| e["type"] == "identify" && e["traits"]["email"].is_string());
    assert!(chose.len() > 500, "{}", chose.len());
    assert_eq!(chose.difference(&named).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn conflicts() {
    let whose: BTreeMap<String, u64> =
        truth::people(&world().out).expect("truth").into_iter().map(|p| (p.record.to_string(), p.person)).collect();
    let consents = truth::consent(&world().out).expect("truth");
    let refused: BTreeMap<u64, Timestamp> = consents
        .iter()
        .filter(|c| c.purpose == Purpose::Personalise && c.channel == kenal_types::Channel::Onsite && !c.consents)
        .filter_map(|c| Some((c.person, c.decided_at?)))
        .collect();
    // The app says yes and the person later said no elsewhere: the app still has the yes.
    let agreed_in_app = world().events().into_iter().filter(|e| {
        e["context"]["consent"]["categoryPreferences"]["Personalisation"] == true
            && whose.get(&format!("app:user/{}", text(e, "userId"))).is_some_and(|p| refused.contains_key(p))
    });
    assert!(agreed_in_app.count() > 0, "no yes is overruled in another system");
    // A row of an old yes that was synced after the no. Email marketing has enough of them in a small world.
    let email: BTreeMap<u64, Timestamp> = consents
        .iter()
        .filter(|c| c.purpose == Purpose::Market && c.channel == kenal_types::Channel::Email && !c.consents)
        .filter_map(|c| Some((c.person, c.decided_at?)))
        .collect();
    let late = customers().into_iter().filter(|c| {
        let person = whose.get(&format!("shopify:{}", text(c, "legacyResourceId")));
        let no = person.and_then(|p| email.get(p));
        let updated: Option<Timestamp> = text(c, "updatedAt").parse().ok();
        states(c).any(|(state, _)| state == "SUBSCRIBED") && no.is_some_and(|no| updated > Some(*no))
    });
    assert!(late.count() > 0, "no stale yes is synced after the no");
}

#[test]
fn about_seven_in_ten_consent_to_be_learnt_from() {
    let consents = truth::consent(&world().out).expect("truth");
    for purpose in [Purpose::Personalise, Purpose::Train] {
        let cell = consents.iter().filter(|c| c.purpose == purpose && c.channel == kenal_types::Channel::Onsite);
        let (yes, all) = cell.fold((0, 0), |(yes, all), c| (yes + i32::from(c.consents), all + 1));
        let share = f64::from(yes) / f64::from(all);
        assert!((0.62..0.80).contains(&share), "{purpose}: {share}");
    }
}
