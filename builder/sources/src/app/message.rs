//! The envelope of an event: who, when, and the parts that are decoded on demand.

use kenal_types::{RecordKey, System, Timestamp};
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::json::{Fault, Scalar, Text, decode, filled, time};
use crate::limits::CLOCK_AHEAD_MAX_US;

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Message<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) event: Option<Text<'a>>,
    #[serde(borrow)]
    message_id: Option<Text<'a>>,
    #[serde(borrow)]
    anonymous_id: Option<Scalar<'a>>,
    #[serde(borrow)]
    user_id: Option<Scalar<'a>>,
    #[serde(borrow)]
    channel: Option<Text<'a>>,
    #[serde(borrow)]
    original_timestamp: Option<Text<'a>>,
    #[serde(borrow)]
    sent_at: Option<Text<'a>>,
    #[serde(borrow)]
    received_at: Option<Text<'a>>,
    #[serde(borrow)]
    timestamp: Option<Text<'a>>,
    #[serde(borrow)]
    context: Option<&'a RawValue>,
    #[serde(borrow)]
    properties: Option<&'a RawValue>,
    #[serde(borrow)]
    traits: Option<&'a RawValue>,
}

/// The part of `context` that is read.
#[derive(serde::Deserialize, Default)]
pub(super) struct Context<'a> {
    #[serde(borrow)]
    pub(super) device: Option<Device<'a>>,
    pub(super) consent: Option<Consent>,
    #[serde(borrow)]
    pub(super) locale: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) timezone: Option<Text<'a>>,
    page: Option<IgnoredAny>,
    #[serde(borrow)]
    pub(super) traits: Option<&'a RawValue>,
}

#[derive(serde::Deserialize)]
pub(super) struct Device<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Consent {
    pub(super) category_preferences: Option<Preferences>,
}

/// The three categories of the app's notice.
#[derive(serde::Deserialize, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Preferences {
    #[serde(rename = "Personalisation", alias = "Personalization")]
    pub(super) personalisation: Option<bool>,
    #[serde(rename = "Advertising")]
    pub(super) advertising: Option<bool>,
    #[serde(rename = "Analytics")]
    pub(super) analytics: Option<bool>,
}

/// What every event has, checked.
#[derive(Debug, Clone)]
pub(super) struct Header<'m> {
    pub(super) message_id: &'m str,
    pub(super) actor: RecordKey,
    /// The browser or installation.
    pub(super) anonymous: Option<String>,
    pub(super) happened_at: Timestamp,
    pub(super) received_at: Timestamp,
}

/// Several events sent at once.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Batch<'a> {
    #[serde(borrow, rename = "batch")]
    pub(super) events: Vec<&'a RawValue>,
    #[serde(borrow)]
    sent_at: Option<Text<'a>>,
    #[serde(borrow)]
    received_at: Option<Text<'a>>,
    #[serde(borrow)]
    context: Option<&'a RawValue>,
}

/// The line as a batch, if it is one. Looks for the member's name first: most lines are single events.
pub(super) fn batch(line: &[u8]) -> Result<Option<Batch<'_>>, Fault> {
    #[derive(serde::Deserialize)]
    struct Probe {
        batch: Option<IgnoredAny>,
    }
    if memchr::memmem::find(line, b"\"batch\"").is_none() {
        return Ok(None);
    }
    match decode::<Probe>(line)?.batch {
        Some(_) => decode(line).map(Some),
        None => Ok(None),
    }
}

/// Does the line look like an event or a batch of them?
pub(super) fn is_one(line: &[u8]) -> bool {
    let known = ["track", "identify", "screen", "page", "alias", "group"];
    match batch(line) {
        Ok(Some(_)) => true,
        Ok(None) => decode::<Message<'_>>(line).is_ok_and(|m| filled(&m.kind).is_some_and(|k| known.contains(&k))),
        Err(_) => false,
    }
}

