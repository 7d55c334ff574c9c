//! What was known at a cut of everybody who permits training: read from the lake part by part, kept as what the models take.

use anyhow::{Context as _, Result};
use kenal_models::blend::History;
use kenal_models::confidence::{Confidence, Kind};
use kenal_models::interactions::{ByUser, Interactions};
use kenal_types::{PersonId, Timestamp};

use crate::stage::matter::Shopper;
use crate::stage::people::People;

/// People are numbered in the order of their ids; the same numbers at every cut.
pub struct Known {
    pub people: Vec<PersonId>,
    /// Purchases of each person, with the days since.
    pub histories: Vec<History>,
    /// c_ui, with browsing.
    pub all: Interactions,
    /// Distinct items that people bought in the days from the cut until the later moment it is measured at; of those alone
    /// who bought something.
    pub bought_later: Vec<(u32, Vec<u32>)>,
    /// Rows of purchases in the lake, whatever became of them.
    pub purchases: u64,
}

/// Of one person, as in [`Known`].
struct Person {
    person: PersonId,
    history: History,
    taste: Vec<(u32, f32)>,
    bought_later: Vec<u32>,
    purchases: u64,
}

impl Known {
    /// What was known at `cut`, and what was bought between it and `until`.
    ///
    /// # Errors
    /// The tables of the profile stage cannot be read.
    pub fn read(
        learnt: &People<'_>,
        n_items: usize,
        cut: Timestamp,
        until: Timestamp,
        confidence: &Confidence,
    ) -> Result<Known> {
        let of_part = |part| {
            let shoppers = learnt.shoppers(part)?;
            shoppers
                .get()
                .iter()
                .map(|shopper| Person::new(shopper, cut, until, confidence))
                .collect::<Result<Vec<_>>>()
        };
        learnt.in_parts(&learnt.parts(), of_part, |parts| {
            let (mut people, mut histories, mut all) = (Vec::new(), Vec::new(), ByUser::new(n_items));
            let (mut bought_later, mut purchases) = (Vec::new(), 0);
            for part in parts {
                for person in part? {
                    if !person.bought_later.is_empty() {
                        bought_later.push((people.len() as u32, person.bought_later));
                    }
                    people.push(person.person);
                    histories.push(person.history);
                    all.push(person.taste).context("counting interactions")?;
                    purchases += person.purchases;
                }
            }
            Ok(Known { people, histories, all: all.finish(), bought_later, purchases })
        })
    }

    /// Who bought what, each pair once, and minus the days since the last time, pair by pair.
    ///
    /// # Errors
    /// An item is none of the catalogue's.
    pub fn last_purchases(&self) -> Result<(Interactions, Vec<f32>)> {
        let (mut pairs, mut days) = (ByUser::new(self.all.n_items()), Vec::new());
        for history in &self.histories {
            let mut last = history.clone();
            last.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
            last.dedup_by_key(|e| e.0);
            days.extend(last.iter().map(|(_, age)| -age));
            pairs.push(last.into_iter().map(|(item, _)| (item, 1.0)).collect()).context("counting purchases")?;
        }
        Ok((pairs.finish(), days))
    }
}

impl Person {
    fn new(shopper: &Shopper, cut: Timestamp, until: Timestamp, confidence: &Confidence) -> Result<Person> {
        let bought = |at: Timestamp| shopper.purchases(at).filter(|e| e.kind == Kind::Purchase);
        let window = until.days_since(cut) as f32;
        let mut bought_later: Vec<u32> = bought(until).filter(|e| e.age_days < window).map(|e| e.item).collect();
        bought_later.sort_unstable();
        bought_later.dedup();
        Ok(Person {
            person: shopper.person,
            history: bought(cut).map(|e| (e.item, e.age_days)).collect(),
            taste: shopper.taste(cut, confidence).context("counting interactions")?,
            bought_later,
            purchases: shopper.bought.len() as u64,
        })
    }
}
