//! What the edge knows of each person who agreed: consent, market, churn decile, recent history, what not to show.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::{Context as _, Result};
use kenal_bundle::{File, Hash, Publisher, RowSeal, shard_bits_for};
use kenal_consent::{Cell, Snapshot};
use kenal_core::format::write::{HistoryInput, UserRowInput};
use kenal_core::limits::{AGAIN_MAX, HISTORY_MAX};
use kenal_core::{ConsentBits, ItemIdx, MarketIdx};
use kenal_models::confidence::{Confidence, Event, Kind};
use kenal_types::{Channel, PersonId, Purpose, RecordKey, System, Timestamp};
use serde::Deserialize;

use super::Tokens;
use crate::gold::{AssignmentRow, ChurnScoreRow, GoldRow as _};
use crate::stage::Company;
use crate::stage::matter::Shopper;
use crate::stage::models::ModelFiles;
use crate::stage::people::People;

/// The bits a row carries, and the cells they come from.
const BITS: [(Purpose, Channel, ConsentBits); 6] = [
    (Purpose::Personalise, Channel::Onsite, ConsentBits::PERSONALISE_ONSITE),
    (Purpose::Personalise, Channel::Push, ConsentBits::PERSONALISE_PUSH),
    (Purpose::Market, Channel::Email, ConsentBits::MARKET_EMAIL),
    (Purpose::Market, Channel::Sms, ConsentBits::MARKET_SMS),
    (Purpose::Market, Channel::Push, ConsentBits::MARKET_PUSH),
    (Purpose::Measure, Channel::Onsite, ConsentBits::MEASURE),
];

/// The items, as rows name and weigh them.
#[derive(Clone, Copy)]
pub struct Items<'a> {
    pub models: &'a ModelFiles,
    /// The bundle's index of each item number.
    pub index: &'a [ItemIdx],
}

/// One row per person.
pub struct Rows {
    rows: BTreeMap<PersonId, UserRowInput>,
}

impl Rows {
    /// Rows of everybody with a purchase or an event.
    ///
    /// # Errors
    /// The tables of the profile stage cannot be read.
    pub fn read(
        people: &People<'_>,
        snapshot: &Snapshot,
        deciles: &HashMap<PersonId, u8>,
        items: Items<'_>,
        cut: Timestamp,
    ) -> Result<Self> {
        let part = |part| rows(people.shoppers(part)?.get(), snapshot, deciles, items, cut);
        let rows = people.in_parts(&people.parts(), part, |parts| {
            let mut rows = BTreeMap::new();
            for part in parts {
                rows.extend(part?);
            }
            Ok(rows)
        })?;
        Ok(Rows { rows })
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = (PersonId, &UserRowInput)> {
        self.rows.iter().map(|(person, row)| (*person, row))
    }

    /// Everybody's names: their own id, and the ids by which pages and apps know them.
    pub fn names(&self, aliases: &Aliases) -> BTreeMap<String, PersonId> {
        self.rows.keys().flat_map(|person| aliases.of(*person).map(|name| (name, *person))).collect()
    }

    /// Makes the shards, one after the other: a person's row once under each of their names' tokens.
    pub fn write(
        &self,
        publisher: &mut Publisher,
        names: &BTreeMap<String, PersonId>,
        tokens: &Tokens,
        salt: &Hash,
        mut take: impl FnMut(File) -> Result<()>,
    ) -> Result<()> {
        let bits = shard_bits_for(names.len() as u64);
        publisher.users(bits)?;
        let mut shards: BTreeMap<u32, Vec<(RowSeal, &UserRowInput)>> = BTreeMap::new();
        for (name, person) in names {
            let (Some(token), Some(row)) = (tokens.of(name), self.rows.get(person)) else { continue };
            let seal = RowSeal::new(salt, token);
            shards.entry(seal.visitor_key().shard(bits)).or_default().push((seal, row));
        }
        for (shard, rows) in shards {
            take(publisher.shard(shard, &rows).with_context(|| format!("writing user shard {shard}"))?)?;
        }
        Ok(())
    }
}

fn rows(
    shoppers: &[Shopper],
    snapshot: &Snapshot,
    deciles: &HashMap<PersonId, u8>,
    items: Items<'_>,
    cut: Timestamp,
) -> Result<Vec<(PersonId, UserRowInput)>> {
    let Items { models, index } = items;
    let row = |shopper: &Shopper| {
        let ties = Ties::new(shopper.purchases(cut), models);
        let entry = |(item, confidence): (u32, f32)| {
            // Of what was only looked at, the confidence says how much it counts, as for events of this minute.
            let (together, again) = ties.of(item).unwrap_or((confidence.min(1.0), 0.0));
            HistoryInput { item: index[item as usize], confidence, together, again }
        };
        let taste = shopper.taste(cut, &Confidence::default())?;
        // Whatever became of the order, and however late it was known: an item once bought is not shown again.
        let bought: BTreeSet<ItemIdx> = shopper.bought.iter().map(|act| index[act.item as usize]).collect();
        let input = UserRowInput {
            consent: bits(snapshot, shopper.person),
            churn_decile: deciles.get(&shopper.person).copied(),
            market: home(snapshot, shopper.person),
            history: strongest(taste.into_iter().map(entry).collect()),
            bought: bought.into_iter().collect(),
        };
        Ok((shopper.person, input))
    };
    shoppers.iter().map(row).collect()
}

/// The churn decile of everybody who was scored.
pub fn deciles(company: &Company) -> Result<HashMap<PersonId, u8>> {
    #[derive(Deserialize)]
    struct Decile {
        person: PersonId,
        decile: u8,
    }
    let mut deciles = HashMap::new();
    company.lake.each_gold(ChurnScoreRow::TABLE, |row: Decile| {
        deciles.insert(row.person, row.decile);
        Ok(())
    })?;
    Ok(deciles)
}

/// The names of each person: their own, and those of their shop and app accounts.
#[derive(Debug, Default)]
pub struct Aliases {
    names: HashMap<PersonId, Vec<RecordKey>>,
}

impl Aliases {
    pub fn of(&self, person: PersonId) -> impl Iterator<Item = String> + '_ {
        let keys = self.names.get(&person).into_iter().flatten();
        std::iter::once(person.to_string()).chain(keys.map(ToString::to_string))
    }
}

