//! What the shop expects of its data.

use std::collections::BTreeMap;

use kenal_types::System;
use serde::{Deserialize, Serialize};

/// Limits beyond which a finding is a warning or a problem.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuditConfig {
    /// How old a source's watermark may be. Beyond it is a warning, beyond twice a problem.
    pub age_hours_max: BTreeMap<System, u32>,
    /// The least share of rows in which a field is filled, by `table.field` or, which counts first,
    /// `system.table.field`. Below it is a warning, below half of it a problem. Other fields may be empty.
    pub filled_min: BTreeMap<String, f64>,
    /// Share of a field's values that may be invalid before it is a problem; any invalid value is a warning.
    pub invalid_max: f64,
    /// Tables with more rows count distinct values approximately, in fixed memory (HyperLogLog, about 2 % off).
    pub exact_distinct_rows_max: u64,
}

impl Default for AuditConfig {
    fn default() -> Self {
        // Four sources are synced nightly: a day, and six hours for the sync itself.
        let nightly = [System::Shopify, System::Zendesk, System::Salesforce, System::Warehouse].map(|s| (s, 30));
        let mut age_hours_max = BTreeMap::from(nightly);
        age_hours_max.insert(System::App, 24);
        let filled_min = [
            ("customers.name", 0.9),
            ("customers.emails", 0.9),
            ("customers.phones", 0.5),
            ("customers.country", 0.6),
            ("app.customers.name", 0.0),
            ("app.customers.emails", 0.2),
            ("app.customers.phones", 0.0),
            ("app.customers.country", 0.0),
            // Zendesk holds no addresses.
            ("zendesk.customers.country", 0.0),
            ("items.category", 0.95),
            ("variants.sku", 0.98),
            ("orders.customer", 0.5),
            ("order_lines.sku", 0.95),
        ];
        AuditConfig {
            age_hours_max,
            filled_min: filled_min.map(|(field, share)| (field.to_owned(), share)).into(),
            invalid_max: 0.05,
            exact_distinct_rows_max: 1_000_000,
        }
    }
}

impl AuditConfig {
    /// The expectation for a field; 0 when it may be empty.
    pub(crate) fn filled_min(&self, system: System, table: &str, field: &str) -> f64 {
        let own = self.filled_min.get(&format!("{system}.{table}.{field}"));
        own.or_else(|| self.filled_min.get(&format!("{table}.{field}"))).copied().unwrap_or(0.0)
    }
}
