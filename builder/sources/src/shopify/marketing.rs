//! Marketing consent on a customer line, in both of its shapes.
//!
//! Since 2025-04 the state stands in `defaultEmailAddress` and `defaultPhoneNumber`, before in
//! `emailMarketingConsent` and `smsMarketingConsent`; an export may have either or both. Shopify's own rule for two
//! states is the later date, and "when the info was sent" for a missing one; here a missing date stays missing, since
//! "now" would let every sync outdate every refusal.

use kenal_types::{Channel, ConsentSignal, Decision, Mechanism, Purpose, RecordKey, Timestamp};

use crate::json::{Fault, Text, filled, time};

/// Either shape; which fields are there tells which.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Marketing<'a> {
    #[serde(borrow)]
    pub(super) email_address: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) phone_number: Option<Text<'a>>,
    #[serde(borrow)]
    marketing_state: Option<Text<'a>>,
    #[serde(borrow)]
    marketing_opt_in_level: Option<Text<'a>>,
    #[serde(borrow)]
    consent_updated_at: Option<Text<'a>>,
    #[serde(borrow)]
    marketing_updated_at: Option<Text<'a>>,
    #[serde(borrow)]
    consent_collected_from: Option<Text<'a>>,
    #[serde(borrow)]
    marketing_collected_from: Option<Text<'a>>,
}

/// What one shape says, as signals need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stated {
    pub(super) decision: Decision,
    mechanism: Mechanism,
    evidence: Option<String>,
    decided_at: Option<Timestamp>,
}

/// Reads one shape; `None` when it states nothing. `field` names it in faults.
fn stated(shape: &Marketing<'_>, channel: Channel, field: &'static str) -> Result<Option<Stated>, Fault> {
    let Some(state) = filled(&shape.marketing_state) else { return Ok(None) };
    let date = if shape.consent_updated_at.is_some() { &shape.consent_updated_at } else { &shape.marketing_updated_at };
    let decided_at = time(field, date)?;
    let level = filled(&shape.marketing_opt_in_level);
    let from = filled(&shape.consent_collected_from).or_else(|| filled(&shape.marketing_collected_from));
    let decision = match state {
        "SUBSCRIBED" => Decision::OptIn,
        "UNSUBSCRIBED" => Decision::Withdrawn,
        "PENDING" => Decision::Pending,
        "REDACTED" => Decision::Redacted,
        // NOT_SUBSCRIBED is where everybody starts, INVALID an address that does not work. A state that Shopify adds
        // later lands here too: not eligible, and the customer is not lost.
        _ => Decision::Unknown,
    };
    let mechanism = match (decision, level) {
        (Decision::OptIn, Some("CONFIRMED_OPT_IN")) => Mechanism::DoubleOptIn,
        // Without evidence a single opt-in may be an import: the shop's admin can set it for a whole list.
        (Decision::OptIn, Some("SINGLE_OPT_IN")) => match channel {
            Channel::Sms if from == Some("SHOPIFY") => Mechanism::CheckboxUnticked,
            Channel::Email if decided_at.is_some() => Mechanism::CheckboxUnticked,
            _ => Mechanism::Import,
        },
        (Decision::Withdrawn, _) if decided_at.is_some() => Mechanism::PreferenceCentre,
        _ => Mechanism::Import,
    };
    let evidence = match mechanism {
        Mechanism::DoubleOptIn => Some("CONFIRMED_OPT_IN".to_owned()),
        Mechanism::CheckboxUnticked if channel == Channel::Sms => Some("SINGLE_OPT_IN collected by SHOPIFY".to_owned()),
        Mechanism::CheckboxUnticked => Some("SINGLE_OPT_IN".to_owned()),
        _ => None,
    };
    Ok(Some(Stated { decision, mechanism, evidence, decided_at }))
}

/// Of both shapes, the one that counts: an erasure, else the later date, else the newer shape.
pub(super) fn settle(
    legacy: Option<&Marketing<'_>>,
    current: Option<&Marketing<'_>>,
    channel: Channel,
    fields: [&'static str; 2],
) -> Result<Option<Stated>, Fault> {
    let read = |shape: Option<&Marketing<'_>>, field| shape.map_or(Ok(None), |s| stated(s, channel, field));
    let (legacy, current) = (read(legacy, fields[0])?, read(current, fields[1])?);
    let rank = |s: &Stated| (s.decision == Decision::Redacted, s.decided_at);
    Ok(match (legacy, current) {
        (Some(old), Some(new)) => Some(if rank(&old) > rank(&new) { old } else { new }),
        (old, new) => new.or(old),
    })
}

/// What every signal of a customer shares.
pub(super) struct Subject<'k> {
    pub(super) key: &'k RecordKey,
    pub(super) known_at: Option<Timestamp>,
    pub(super) sequence: i64,
}

