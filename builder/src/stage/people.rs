//! What everybody who permits something has done, read from the lake some people at a time.
//!
//! The profile stage writes its tables in the order of people, so the rows of some of them lie together, and a query reads
//! little more than these. Memory is that of a few parts, however many people there are.

use std::collections::BTreeSet;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use anyhow::{Context as _, Result, anyhow};
use kenal_consent::{Cell, Consented, Snapshot};
use kenal_features::Timeline;
use kenal_types::{Item, PersonId};
use serde::de::DeserializeOwned;

use super::Company;
use super::matter::{ItemNumbers, Shopper, shoppers};
use super::timelines::{GoldRows, timelines};
use crate::gold::GoldRow;

/// People of one part.
const PART: usize = 5_000;

/// First and last of some people who lie together in the order of ids.
pub type Part = (PersonId, PersonId);

/// Who permits a cell, and where what they did is read.
pub struct People<'a> {
    company: &'a Company,
    snapshot: &'a Snapshot,
    cell: Cell,
    items: ItemNumbers,
    categories: Vec<String>,
}

impl<'a> People<'a> {
    pub fn new(company: &'a Company, snapshot: &'a Snapshot, cell: Cell, items: &[Item]) -> People<'a> {
        let categories: BTreeSet<String> = items.iter().filter_map(|i| i.category.clone()).collect();
        let categories = categories.into_iter().collect();
        People { company, snapshot, cell, items: ItemNumbers::new(items), categories }
    }

    /// Timelines of a part.
    ///
    /// # Errors
    /// The tables of the profile stage cannot be read.
    pub fn timelines(&self, part: Part) -> Result<Consented<Vec<Timeline>>> {
        let rows = GoldRows {
            purchases: self.rows(part)?,
            events: self.rows(part)?,
            tickets: self.rows(part)?,
            presences: self.rows(part)?,
        };
        Ok(timelines(rows, self.snapshot, self.cell, &self.items, &self.categories))
    }

    /// What a part bought and looked at.
    ///
    /// # Errors
    /// As for [`People::timelines`].
    pub fn shoppers(&self, part: Part) -> Result<Consented<Vec<Shopper>>> {
        let shoppers = shoppers(&self.rows(part)?, &self.rows(part)?, &self.items);
        Ok(self.snapshot.admit(self.cell, shoppers).0)
    }

    /// What a part bought.
    ///
    /// # Errors
    /// As for [`People::timelines`].
    pub fn buyers(&self, part: Part) -> Result<Consented<Vec<Shopper>>> {
        let buyers = shoppers(&self.rows(part)?, &[], &self.items);
        Ok(self.snapshot.admit(self.cell, buyers).0)
    }

    /// Puts parts through `work`, on all threads, and hands what it makes of them to `take`, in their order.
    ///
    /// # Errors
    /// `work` fails, which `take` is told in the place of that part; or `take` fails.
    pub fn in_parts<T: Send, R>(
        &self,
        parts: &[Part],
        work: impl Fn(Part) -> Result<T> + Sync,
        take: impl FnOnce(&mut dyn Iterator<Item = Result<T>>) -> Result<R>,
    ) -> Result<R> {
        let threads = self.company.threads.count().min(parts.len());
        let work = &work;
        thread::scope(|scope| {
            let begin = |thread: usize| {
                // One part is waiting while the next is made.
                let (made, parts_made) = sync_channel(1);
                scope.spawn(move || {
                    for &part in parts.iter().skip(thread).step_by(threads) {
                        if made.send(work(part)).is_err() {
                            break;
                        }
                    }
                });
                parts_made
            };
            let made: Vec<Receiver<Result<T>>> = (0..threads).map(begin).collect();
            // A thread that panicked ends its parts, and must not be taken for the end of the people.
            let part = |at: usize| made[at % threads].recv().unwrap_or_else(|_| Err(anyhow!("a thread stopped")));
            take(&mut (0..parts.len()).map(part))
        })
    }

    /// Everybody, in parts by id.
    pub fn parts(&self) -> Vec<Part> {
        self.parts_of(PART)
    }

    /// As many of the parts, evenly spread, as have some `people`; all when there are no more. Ids say nothing of who
    /// somebody is, so these are people like all others.
    pub fn sample(&self, people: usize) -> Vec<Part> {
        spread(self.parts(), people / PART)
    }

    fn parts_of(&self, size: usize) -> Vec<Part> {
        let mut people: Vec<PersonId> = self.snapshot.rulings().iter().map(|ruling| ruling.person).collect();
        people.dedup();
        people.retain(|person| self.snapshot.permits(*person, self.cell));
        people.chunks(size).filter_map(|part| Some((*part.first()?, *part.last()?))).collect()
    }

    fn rows<T: GoldRow + DeserializeOwned>(&self, (first, last): Part) -> Result<Vec<T>> {
        let (first, last) = (first.to_string(), last.to_string());
        let rows = self.company.lake.read_gold_between(T::TABLE, "person", &first, &last);
        rows.with_context(|| format!("reading gold_{}; has `kenal run profile` run on this lake?", T::TABLE))
    }
}

