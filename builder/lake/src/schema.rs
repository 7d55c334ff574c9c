//! The fixed tables' columns: what Spark, Python and SQL see.
//!
//! A silver table holds the fields of its row in `kenal-types`, under the same names, and then where the row came
//! from ([`provenance`]). Nothing is normalised here.

use serde::Serialize;
use serde::de::DeserializeOwned;

use kenal_types::{AppEvent, ConsentSignal, CustomerRecord, Item, Order, OrderLine, Ticket, Variant};

use crate::columns::Columns;
use crate::layout::{self, TableName};

/// A row type that has a silver table.
pub trait SilverRow: Serialize + DeserializeOwned {
    /// Name of the table, without its layer.
    const TABLE: &'static str;
    /// What two versions of the same thing within one system have in common.
    const KEY: &'static [&'static str];
    /// Orders the versions of one thing: the first one counts. Ties of the source's own sequence go to what was
    /// ingested later.
    const NEWEST_FIRST: &'static str = "sequence DESC, ingest DESC, ordinal DESC";
    /// The fields of the type, in the order of its definition.
    fn columns() -> Columns;
}

impl SilverRow for CustomerRecord {
    const TABLE: &'static str = layout::CUSTOMERS;
    const KEY: &'static [&'static str] = &["key"];
    fn columns() -> Columns {
        let contact_point = || Columns::new().text("value").flag("verified").flag("shared");
        Columns::new()
            .text("key")
            .text("given_name")
            .text("family_name")
            .text("full_name")
            .groups("emails", contact_point())
            .groups("phones", contact_point())
            .day("birth_date")
            .text("street")
            .text("city")
            .text("postcode")
            .text("country")
            .text("market")
            .text("language")
            .texts("devices")
            .texts("external_ids")
            .group("loyalty", Columns::new().text("number").text("status").day("enrolled_on"))
            .text("merged_into")
            .flag("deleted")
            .flag("erase")
            .time("created_at")
            .time("updated_at")
            .int("sequence")
    }
}

impl SilverRow for Item {
    const TABLE: &'static str = layout::ITEMS;
    const KEY: &'static [&'static str] = &["item_id"];
    fn columns() -> Columns {
        Columns::new()
            .text("item_id")
            .text("title")
            .text("vendor")
            .text("category")
            .texts("tags")
            .flag("active")
            .time("updated_at")
            .int("sequence")
    }
}

impl SilverRow for Variant {
    const TABLE: &'static str = layout::VARIANTS;
    const KEY: &'static [&'static str] = &["variant_id"];
    const NEWEST_FIRST: &'static str = "ingest DESC, ordinal DESC";
    fn columns() -> Columns {
        Columns::new().text("variant_id").text("item_id").text("sku").int("price").int("stock")
    }
}

impl SilverRow for Order {
    const TABLE: &'static str = layout::ORDERS;
    const KEY: &'static [&'static str] = &["order_id"];
    fn columns() -> Columns {
        Columns::new()
            .text("system")
            .text("order_id")
            .text("number")
            .text("customer")
            .text("email")
            .text("phone")
            .time("ordered_at")
            .time("known_at")
            .text("market")
            .text("currency")
            .int("total")
            .text("status")
            .text("device")
            .int("sequence")
    }
}

impl SilverRow for OrderLine {
    const TABLE: &'static str = layout::ORDER_LINES;
    const KEY: &'static [&'static str] = &["order_id", "line_id"];
    fn columns() -> Columns {
        Columns::new()
            .text("system")
            .text("order_id")
            .text("line_id")
            .text("item_id")
            .text("sku")
            .text("title")
            .int("quantity")
            .int("unit_price")
            .int("discount")
            .int("sequence")
    }
}

impl SilverRow for Ticket {
    const TABLE: &'static str = layout::TICKETS;
    const KEY: &'static [&'static str] = &["ticket_id"];
    fn columns() -> Columns {
        Columns::new()
            .text("ticket_id")
            .text("requester")
            .text("channel")
            .text("priority")
            .text("status")
            .text("satisfaction")
            .texts("tags")
            .time("created_at")
            .time("updated_at")
            .int("sequence")
    }
}