impl Batch<'_> {
    /// One event of the batch as a batch of its own, so that it can be replayed.
    pub(super) fn envelope(&self, event: &RawValue, into: &mut Vec<u8>) {
        into.clear();
        into.extend_from_slice(b"{\"batch\":[");
        into.extend_from_slice(event.get().as_bytes());
        into.push(b']');
        for (name, text) in [("sentAt", &self.sent_at), ("receivedAt", &self.received_at)] {
            if let Some(text) = text {
                into.extend_from_slice(format!(",\"{name}\":").as_bytes());
                // Writing to memory does not fail.
                let _ = serde_json::to_writer(&mut *into, text.0.as_ref());
            }
        }
        if let Some(context) = self.context {
            into.extend_from_slice(b",\"context\":");
            into.extend_from_slice(context.get().as_bytes());
        }
        into.push(b'}');
    }
}

impl<'a> Message<'a> {
    /// Checks who and when. Times that the event lacks are those of its batch.
    pub(super) fn header(&self, batch: Option<&Batch<'_>>) -> Result<Header<'_>, Fault> {
        let message_id = filled(&self.message_id).ok_or_else(|| Fault::missing("messageId"))?;
        let user = self.user_id.as_ref().and_then(Scalar::id);
        let anonymous = self.anonymous_id.as_ref().and_then(Scalar::id);
        let actor = match (&user, &anonymous) {
            (Some(user), _) => format!("user/{user}"),
            (None, Some(device)) => format!("device/{device}"),
            (None, None) => return Err(Fault::missing("userId")),
        };
        let either = |name, own, of_batch: Option<&Option<Text<'_>>>| match time(name, own)? {
            Some(own) => Ok(Some(own)),
            None => of_batch.map_or(Ok(None), |t| time(name, t)),
        };
        let sent_at = either("sentAt", &self.sent_at, batch.map(|b| &b.sent_at))?;
        let received_at = either("receivedAt", &self.received_at, batch.map(|b| &b.received_at))?;
        let received_at = received_at.ok_or_else(|| Fault::missing("receivedAt"))?;
        let original = match time("originalTimestamp", &self.original_timestamp)? {
            Some(original) => original,
            // Servers send a timestamp only, by a clock that needs no correction.
            None => time("timestamp", &self.timestamp)?.unwrap_or(received_at),
        };
        let happened_at = corrected(original, sent_at.filter(|_| self.original_timestamp.is_some()), received_at);
        let actor = RecordKey::new(System::App, actor);
        Ok(Header { message_id, actor, anonymous, happened_at, received_at })
    }

    /// Names the payload: all but the times that every delivery writes anew.
    pub(super) fn fingerprint(&self) -> u64 {
        let mut hasher = blake3::Hasher::new();
        let mut add = |part: Option<&[u8]>| {
            // Length first: no two different lists of parts give the same bytes.
            hasher.update(&part.map_or(u64::MAX, |p| p.len() as u64).to_le_bytes());
            hasher.update(part.unwrap_or_default());
        };
        for text in [&self.kind, &self.event, &self.original_timestamp] {
            add(text.as_ref().map(|t| t.0.as_bytes()));
        }
        for id in [&self.anonymous_id, &self.user_id] {
            add(id.as_ref().and_then(Scalar::id).as_deref().map(str::as_bytes));
        }
        for raw in [self.context, self.properties, self.traits] {
            add(raw.map(|r| r.get().as_bytes()));
        }
        let hash = hasher.finalize();
        u64::from_le_bytes(hash.as_bytes().first_chunk().copied().unwrap_or_default())
    }

