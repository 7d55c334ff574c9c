//! The in-house warehouse: one row for each address and number somebody has had, and lines of all orders. Rows are
//! JSON here; the writer turns them into Parquet by schema.

use kenal_types::{Market, Timestamp};

use crate::catalogue::price_in;
use crate::consent::{Form, Holder};
use crate::dice::Dice;
use crate::json;
use crate::orders::{Order, Outcome, Place, What};
use crate::rates::{self, Defect};
use crate::records::Record;

use super::{Emitter, Subject, stream, time_key};

const BROKEN_CUSTOMER: [(&str, &str); 2] =
    [("\"customer_id\":", "\"was\":"), ("\"updated_at\":", "\"was_updated_at\":")];
const BROKEN_LINE: [(&str, &str); 2] = [("\"order_no\":", "\"was\":"), ("\"quantity\":", "\"count\":")];

/// An opt-in with its date, as one of the two pairs of columns has it.
type OptIn = Option<(bool, Timestamp)>;

impl Emitter<'_> {
    pub(super) fn warehouse(&mut self, subject: &Subject<'_>, dice: &mut Dice) {
        for (at, row) in subject.records.warehouse.iter().enumerate() {
            if at > 0 {
                self.counts.add(Defect::WarehouseDuplicate);
            }
            self.warehouse_customer(subject, row, at == 0, dice);
        }
        let market = subject.identity.market();
        for order in &subject.history.orders {
            let customer = (!order.guest).then(|| subject.records.warehouse_at(order.at).id.as_str());
            self.warehouse_order(order, market, customer, dice);
        }
    }

    /// The two opt-ins share a column for their source, so a bulk load overwrites both.
    fn opt_ins(&mut self, subject: &Subject<'_>, main: bool) -> (OptIn, OptIn, Option<&'static str>) {
        let consents = subject.consents;
        let told = |form| {
            let act = consents.last(Holder::Warehouse, |f| f == form).filter(|_| main);
            act.map(|a| (a.yes != 0, a.at))
        };
        let (personalise, market) = (told(Form::WarehousePersonalisation), told(Form::WarehouseMarketing));
        match consents.imported {
            // A bulk load does not touch a row on which somebody has said no.
            Some(at) if [personalise, market].into_iter().flatten().all(|(yes, _)| yes) => {
                self.counts.add(Defect::ImportedOptIn);
                (Some((true, at)), Some((true, at)), Some("import"))
            }
            _ if personalise.is_none() && market.is_none() => (None, None, None),
            _ => {
                (personalise, market, Some(if subject.identity.index.is_multiple_of(4) { "agent" } else { "checkbox" }))
            }
        }
    }

    fn warehouse_customer(&mut self, subject: &Subject<'_>, row: &Record, main: bool, dice: &mut Dice) {
        self.count_slips(row);
        let (personalise, market, source) = self.opt_ins(subject, main);
        let identity = subject.identity;
        let home = &identity.household.address;
        let said = [personalise, market].into_iter().flatten().map(|(_, at)| at);
        let updated = said.fold(row.updated_at, Timestamp::max);
        let last_seen = if main { updated } else { row.created_at.max(subject.history.joined) };
        json::object(&mut self.row, |o| {
            o.text("customer_id", &row.id).text("full_name", &row.name.full).maybe("email", row.email.as_deref());
            o.maybe("phone", row.phone.as_deref());
            if let Some(birth) = row.birth {
                o.bare("birth_date", birth.0);
            }
            if let Some(short) = row.address {
                o.text("street", &home.street(short)).text("city", home.city).text("postcode", &home.postcode);
                o.text("country", identity.market().name());
            }
            o.bare("first_seen_at", row.created_at.0).bare("last_seen_at", last_seen.0);
            o.bare("updated_at", updated.0);
            for (name, value) in [("marketing_opt_in", market), ("personalisation_opt_in", personalise)] {
                if let Some((yes, at)) = value {
                    o.bare(name, yes).bare(&format!("{name}_at"), at.0);
                }
            }
            o.maybe("opt_in_source", source);
        });
        let key = self.shuffled(&row.id);
        self.send_breakable(stream::WAREHOUSE_CUSTOMERS, key, BROKEN_CUSTOMER, false, dice);
    }

    /// Lines as they were ordered, and, loaded on a later night, what came back.
    pub(super) fn warehouse_order(&mut self, order: &Order, market: Market, customer: Option<&str>, dice: &mut Dice) {
        let clock = self.setup.clock;
        let number = self.setup.ids.order_number(order);
        // What would be loaded after the export is loaded in time: each order is in some export, so that nobody can
        // be blamed for not knowing of it.
        let late = dice.chance(rates::LATE_LOAD) && clock.load(order.at, number, 1) <= clock.now;
        if late {
            self.counts.add(Defect::LateLoad);
        }
        if order.guest && order.place == Place::Store {
            self.counts.add(Defect::GuestOrder);
        }
        let loaded = clock.load(order.at, number, i64::from(late));
        let back = match order.outcome {
            Outcome::Completed => None,
            Outcome::Cancelled(at) | Outcome::Returned(at) => Some(clock.load(at, number, 1).max(loaded)),
        };
        let back = back.filter(|at| *at <= clock.now);
        let cancelled = back.is_some() && matches!(order.outcome, Outcome::Cancelled(_));
        for (at, line) in order.lines.iter().enumerate() {
            let status = if cancelled { "cancelled" } else { "completed" };
            self.order_line(order, market, customer, (at, line.quantity, status), loaded);
            self.send_breakable(stream::WAREHOUSE_LINES, time_key(loaded), BROKEN_LINE, false, dice);
        }
        let Some(back) = back.filter(|_| !cancelled) else { return };
        for (at, line) in order.lines.iter().enumerate().filter(|(_, l)| l.returned > 0) {
            self.order_line(order, market, customer, (at, -line.returned, "returned"), back);
            self.send(stream::WAREHOUSE_LINES, time_key(back));
        }
    }

    fn order_line(
        &mut self,
        order: &Order,
        market: Market,
        customer: Option<&str>,
        (at, quantity, status): (usize, i64, &str),
        loaded: Timestamp,
    ) {
        let line = &order.lines[at];
        let number = self.setup.ids.order_number(order);
        let line_no = if quantity < 0 { 1000 + at } else { at } + 1;
        let (sku, description) = match line.what {
            What::Item { item, variant } => {
                let item = &self.setup.catalogue.items[item as usize];
                (item.sku(variant), item.title.as_str())
            }
            What::Custom(code) => (code.to_owned(), code),
        };
        // The number first: rows of one load are sorted by their bytes, and lines of an order must stay together.
        json::object(&mut self.row, |o| {
            o.quoted("order_no", number).bare("line_no", format_args!("{line_no:>5}")).maybe("customer_id", customer);
            o.bare("ordered_at", order.at.0).bare("loaded_at", loaded.0).text("channel", order.place.name());
            o.text("country", market.name()).text("currency", market.currency().code());
            o.text("sku", &sku).text("description", description).bare("quantity", quantity);
            o.quoted("unit_price", price_in(market, line.pence)).text("status", status);
        });
    }
}