impl SilverRow for AppEvent {
    const TABLE: &'static str = layout::EVENTS;
    /// An event received again has the same message id and payload but other times, since both hang on when it was
    /// sent; the same message id with another payload is another event. `part` keeps apart the products of one order.
    const KEY: &'static [&'static str] = &[
        "message_id",
        "part",
        "kind",
        "actor",
        "device",
        "item_id",
        "sku",
        "order_number",
        "quantity",
        "market",
        "platform",
    ];
    /// Of copies, the one that was known first.
    const NEWEST_FIRST: &'static str = "known_at, ingest, ordinal";
    fn columns() -> Columns {
        Columns::new()
            .text("message_id")
            .text("kind")
            .text("actor")
            .text("device")
            .time("happened_at")
            .time("known_at")
            .text("item_id")
            .text("sku")
            .text("order_number")
            .int("quantity")
            .text("market")
            .text("platform")
    }
}

impl SilverRow for ConsentSignal {
    const TABLE: &'static str = layout::CONSENTS;
    const KEY: &'static [&'static str] = &["signal_id"];
    fn columns() -> Columns {
        Columns::new()
            .text("signal_id")
            .text("subject")
            .text("purpose")
            .text("channel")
            .text("market")
            .text("decision")
            .text("mechanism")
            .text("contact_point")
            .time("decided_at")
            .time("known_at")
            .time("effective_to")
            .text("evidence")
            .int("sequence")
    }
}

/// Where a silver row came from; follows the row's own columns.
///
/// `system` (unless the row has it), `file` and `line` of the export, `part` (which of the line's rows of this kind,
/// from 0), `ingest` (number of the system's ingest, from 1), `ordinal` (position within the ingest, from 0).
pub(crate) fn provenance(own: &Columns) -> Columns {
    let system = if own.has("system") { Columns::new() } else { Columns::new().text("system") };
    system.chain(Columns::new().text("file").int("line").int("part").int("ingest").int("ordinal"))
}

fn silver<T: SilverRow>() -> Columns {
    let own = T::columns();
    let provenance = provenance(&own);
    own.chain(provenance)
}

/// A row as received: `kind` names the first entity it became, null when it only completes others.
pub(crate) fn received() -> Columns {
    Columns::new().text("file").int("line").text("kind").int("ingest").bytes("raw")
}

/// A row that could not be used. `ingest` and `first_seen_at` are those of the ingest that met it first: a row's
/// file is read once, so it is listed once.
pub(crate) fn dead_letters() -> Columns {
    Columns::new()
        .text("system")
        .text("file")
        .int("line")
        .text("field")
        .text("reason")
        .text("detail")
        .int("ingest")
        .time("first_seen_at")
        .bytes("raw")
}

/// A file that was read; see [`crate::FileOutcome`].
pub(crate) fn files() -> Columns {
    Columns::new()
        .text("system")
        .text("file")
        .text("kind")
        .text("blake3")
        .int("bytes")
        .int("read")
        .int("accepted")
        .int("rejected")
        .time("watermark")
        .text("status")
        .text("reason")
        .int("ingest")
        .time("ingested_at")
}

/// The columns of one of [`TableName::fixed`].
pub(crate) fn of(table: &TableName) -> Columns {
    match (table.layer, table.name.as_str()) {
        (layout::Layer::Silver, layout::CUSTOMERS) => silver::<CustomerRecord>(),
        (layout::Layer::Silver, layout::ITEMS) => silver::<Item>(),
        (layout::Layer::Silver, layout::VARIANTS) => silver::<Variant>(),
        (layout::Layer::Silver, layout::ORDERS) => silver::<Order>(),
        (layout::Layer::Silver, layout::ORDER_LINES) => silver::<OrderLine>(),
        (layout::Layer::Silver, layout::TICKETS) => silver::<Ticket>(),
        (layout::Layer::Silver, layout::EVENTS) => silver::<AppEvent>(),
        (layout::Layer::Silver, layout::CONSENTS) => silver::<ConsentSignal>(),
        (layout::Layer::Bronze, layout::DEAD_LETTERS) => dead_letters(),
        (layout::Layer::Bronze, layout::FILES) => files(),
        _ => received(),
    }
}