    pub(super) fn context(&self) -> Result<Context<'a>, Fault> {
        part("context", self.context)
    }

    pub(super) fn properties<T: serde::Deserialize<'a> + Default>(&self) -> Result<T, Fault> {
        part("properties", self.properties)
    }

    /// Traits of an `identify`, or those that another event carries along.
    pub(super) fn traits<T: serde::Deserialize<'a> + Default>(&self, context: &Context<'a>) -> Result<T, Fault> {
        match (self.traits, context.traits) {
            (Some(own), _) => part("traits", Some(own)),
            (None, carried) => part("context.traits", carried),
        }
    }

    /// `ios`, `android`, `web`.
    pub(super) fn platform(&self, context: &Context<'_>) -> Option<String> {
        let device = context.device.as_ref().and_then(|d| filled(&d.kind));
        match device {
            Some(kind) => Some(kind.to_ascii_lowercase()),
            None if context.page.is_some() => Some("web".to_owned()),
            None => filled(&self.channel).filter(|c| matches!(*c, "web" | "browser")).map(|_| "web".to_owned()),
        }
    }
}

impl Context<'_> {
    pub(super) fn device_id(&self) -> Option<&str> {
        self.device.as_ref().and_then(|d| filled(&d.id))
    }

    pub(super) fn preferences(&self) -> Option<Preferences> {
        self.consent.as_ref().and_then(|c| c.category_preferences)
    }
}

/// A nested value; `null` and absence are the default. Its faults carry the path from the event down.
fn part<'a, T: serde::Deserialize<'a> + Default>(name: &'static str, raw: Option<&'a RawValue>) -> Result<T, Fault> {
    let Some(raw) = raw.map(RawValue::get).filter(|r| *r != "null") else { return Ok(T::default()) };
    decode(raw.as_bytes()).map_err(|mut fault| {
        let dot = if fault.field.is_empty() { "" } else { "." };
        fault.field = format!("{name}{dot}{}", fault.field).into();
        fault
    })
}

/// `receivedAt - (sentAt - originalTimestamp)`, at most `receivedAt` + 5 minutes (Segment's skew correction; freshness
/// page). A phone's clock may be off by days, but it is off by the same when it stamps and when it sends.
fn corrected(original: Timestamp, sent_at: Option<Timestamp>, received_at: Timestamp) -> Timestamp {
    let latest = received_at.0.saturating_add(CLOCK_AHEAD_MAX_US);
    let happened = match sent_at {
        Some(sent_at) => received_at.0.saturating_sub(sent_at.0.saturating_sub(original.0)),
        None => original.0,
    };
    Timestamp(happened.min(latest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_corrected() {
        let at = |text: &str| text.parse::<Timestamp>().expect("a time");
        for (original, sent, received, happened) in [
            // A good clock, sent at once.
            ("2026-11-20T10:00:00Z", Some("2026-11-20T10:00:01Z"), "2026-11-20T10:00:02Z", "2026-11-20T10:00:01Z"),
            // A clock two days behind, and one two days ahead.
            ("2026-11-18T10:00:00Z", Some("2026-11-18T10:00:05Z"), "2026-11-20T10:00:05Z", "2026-11-20T10:00:00Z"),
            ("2026-11-22T10:00:00Z", Some("2026-11-22T10:00:05Z"), "2026-11-20T10:00:05Z", "2026-11-20T10:00:00Z"),
            // Three days offline, a good clock.
            ("2026-11-17T10:00:00Z", Some("2026-11-20T10:00:00Z"), "2026-11-20T10:00:00Z", "2026-11-17T10:00:00Z"),
            // A spoofed one: an event cannot happen after it was received, but for five minutes.
            ("2026-12-20T10:00:00Z", Some("2026-11-20T10:00:00Z"), "2026-11-20T10:00:00Z", "2026-11-20T10:05:00Z"),
            ("2026-12-20T10:00:00Z", None, "2026-11-20T10:00:00Z", "2026-11-20T10:05:00Z"),
            ("2026-11-19T10:00:00Z", None, "2026-11-20T10:00:00Z", "2026-11-19T10:00:00Z"),
        ] {
            assert_eq!(corrected(at(original), sent.map(at), at(received)), at(happened), "{original} {sent:?}");
        }
        let (low, high) = (Timestamp(i64::MIN), Timestamp(i64::MAX));
        assert_eq!(corrected(low, Some(high), low), low);
        assert_eq!(corrected(high, Some(low), high), high);
    }
}
