//! Random people for the tests of this crate, drawn from a seed that each test prints when it fails.

use kenal_features::{
    Activity, Device, Loyalty, LoyaltyStatus, Presence, Profile, Purchase, Rating, TicketFact, Timeline, When,
};
use kenal_types::{EventKind, Market, PersonId, System, TicketChannel, TicketPriority, Timestamp};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// Days that elements are spread over.
pub const DAYS: i64 = 500;

/// The parts of a timeline, before it is one.
#[derive(Debug, Clone)]
pub struct Parts {
    pub person: PersonId,
    pub purchases: Vec<Purchase>,
    pub tickets: Vec<TicketFact>,
    pub activities: Vec<Activity>,
    pub profile: Profile,
}

impl Parts {
    pub fn timeline(self) -> Timeline {
        Timeline::new(self.person, self.purchases, self.tickets, self.activities, self.profile)
    }
}

/// Midnight of the given day, 2023 onwards.
pub fn day(n: i64) -> Timestamp {
    Timestamp::from_seconds(1_672_531_200).plus_days(n)
}

fn when(random: &mut Pcg64Mcg, earliest_s: i64) -> When {
    let happened_at = Timestamp::from_seconds(day(0).seconds() + earliest_s.max(random.random_range(0..DAYS * 86_400)));
    // Mostly minutes, sometimes the nightly load, sometimes an offline queue of days.
    let lag_s = [60, 60, 86_400, 5 * 86_400][random.random_range(0..4u64) as usize];
    When { happened_at, known_at: Timestamp(happened_at.0 + random.random_range(0..lag_s * Timestamp::US_PER_S)) }
}

fn later(random: &mut Pcg64Mcg, than: When, days: i64) -> When {
    let happened_at = Timestamp(than.happened_at.0 + random.random_range(0..days * Timestamp::US_PER_DAY));
    When { happened_at, known_at: Timestamp(happened_at.0 + random.random_range(0..2 * Timestamp::US_PER_DAY)) }
}

fn pick<T: Copy>(random: &mut Pcg64Mcg, all: &[T]) -> T {
    all[random.random_range(0..all.len() as u64) as usize]
}

fn maybe<T>(random: &mut Pcg64Mcg, chance: f64, value: impl FnOnce(&mut Pcg64Mcg) -> T) -> Option<T> {
    (random.random::<f64>() < chance).then(|| value(random))
}

/// Somebody with up to `most` orders and as many visits.
pub fn person(seed: u64, most: u64) -> Parts {
    let random = &mut Pcg64Mcg::seed_from_u64(seed);
    let mut purchases = Vec::new();
    for order in 0..random.random_range(0..=most) as u32 {
        let when = when(random, 0);
        let (device, voided) =
            (maybe(random, 0.8, |r| pick(r, &Device::ALL)), maybe(random, 0.1, |r| later(r, when, 9)));
        for _ in 0..random.random_range(1..5u64) {
            purchases.push(Purchase {
                when,
                order,
                item: maybe(random, 0.9, |r| r.random_range(0..40u32)),
                category: maybe(random, 0.9, |r| r.random_range(0..6u32) as u16),
                quantity: if random.random::<f64>() < 0.08 { -1 } else { random.random_range(1..4u32) as i32 },
                price_sgd: random.random_range(100..20_000u32) as f32 / 100.0,
                discount_sgd: maybe(random, 0.7, |r| [0.0, 0.25, 0.9][r.random_range(0..3u64) as usize]),
                device,
                voided,
            });
        }
    }
    let mut tickets = Vec::new();
    for _ in 0..random.random_range(0..3u64) {
        let when = when(random, 0);
        tickets.push(TicketFact {
            when,
            channel: pick(random, &[TicketChannel::Email, TicketChannel::Phone, TicketChannel::Chat]),
            priority: pick(random, &[TicketPriority::Normal, TicketPriority::Urgent]),
            escalated: maybe(random, 0.2, |r| later(r, when, 5)),
            solved: maybe(random, 0.7, |r| later(r, when, 20)),
            rating: maybe(random, 0.5, |r| Rating { when: later(r, when, 30), good: r.random() }),
        });
    }
    let mut activities = Vec::new();
    for _ in 0..random.random_range(0..=most) {
        let start = when(random, 0);
        let device = maybe(random, 0.9, |r| pick(r, &Device::ALL[..3]));
        for step in 0..random.random_range(1..8u64) as i64 {
            let shift = step * 200 * Timestamp::US_PER_S;
            activities.push(Activity {
                when: When {
                    happened_at: Timestamp(start.happened_at.0 + shift),
                    known_at: Timestamp(start.known_at.0 + shift),
                },
                kind: pick(random, &KINDS),
                item: maybe(random, 0.7, |r| r.random_range(0..40u32)),
                category: maybe(random, 0.7, |r| r.random_range(0..6u32) as u16),
                device,
            });
        }
    }
    let profile = Profile {
        presences: (0..random.random_range(0..5u64))
            .map(|_| Presence {
                when: when(random, 0),
                system: pick(random, &System::ALL),
                market: maybe(random, 0.9, |r| pick(r, &Market::ALL)),
            })
            .collect(),
        loyalty: maybe(random, 0.5, |r| {
            let joined = when(r, 0);
            let status = maybe(r, 0.8, |r| LoyaltyStatus { when: later(r, joined, 200), active: r.random() });
            Loyalty { joined, status }
        }),
    };
    Parts { person: PersonId(seed), purchases, tickets, activities, profile }
}

const KINDS: [EventKind; 8] = [
    EventKind::ItemViewed,
    EventKind::ItemViewed,
    EventKind::Searched,
    EventKind::CartAdded,
    EventKind::CartRemoved,
    EventKind::WishlistAdded,
    EventKind::CheckoutStarted,
    EventKind::ScreenViewed,
];

/// Bits, so that NaN equals itself.
pub fn bits(row: &[f32]) -> Vec<u32> {
    row.iter().map(|v| v.to_bits()).collect()
}