/// At most `count` of the parts, but one at least, at equal distances.
fn spread(parts: Vec<Part>, count: usize) -> Vec<Part> {
    let step = parts.len().div_ceil(count.max(1)).max(1);
    parts.into_iter().step_by(step).collect()
}

#[cfg(test)]
mod tests {
    use anyhow::bail;
    use kenal_consent::{PersonSubject, Policy, Subject as _, decide};
    use kenal_lake::{Fingerprint, Lake};
    use kenal_types::{
        ConsentSignal, Decision, EventKind, Market, Mechanism, OrderStatus, Purpose, RecordKey, System, Timestamp,
    };

    use super::*;
    use crate::gold::{EventRow, PresenceRow, PurchaseRow, TicketRow};

    const NOW: Timestamp = Timestamp(1_790_000_000_000_000);

    /// Everybody but every fifth agrees to training.
    fn agreed(people: &[u64]) -> Snapshot {
        let key = |id: u64| RecordKey::new(System::App, format!("user/{id}"));
        let subject = |&id: &u64| PersonSubject {
            person: PersonId(id),
            doubtful: vec![],
            groups: vec![vec![key(id)]],
            markets: vec![Market::Singapore],
        };
        let signal = |(at, &id): (usize, &u64)| ConsentSignal {
            signal_id: format!("s{id}"),
            subject: key(id),
            purpose: Purpose::Train,
            channel: None,
            market: None,
            decision: if at % 5 == 0 { Decision::OptOut } else { Decision::OptIn },
            mechanism: Mechanism::PreferenceCentre,
            contact_point: None,
            decided_at: Some(NOW.plus_days(-200)),
            known_at: Some(NOW.plus_days(-200)),
            effective_to: None,
            evidence: Some("notice 1".into()),
            sequence: 1,
        };
        let subjects: Vec<PersonSubject> = people.iter().map(subject).collect();
        let signals: Vec<ConsentSignal> = people.iter().enumerate().map(signal).collect();
        decide(&subjects, &signals, NOW, &Policy::default()).snapshot
    }

    fn purchase(person: u64, n: u64) -> PurchaseRow {
        PurchaseRow {
            person: PersonId(person),
            order_number: compact_str::format_compact!("{person}-{n}"),
            system: System::Shopify,
            item_id: None,
            category: None,
            quantity: 1,
            price_sgd: 9.5,
            discount_sgd: None,
            place: None,
            happened_at: NOW.plus_days(-(n as i64) - 1),
            known_at: NOW.plus_days(-(n as i64) - 1),
            status: OrderStatus::Completed,
            voided_at: None,
            doubtful: false,
        }
    }

    fn view(person: u64) -> EventRow {
        EventRow {
            person: PersonId(person),
            kind: EventKind::ItemViewed,
            item_id: None,
            category: None,
            platform: None,
            happened_at: NOW.plus_days(-3),
            known_at: NOW.plus_days(-3),
        }
    }

