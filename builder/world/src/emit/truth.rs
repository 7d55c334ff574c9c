//! The truth, apart from the exports: who is who, what was decided, bought and liked, and who has left.

use crate::consent::cells;
use crate::json;
use crate::records::{self, Setting};

use super::{Emitter, Subject, stream};

impl Emitter<'_> {
    pub(super) fn truth(&mut self, subject: &Subject<'_>, setting: &Setting<'_>) {
        let person = subject.identity.index;
        let key = self.shuffled(&person.to_string());
        for (record, alone) in records::evidence(setting, subject.records, subject.sessions) {
            json::object(&mut self.row, |o| {
                o.text("record", &record).bare("person", person).bare("no_evidence", alone);
            });
            let key = self.shuffled(&record);
            self.send(stream::TRUTH_PEOPLE, key);
        }
        let market = subject.identity.market().code();
        for (said, (purpose, channel)) in subject.consents.truth().into_iter().zip(cells::NAMES) {
            json::object(&mut self.row, |o| {
                o.bare("person", person).text("purpose", purpose).text("channel", channel).text("market", market);
                o.bare("consents", said.is_some_and(|(yes, _)| yes));
                if let Some((_, at)) = said {
                    o.bare("decided_at", at.0);
                }
            });
            self.send(stream::TRUTH_CONSENT, key);
        }
        for (category, weight) in subject.history.tastes.iter().enumerate().filter(|(_, w)| **w > 0.0) {
            json::object(&mut self.row, |o| {
                o.bare("person", person).text("category", self.setup.catalogue.categories[category]);
                o.bare("weight", weight);
            });
            self.send(stream::TRUTH_TASTES, key);
        }
        json::object(&mut self.row, |o| {
            o.bare("person", person).bare("left", subject.history.left_at.is_some());
            if let Some(at) = subject.history.left_at {
                o.bare("left_at", at.0);
            }
            if let Some(last) = subject.history.orders.last() {
                o.bare("last_order_at", last.at.0);
            }
            o.bare("hazard_per_day", subject.history.hazard);
        });
        self.send(stream::TRUTH_CHURN, key);
        for order in &subject.history.orders {
            let number = self.setup.ids.order_number(order);
            for (line, item, _) in order.items() {
                json::object(&mut self.row, |o| {
                    o.bare("person", person).quoted("item", self.setup.catalogue.items[item as usize].id);
                    o.bare("ordered_at", order.at.0).quoted("order_number", number);
                    o.bare("quantity", line.quantity - line.returned).text("channel", order.place.name());
                    o.bare("guest", order.guest);
                });
                self.send(stream::TRUTH_PURCHASES, key);
            }
        }
    }
}
