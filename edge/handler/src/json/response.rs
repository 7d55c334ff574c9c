//! An answer as JSON.

use alloc::string::String;

use super::writer::Writer;
use crate::response::{FallbackReason, Price, Reason, ReasonKind, Recommended, Response};

/// About what an item takes, with a title.
const ITEM_BYTES: usize = 320;

impl Response {
    /// The JSON form, to the byte what serde writes of this type.
    pub fn to_json(&self) -> String {
        let mut w = Writer::with_capacity((1 + self.items.len()) * ITEM_BYTES);
        w.raw("{\"items\":").list(&self.items, item);
        w.raw(",\"as_of\":").text(&self.as_of);
        w.raw(",\"bundle\":{\"version\":").number(self.bundle.version);
        w.raw(",\"id\":").text(&self.bundle.id);
        w.raw("},\"personalised\":").raw(if self.personalised { "true" } else { "false" });
        w.raw(",\"fallback_reason\":").optional(self.fallback_reason.map(FallbackReason::name));
        w.raw(",\"request\":{\"slot\":").text(self.request.slot.name());
        w.raw(",\"market\":").text(&self.request.market);
        w.raw(",\"k\":").number(u64::from(self.request.k));
        w.raw("}}");
        w.finish()
    }
}

fn item(w: &mut Writer, item: &Recommended) {
    w.raw("{\"id\":").text(&item.id);
    w.raw(",\"score\":").float(item.score);
    let Reason { kind, item: from, title } = &item.reason;
    w.raw(",\"reason\":{\"kind\":").text(ReasonKind::name(*kind));
    w.raw(",\"item\":").optional(from.as_deref());
    w.raw(",\"title\":").optional(title.as_deref());
    w.raw("},\"title\":").optional(item.title.as_deref());
    w.raw(",\"price\":");
    Price::write(item.price.as_ref(), w);
    w.raw(",\"category\":").optional(item.category.as_deref());
    w.raw("}");
}

impl Price {
    /// Hundredths as units with two digits.
    pub fn amount_of(hundredths: u64) -> String {
        let mut text = Writer::default();
        text.number(hundredths / 100).raw(if hundredths % 100 < 10 { ".0" } else { "." }).number(hundredths % 100);
        text.finish()
    }

    /// The JSON of a price, or of none.
    pub fn write(price: Option<&Price>, w: &mut Writer) {
        match price {
            None => w.raw("null"),
            Some(price) => {
                w.raw("{\"amount\":").text(&price.amount);
                w.raw(",\"currency\":").text(&price.currency).raw("}")
            }
        };
    }
}