/// Accounts that a page or an app can know its visitor by. A device is nobody's account: others may hold it.
pub fn aliases(company: &Company) -> Result<Aliases> {
    let mut aliases = Aliases::default();
    company.lake.each_gold(AssignmentRow::TABLE, |row: AssignmentRow| {
        let account = match row.record.system {
            System::Shopify => true,
            System::App => row.record.id.starts_with("user/"),
            System::Zendesk | System::Salesforce | System::Warehouse => false,
        };
        if let Some(person) = row.person.filter(|_| account) {
            aliases.names.entry(person).or_default().push(row.record);
        }
        Ok(())
    })?;
    Ok(aliases)
}

fn bits(snapshot: &Snapshot, person: PersonId) -> ConsentBits {
    BITS.into_iter().fold(ConsentBits::NONE, |bits, (purpose, channel, bit)| {
        if snapshot.permits(person, Cell { purpose, channel }) { bits.with(bit) } else { bits }
    })
}

/// The person's market; `None` when there are several, since a page knows where it is.
fn home(snapshot: &Snapshot, person: PersonId) -> Option<MarketIdx> {
    match snapshot.of(person) {
        [only] => MarketIdx::new(only.market as usize).ok(),
        _ => None,
    }
}

/// The history's strongest entries, at most as many as a row holds; ties by lower index.
fn strongest(mut history: Vec<HistoryInput>) -> Vec<HistoryInput> {
    history.sort_by(|a, b| b.confidence.total_cmp(&a.confidence).then(a.item.cmp(&b.item)));
    history.truncate(HISTORY_MAX);
    history
}

/// What a person's purchases say beside confidence: how much each item counts for what goes with it, and how much it is due
/// again.
struct Ties {
    by_item: HashMap<u32, (f32, f32)>,
}

impl Ties {
    fn new(events: impl Iterator<Item = Event>, models: &ModelFiles) -> Self {
        let mut by_item: HashMap<u32, (f32, f32)> = HashMap::new();
        for event in events.filter(|e| e.kind == Kind::Purchase) {
            let tie = by_item.entry(event.item).or_default();
            // The last purchase counts for what goes with it, every one for its own rhythm.
            tie.0 = tie.0.max(models.together(event.age_days));
            tie.1 = (tie.1 + models.again(event.item as usize, event.age_days)).min(AGAIN_MAX);
        }
        Ties { by_item }
    }

    /// Of an item, by its number; `None` when it was never bought.
    fn of(&self, item: u32) -> Option<(f32, f32)> {
        self.by_item.get(&item).copied()
    }
}
