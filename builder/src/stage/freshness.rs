//! How far each silver table is known complete: the least watermark of the systems that feed it.

use std::collections::BTreeMap;

use anyhow::Result;
use kenal_lake::{Lake, SourceWatermark};
use kenal_types::{System, Timestamp};

/// The kinds of files that feed each table, as the readers name them.
const FEEDS: [(&str, &[(System, &str)]); 5] = [
    ("silver_orders", ORDERS),
    ("silver_order_lines", ORDERS),
    ("silver_events", &[(System::App, "events")]),
    ("silver_tickets", &[(System::Zendesk, "tickets")]),
    ("silver_items", &[(System::Shopify, "products")]),
];
const ORDERS: &[(System, &str)] =
    &[(System::Shopify, "orders"), (System::Warehouse, "order lines"), (System::App, "events")];
const CUSTOMERS: &[(System, &str)] = &[
    (System::Shopify, "customers"),
    (System::Zendesk, "users"),
    (System::Salesforce, "Contact"),
    (System::Salesforce, "LoyaltyProgramMember"),
    (System::Warehouse, "customers"),
    (System::App, "events"),
];

/// How far each table is complete.
pub struct Freshness(BTreeMap<&'static str, Timestamp>);

impl Freshness {
    pub fn of(lake: &Lake) -> Result<Self> {
        Ok(Freshness::from(&lake.watermarks()?))
    }

    fn from(watermarks: &[SourceWatermark]) -> Self {
        let feeds = FEEDS.into_iter().chain([("silver_customers", CUSTOMERS)]);
        let least = |kinds: &[(System, &str)]| {
            let one = |(system, kind): &(System, &str)| {
                watermarks.iter().find(|w| w.system == *system && w.kind == *kind).and_then(|w| w.watermark)
            };
            // A source that never said how far it is leaves the table's completeness unknown.
            kinds.iter().map(one).try_fold(Timestamp(i64::MAX), |least, t| Some(least.min(t?)))
        };
        Freshness(feeds.filter_map(|(table, kinds)| Some((table, least(kinds)?))).collect())
    }

    /// `None` when one of the table's sources does not say.
    pub fn of_table(&self, table: &str) -> Option<Timestamp> {
        self.0.get(table).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_as_complete_as_the_least_of_its_sources() {
        let watermark = |system, kind: &str, s| SourceWatermark {
            system,
            kind: kind.to_owned(),
            watermark: Some(Timestamp(s)),
            files: 1,
        };
        let mut all = vec![
            watermark(System::Shopify, "orders", 5),
            watermark(System::Warehouse, "order lines", 3),
            watermark(System::App, "events", 9),
        ];
        let fresh = Freshness::from(&all);
        assert_eq!(fresh.of_table("silver_orders"), Some(Timestamp(3)));
        assert_eq!(fresh.of_table("silver_events"), Some(Timestamp(9)));
        assert_eq!(fresh.of_table("silver_tickets"), None);
        all[1].watermark = None;
        assert_eq!(Freshness::from(&all).of_table("silver_orders"), None);
    }

    #[test]
    fn every_table_a_feature_rests_on_has_its_sources() {
        let fed: Vec<&str> = FEEDS.iter().map(|(table, _)| *table).chain(["silver_customers"]).collect();
        for feature in kenal_features::registry() {
            assert!(feature.tables().all(|t| fed.contains(&t)), "{}", feature.name);
        }
    }
}