    /// A lake as the profile stage leaves it: people in the order of their ids, no tickets at all.
    fn company(folder: &std::path::Path, people: &[u64]) -> Company {
        let lake = Lake::open(folder).expect("a lake");
        let print = Fingerprint::of("test").finish();
        let bought: Vec<PurchaseRow> =
            people.iter().flat_map(|&p| (0..1 + p % 3).map(move |n| purchase(p, n))).collect();
        let seen: Vec<EventRow> = people.iter().filter(|p| *p % 3 == 0).map(|&p| view(p)).collect();
        lake.write_gold(PurchaseRow::TABLE, &bought, &print).expect("written");
        lake.write_gold(EventRow::TABLE, &seen, &print).expect("written");
        lake.write_gold::<TicketRow>(TicketRow::TABLE, &[], &print).expect("written");
        lake.write_gold::<PresenceRow>(PresenceRow::TABLE, &[], &print).expect("written");
        Company::new(lake, folder.join("key"), NOW, 3).expect("a company")
    }

    #[test]
    fn parts_together_are_everybody_in_order() {
        let dir = tempfile::tempdir().expect("a folder");
        // Ids of every size, so that their order as texts is put to the test too.
        let people: Vec<u64> = (0..230u64).map(|n| if n % 2 == 0 { n } else { n << 40 | n }).collect();
        let people: Vec<u64> = std::collections::BTreeSet::from_iter(people).into_iter().collect();
        let company = company(dir.path(), &people);
        let snapshot = agreed(&people);
        let of = People::new(&company, &snapshot, Cell::TRAIN, &[]);
        let all = of.timelines(of.parts_of(usize::MAX)[0]).expect("read");
        assert!(all.get().len() > 120 && all.get().iter().all(|t| snapshot.permits(t.person(), Cell::TRAIN)));
        for size in [1, 7, 100, 1_000] {
            let each = |part| Ok(of.timelines(part)?.into_inner());
            let parts = of.in_parts(&of.parts_of(size), each, |parts| parts.collect::<Result<Vec<_>>>());
            assert!(parts.expect("read").concat() == *all.get(), "in parts of {size}");
        }
        let one = all.get()[50].person();
        assert!(*of.timelines((one, one)).expect("read").get() == all.get()[50..=50]);
        let shoppers = of.shoppers(of.parts_of(usize::MAX)[0]).expect("read");
        assert!(shoppers.get().iter().map(|s| s.person).eq(all.get().iter().map(Timeline::person)));
        let nobody = agreed(&[]);
        let nobody = People::new(&company, &nobody, Cell::TRAIN, &[]);
        assert_eq!(nobody.in_parts(&nobody.parts(), |_| Ok(()), |parts| Ok(parts.count())).expect("read"), 0);
    }

    #[test]
    fn a_sample_is_spread_over_all_parts() {
        let parts = |count: u64| (0..count).map(|n| (PersonId(n), PersonId(n))).collect::<Vec<Part>>();
        let spread = |of, count| spread(parts(of), count).into_iter().map(|(first, _)| first.0).collect::<Vec<_>>();
        assert_eq!(spread(4, 4), [0, 1, 2, 3], "all when there are no more");
        assert_eq!(spread(4, 50), [0, 1, 2, 3]);
        assert_eq!(spread(9, 3), [0, 3, 6]);
        assert_eq!(spread(10, 3), [0, 4, 8]);
        assert_eq!(spread(5, 0), [0]);
        assert_eq!(spread(0, 3), [0; 0]);
    }

    #[test]
    fn a_part_that_fails_is_told_in_its_place_and_who_takes_may_stop() {
        let dir = tempfile::tempdir().expect("a folder");
        let people: Vec<u64> = (0..100).collect();
        let company = company(dir.path(), &people);
        let snapshot = agreed(&people);
        let of = People::new(&company, &snapshot, Cell::TRAIN, &[]);
        let fails = |part| {
            let timelines = of.timelines(part)?;
            if timelines.get().iter().any(|t| t.person() == PersonId(42)) { bail!("no") } else { Ok(()) }
        };
        let tens = of.parts_of(10);
        let outcomes = of.in_parts(&tens, fails, |parts| Ok(parts.map(|p| p.is_ok()).collect::<Vec<_>>()));
        let outcomes = outcomes.expect("taken");
        assert_eq!(outcomes.iter().filter(|ok| !**ok).count(), 1);
        assert!(!outcomes[3], "{outcomes:?}: 33 of those who agreed come before");
        let first =
            of.in_parts(&tens, |part| Ok(of.timelines(part)?.get().len()), |parts| parts.next().expect("a part"));
        assert!(first.expect("taken") <= 10);
    }
}
