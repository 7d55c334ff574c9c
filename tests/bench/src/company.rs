//! A generated company as the identity stage sees it, read from its exports without a lake.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context as _, Result};
use kenal_identity::{Basket, Resolution, Tier};
use kenal_sources::{Quiet, RowSink, SinkError, read_system};
use kenal_types::{
    AppEvent, CustomerRecord, Entity, EventKind, Order, OrderLine, Origin, RecordKey, Rejection, System,
};
use kenal_world::truth::{self, Person};

/// Customers, what they bought, and whose each record is.
#[derive(Debug, Default)]
pub struct Company {
    /// The latest version of each.
    pub customers: Vec<CustomerRecord>,
    /// By position in `customers`.
    pub baskets: Vec<(u32, Basket)>,
    /// By customer: their number in the truth, and whether the record shares evidence with another of theirs. `None` for
    /// records that are nobody's, such as a shared device.
    pub truth: Vec<Option<(u64, bool)>>,
}

#[derive(Default)]
struct Rows {
    customers: HashMap<RecordKey, CustomerRecord>,
    orders: HashMap<(System, String), Order>,
    lines: HashMap<(System, String), HashMap<String, OrderLine>>,
    purchases: Vec<AppEvent>,
}

impl RowSink for Rows {
    fn accepted(&mut self, _origin: &Origin, _raw: &[u8], entities: Vec<Entity>) -> Result<(), SinkError> {
        for entity in entities {
            match entity {
                Entity::Customer(c) => match self.customers.get_mut(&c.key) {
                    Some(known) if known.sequence > c.sequence => {}
                    Some(known) => *known = *c,
                    None => drop(self.customers.insert(c.key.clone(), *c)),
                },
                Entity::Order(o) => {
                    let key = (o.system, o.order_id.clone());
                    if self.orders.get(&key).is_none_or(|known| known.sequence <= o.sequence) {
                        self.orders.insert(key, *o);
                    }
                }
                Entity::OrderLine(l) => {
                    let lines = self.lines.entry((l.system, l.order_id.clone())).or_default();
                    lines.insert(l.line_id.clone(), *l);
                }
                Entity::Event(e) if e.kind == EventKind::Purchased => self.purchases.push(*e),
                _ => {}
            }
        }
        Ok(())
    }

    fn rejected(&mut self, _: Rejection) -> Result<(), SinkError> {
        Ok(())
    }
}

/// Precision and recall of pairs.
#[derive(Debug, Clone, Copy)]
pub struct Scores {
    pub precision: f64,
    pub recall: f64,
    /// Of pairs of records that share evidence with a record of their person.
    pub recall_with_evidence: f64,
    /// Share of the records that belong to a person.
    pub unified: f64,
}

impl Company {
    /// Reads the exports and the truth that `kenal world` wrote.
    pub fn read(world: &Path) -> Result<Company> {
        let mut rows = Rows::default();
        for system in System::ALL {
            read_system(system, &world.join(system.name()), &mut rows, &Quiet)
                .with_context(|| format!("reading {system}"))?;
        }
        let people: HashMap<RecordKey, Person> =
            truth::people(world)?.into_iter().map(|p| (p.record.clone(), p)).collect();
        let mut customers: Vec<CustomerRecord> = rows.customers.into_values().collect();
        customers.sort_unstable_by(|x, y| x.key.cmp(&y.key));
        let position: HashMap<&RecordKey, u32> =
            customers.iter().enumerate().map(|(n, c)| (&c.key, n as u32)).collect();
        let baskets = baskets(&position, &rows.orders, &rows.lines, &rows.purchases);
        let truth = customers.iter().map(|c| people.get(&c.key).map(|p| (p.person, !p.no_evidence))).collect();
        Ok(Company { customers, baskets, truth })
    }

    /// Scores a resolution of [`Company::customers`] in their order.
    pub fn score(&self, found: &Resolution) -> Scores {
        let pairs =
            |counts: HashMap<(u64, u64), u64>| counts.into_values().map(|n| n * n.saturating_sub(1) / 2).sum::<u64>();
        let mut all: [HashMap<(u64, u64), u64>; 5] = std::array::from_fn(|_| HashMap::new());
        for (record, truth) in self.truth.iter().enumerate() {
            let Some((person, evidence)) = *truth else { continue };
            let automatic = matches!(found.tiers[record], Tier::Deterministic | Tier::Probabilistic);
            let cluster = if automatic { u64::from(found.clusters[record]) } else { (1 << 40) + record as u64 };
            let mut add = |at: usize, key| *all[at].entry(key).or_default() += 1;
            add(0, (cluster, person));
            add(1, (cluster, 0));
            add(2, (person, 0));
            if evidence {
                add(3, (cluster, person));
                add(4, (person, 0));
            }
        }
        let [both, said, are, both_evident, evident] = all.map(pairs);
        let share = |part: u64, whole: u64| part as f64 / whole.max(1) as f64;
        Scores {
            precision: share(both, said),
            recall: share(both, are),
            recall_with_evidence: share(both_evident, evident),
            unified: found.report.unified_share(),
        }
    }
}

/// Orders with a customer, and what was in them.
fn baskets(
    position: &HashMap<&RecordKey, u32>,
    orders: &HashMap<(System, String), Order>,
    lines: &HashMap<(System, String), HashMap<String, OrderLine>>,
    purchases: &[AppEvent],
) -> Vec<(u32, Basket)> {
    let mut numbers: HashMap<String, u32> = HashMap::new();
    let mut number = |name: &str| {
        let next = numbers.len() as u32;
        *numbers.entry(name.to_owned()).or_insert(next)
    };
    let mut baskets = Vec::new();
    for (key, order) in orders {
        let Some(&record) = order.customer.as_ref().and_then(|c| position.get(c)) else { continue };
        let named = lines.get(key).into_iter().flat_map(HashMap::values);
        let items = named.filter_map(|l| l.sku.as_deref().or(l.item_id.as_deref())).map(&mut number).collect();
        let order_number = Some(order.number.clone());
        baskets.push((record, Basket { order_number, day: order.ordered_at.date(), items }));
    }
    let mut early: HashMap<(u32, &str), Basket> = HashMap::new();
    for event in purchases {
        let (Some(&record), Some(order)) = (position.get(&event.actor), event.order_number.as_deref()) else {
            continue;
        };
        let basket = early.entry((record, order)).or_insert_with(|| Basket {
            order_number: Some(order.to_owned()),
            day: event.happened_at.date(),
            items: Vec::new(),
        });
        basket.items.extend(event.sku.as_deref().or(event.item_id.as_deref()).map(&mut number));
    }
    baskets.extend(early.into_iter().map(|((record, _), basket)| (record, basket)));
    baskets
}