impl Subject<'_> {
    pub(super) fn signal(
        &self,
        name: &str,
        purpose: Purpose,
        channel: Option<Channel>,
        stated: Stated,
    ) -> ConsentSignal {
        ConsentSignal {
            signal_id: format!("{}/{name}", self.key.id),
            subject: self.key.clone(),
            purpose,
            channel,
            market: None,
            decision: stated.decision,
            mechanism: stated.mechanism,
            contact_point: None,
            decided_at: stated.decided_at,
            known_at: self.known_at,
            effective_to: None,
            evidence: stated.evidence,
            sequence: self.sequence,
        }
    }

    /// The sale of data is refused, which covers advertising of every kind.
    pub(super) fn sale_opt_out(&self) -> ConsentSignal {
        let stated = Stated {
            decision: Decision::OptOut,
            mechanism: Mechanism::PreferenceCentre,
            evidence: None,
            decided_at: None,
        };
        self.signal("dataSaleOptOut", Purpose::Market, None, stated)
    }

    /// The person is to be forgotten, whatever for.
    pub(super) fn erasure(&self, stated: &Stated) -> impl Iterator<Item = ConsentSignal> {
        Purpose::ALL
            .into_iter()
            .map(|purpose| self.signal(&format!("redacted/{purpose}"), purpose, None, stated.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::decode;

    #[test]
    fn states_levels_and_evidence() {
        let dated = r#""consentUpdatedAt":"2024-11-02T03:04:05Z""#;
        for (channel, json, decision, mechanism, is_dated) in [
            (Channel::Email, format!(r#"{{"marketingState":"SUBSCRIBED","marketingOptInLevel":"CONFIRMED_OPT_IN",{dated}}}"#), Decision::OptIn, Mechanism::DoubleOptIn, true),
            (Channel::Email, r#"{"marketingState":"SUBSCRIBED","marketingOptInLevel":"CONFIRMED_OPT_IN","consentUpdatedAt":null}"#.into(), Decision::OptIn, Mechanism::DoubleOptIn, false),
            (Channel::Email, format!(r#"{{"marketingState":"SUBSCRIBED","marketingOptInLevel":"SINGLE_OPT_IN",{dated}}}"#), Decision::OptIn, Mechanism::CheckboxUnticked, true),
            (Channel::Email, r#"{"marketingState":"SUBSCRIBED","marketingOptInLevel":"SINGLE_OPT_IN"}"#.into(), Decision::OptIn, Mechanism::Import, false),
            (Channel::Sms, format!(r#"{{"marketingState":"SUBSCRIBED","marketingOptInLevel":"SINGLE_OPT_IN","consentCollectedFrom":"SHOPIFY",{dated}}}"#), Decision::OptIn, Mechanism::CheckboxUnticked, true),
            (Channel::Sms, r#"{"marketingState":"SUBSCRIBED","marketingOptInLevel":"SINGLE_OPT_IN","marketingCollectedFrom":"OTHER","marketingUpdatedAt":"2024-11-02T03:04:05Z"}"#.into(), Decision::OptIn, Mechanism::Import, true),
            (Channel::Email, format!(r#"{{"marketingState":"SUBSCRIBED","marketingOptInLevel":"UNKNOWN",{dated}}}"#), Decision::OptIn, Mechanism::Import, true),
            (Channel::Email, format!(r#"{{"marketingState":"SUBSCRIBED","marketingOptInLevel":null,{dated}}}"#), Decision::OptIn, Mechanism::Import, true),
            (Channel::Email, format!(r#"{{"marketingState":"PENDING","marketingOptInLevel":"CONFIRMED_OPT_IN",{dated}}}"#), Decision::Pending, Mechanism::Import, true),
            (Channel::Email, format!(r#"{{"marketingState":"UNSUBSCRIBED",{dated}}}"#), Decision::Withdrawn, Mechanism::PreferenceCentre, true),
            (Channel::Email, r#"{"marketingState":"NOT_SUBSCRIBED"}"#.into(), Decision::Unknown, Mechanism::Import, false),
            (Channel::Email, r#"{"marketingState":"INVALID"}"#.into(), Decision::Unknown, Mechanism::Import, false),
            (Channel::Email, r#"{"marketingState":"REDACTED"}"#.into(), Decision::Redacted, Mechanism::Import, false),
            (Channel::Email, r#"{"marketingState":"SOMETHING_NEW","marketingOptInLevel":"CONFIRMED_OPT_IN"}"#.into(), Decision::Unknown, Mechanism::Import, false),
        ] {
            let shape: Marketing<'_> = decode(json.as_bytes()).expect("JSON");
            let said = stated(&shape, channel, "f").expect("no fault").expect("a statement");
            assert_eq!((said.decision, said.mechanism, said.decided_at.is_some()), (decision, mechanism, is_dated), "{json}");
            // Evidence is what lets an opt-in outdate a refusal of another system: only the two kept kinds have it.
            let proven = matches!(mechanism, Mechanism::DoubleOptIn | Mechanism::CheckboxUnticked);
            assert_eq!(said.evidence.is_some(), proven, "{json}");
        }
        let silent: Marketing<'_> = decode(br#"{"emailAddress":"j@example.com"}"#).expect("JSON");
        assert_eq!(stated(&silent, Channel::Email, "f").expect("no fault"), None);
    }

    #[test]
    fn of_two_shapes_the_later_date_counts_and_an_erasure_always() {
        let old = |state: &str, date: &str| format!(r#"{{"marketingState":"{state}","consentUpdatedAt":{date}}}"#);
        let new = |state: &str, date: &str| format!(r#"{{"marketingState":"{state}","marketingUpdatedAt":{date}}}"#);
        let (early, late) = (r#""2024-01-01T00:00:00Z""#, r#""2024-02-01T00:00:00Z""#);
        for (legacy, current, expected) in [
            (old("SUBSCRIBED", early), new("UNSUBSCRIBED", late), Decision::Withdrawn),
            (old("UNSUBSCRIBED", late), new("SUBSCRIBED", early), Decision::Withdrawn),
            (old("SUBSCRIBED", late), new("UNSUBSCRIBED", "null"), Decision::OptIn),
            (old("SUBSCRIBED", early), new("PENDING", early), Decision::Pending),
            (old("REDACTED", "null"), new("SUBSCRIBED", late), Decision::Redacted),
        ] {
            let (legacy, current): (Marketing<'_>, Marketing<'_>) =
                (decode(legacy.as_bytes()).expect("JSON"), decode(current.as_bytes()).expect("JSON"));
            let said = settle(Some(&legacy), Some(&current), Channel::Email, ["a", "b"]).expect("no fault");
            assert_eq!(said.expect("a statement").decision, expected);
        }
    }
}
