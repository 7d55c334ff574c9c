//! Timelines of everybody who permits something, read from the lake some people at a time.
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
use super::matter::ItemNumbers;
use super::timelines::{GoldRows, timelines};
use crate::gold::GoldRow;

/// People of one part.
const PART: usize = 20_000;

/// Who permits a cell, and where their timelines are read.
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

    /// Everybody at once.
    ///
    /// # Errors
    /// The tables of the profile stage cannot be read.
    pub fn all(&self) -> Result<Consented<Vec<Timeline>>> {
        match self.parts(usize::MAX).first() {
            Some(&(first, last)) => self.between(first, last),
            None => Ok(self.snapshot.admit(self.cell, Vec::new()).0),
        }
    }

    /// Those from `first` to `last`, by id.
    ///
    /// # Errors
    /// As for [`People::all`].
    pub fn between(&self, first: PersonId, last: PersonId) -> Result<Consented<Vec<Timeline>>> {
        let rows = GoldRows {
            purchases: self.rows(first, last)?,
            events: self.rows(first, last)?,
            tickets: self.rows(first, last)?,
            presences: self.rows(first, last)?,
        };
        Ok(timelines(rows, self.snapshot, self.cell, &self.items, &self.categories))
    }

    /// Puts all parts through `work`, on all threads, and hands what it makes of them to `take`, in the order of people.
    ///
    /// # Errors
    /// Reading or `work` fails, which `take` is told in the place of that part; or `take` fails.
    pub fn in_parts<T: Send, R>(
        &self,
        work: impl Fn(Consented<Vec<Timeline>>) -> Result<T> + Sync,
        take: impl FnOnce(&mut dyn Iterator<Item = Result<T>>) -> Result<R>,
    ) -> Result<R> {
        let parts = self.parts(PART);
        let threads = self.company.threads.count().min(parts.len());
        let (work, parts) = (&work, &parts);
        thread::scope(|scope| {
            let begin = |thread: usize| {
                // One part is waiting while the next is made.
                let (made, parts_made) = sync_channel(1);
                scope.spawn(move || {
                    for &(first, last) in parts.iter().skip(thread).step_by(threads) {
                        if made.send(self.between(first, last).and_then(work)).is_err() {
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

    fn rows<T: GoldRow + DeserializeOwned>(&self, first: PersonId, last: PersonId) -> Result<Vec<T>> {
        let (first, last) = (first.to_string(), last.to_string());
        let rows = self.company.lake.read_gold_between(T::TABLE, "person", &first, &last);
        rows.with_context(|| format!("reading gold_{}; has `kenal run profile` run on this lake?", T::TABLE))
    }

    /// First and last of each part.
    fn parts(&self, size: usize) -> Vec<(PersonId, PersonId)> {
        let mut people: Vec<PersonId> = self.snapshot.rulings().iter().map(|ruling| ruling.person).collect();
        people.dedup();
        people.retain(|person| self.snapshot.permits(*person, self.cell));
        people.chunks(size).filter_map(|part| Some((*part.first()?, *part.last()?))).collect()
    }
}
