//! Choices made in the app: signals when they change, not with every event that repeats them.
//!
//! Two kinds of events tell a choice. The preference event is the act itself: it is always a signal, dated and
//! evidenced by its message. `context.consent` on any other event only shows how the choice stood, so:
//! - when it differs from what is known of the actor, it is a signal of the time it was first seen so, without
//!   evidence: enough to speak for itself, not enough to outdate a refusal given elsewhere;
//! - an event from before the last known choice (a phone's offline queue) never changes what is known; when it differs
//!   it is a signal of its own, earlier time, so the later choice still wins.
//!
//! An opt-in that was there before anything else was seen is not dated by the event that shows it: it may be years
//! old, and taking today for its date would let it outdate a refusal of last week. A refusal is dated so: late is the
//! safe side for it.

use kenal_types::{Channel, ConsentSignal, Decision, Entity, EventKind, Mechanism, Purpose, Timestamp};

use super::message::{Header, Preferences};

/// A category of the app's notice, and what it names.
type Category = (&'static str, &'static [(Purpose, Option<Channel>)]);

const CATEGORIES: [Category; 3] = [
    (
        "Personalisation",
        &[
            (Purpose::Personalise, Some(Channel::Onsite)),
            (Purpose::Personalise, Some(Channel::Push)),
            (Purpose::Train, None),
        ],
    ),
    ("Advertising", &[(Purpose::Market, Some(Channel::Push))]),
    ("Analytics", &[(Purpose::Measure, None)]),
];

/// The last known choice in each category, and when it was seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Choices {
    stated: [Option<bool>; CATEGORIES.len()],
    seen_at: [Timestamp; CATEGORIES.len()],
}

impl Default for Choices {
    fn default() -> Self {
        Choices { stated: [None; CATEGORIES.len()], seen_at: [Timestamp(i64::MIN); CATEGORIES.len()] }
    }
}

impl Choices {
    /// Signals of one event; mostly none.
    pub(super) fn signals(
        &mut self,
        preferences: Option<Preferences>,
        kind: EventKind,
        header: &Header<'_>,
        message_id: &str,
    ) -> Vec<Entity> {
        let mut signals = Vec::new();
        let Some(preferences) = preferences else { return signals };
        let stated = [preferences.personalisation, preferences.advertising, preferences.analytics];
        let act = kind == EventKind::ConsentChanged;
        let known = self.stated.iter_mut().zip(&mut self.seen_at);
        for ((category, stated), (known, seen_at)) in CATEGORIES.iter().zip(stated).zip(known) {
            let Some(agreed) = stated else { continue };
            let before = *known;
            if header.happened_at >= *seen_at {
                (*known, *seen_at) = (Some(agreed), header.happened_at);
            }
            if act || before != Some(agreed) {
                let dated = act || before.is_some() || !agreed;
                signals.extend(said(category, agreed, act, dated, header, message_id));
            }
        }
        signals
    }
}

/// One signal for each purpose and channel that a category names.
fn said(
    (category, cells): &Category,
    agreed: bool,
    act: bool,
    dated: bool,
    header: &Header<'_>,
    message_id: &str,
) -> impl Iterator<Item = Entity> {
    cells.iter().map(move |(purpose, channel)| {
        Entity::Consent(Box::new(ConsentSignal {
            signal_id: format!("{message_id}/{category}/{purpose}/{}", channel.map_or("any", Channel::name)),
            subject: header.actor.clone(),
            purpose: *purpose,
            channel: *channel,
            market: None,
            decision: if agreed { Decision::OptIn } else { Decision::OptOut },
            mechanism: if act { Mechanism::PreferenceCentre } else { Mechanism::CheckboxUnticked },
            contact_point: None,
            decided_at: dated.then_some(header.happened_at),
            known_at: Some(header.received_at),
            effective_to: None,
            evidence: act.then(|| format!("message {message_id}")),
            sequence: header.received_at.0,
        }))
    })
}
