//! Sessions: events without a pause of more than half an hour.

use kenal_types::Timestamp;

use crate::timeline::{Activity, Device};

/// The pause that ends a session: the convention of web analytics.
pub const SESSION_GAP_MINUTES: i64 = 30;

/// A visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    pub start: Timestamp,
    pub end: Timestamp,
    pub events: u32,
    /// Of the first event that says.
    pub device: Option<Device>,
}

impl Session {
    pub fn minutes(&self) -> f64 {
        self.end.days_since(self.start) * 1440.0
    }
}

/// Cuts activities, in order of time, into sessions, appended to `out`. A pause of exactly the gap does not end one.
pub(super) fn cut_sessions<'a>(activities: impl Iterator<Item = &'a Activity>, out: &mut Vec<Session>) {
    let gap_us = SESSION_GAP_MINUTES * 60 * Timestamp::US_PER_S;
    for a in activities {
        let at = a.when.happened_at;
        match out.last_mut() {
            Some(s) if at.0.saturating_sub(s.end.0) <= gap_us => {
                s.end = at;
                s.events += 1;
                s.device = s.device.or(a.device);
            }
            _ => out.push(Session { start: at, end: at, events: 1, device: a.device }),
        }
    }
}

#[cfg(test)]
mod tests {
    use kenal_types::EventKind;

    use super::*;
    use crate::timeline::When;

    #[test]
    fn half_an_hour_of_silence_ends_a_session() {
        let event = |minute: i64, device| {
            let t = Timestamp::from_seconds(minute * 60);
            let when = When { happened_at: t, known_at: t };
            Activity { when, kind: EventKind::ItemViewed, item: None, category: None, device }
        };
        let events = [
            event(0, None),
            event(30, Some(Device::Ios)),
            event(61, None),
            event(61, Some(Device::Web)),
            event(200, None),
        ];
        let mut out = Vec::new();
        cut_sessions(events.iter(), &mut out);
        let got: Vec<_> = out.iter().map(|s| (s.events, s.minutes().round() as i64, s.device)).collect();
        assert_eq!(got, [(2, 30, Some(Device::Ios)), (2, 0, Some(Device::Web)), (1, 0, None)]);
    }
}
