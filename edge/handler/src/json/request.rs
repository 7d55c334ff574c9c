//! A request out of its JSON.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::reader::{Reader, Wrong, whole};
use crate::error::RequestError;
use crate::request::{Consent, LiveEvent, LiveKind, Request, Slot};
use crate::response::FallbackReason;

const FIELDS: [&str; 16] = [
    "visitor",
    "market",
    "k",
    "slot",
    "item",
    "category",
    "not_categories",
    "price_bands",
    "pins",
    "diversity",
    "consent",
    "gpc",
    "now",
    "events",
    "exclude",
    "fallback",
];
const MARKET: usize = 1;
const NOW: usize = 12;
const EVENT_FIELDS: [&str; 3] = ["item", "kind", "time"];

/// Reads the form that [`Request`] describes; limits are not checked.
pub(crate) fn read_request(json: &[u8]) -> Result<Request, RequestError> {
    whole(json, |reader| {
        let mut request = Request::new(String::new(), 0);
        let seen = reader.object("struct Request", &FIELDS, &mut |reader, field| set(&mut request, reader, field))?;
        match [MARKET, NOW].into_iter().find(|field| seen >> field & 1 == 0) {
            Some(missing) => Err(reader.missing(FIELDS.get(missing).copied().unwrap_or_default())),
            None => Ok(request),
        }
    })
}

fn set(request: &mut Request, reader: &mut Reader<'_>, field: usize) -> Result<(), Wrong> {
    match field {
        0 => request.visitor = visitor(reader)?,
        MARKET => request.market = text(reader)?,
        2 => request.k = reader.integer("u32")?,
        3 => request.slot = variant(reader, &Slot::ALL, Slot::name)?,
        4 => request.item = optional(reader, text)?,
        5 => request.category = optional(reader, text)?,
        6 => request.not_categories = texts(reader)?,
        7 => request.price_bands = optional(reader, price_bands)?,
        8 => request.pins = texts(reader)?,
        9 => request.diversity = reader.float()?,
        10 => request.consent = variant(reader, &Consent::ALL, Consent::name)?,
        11 => request.gpc = reader.boolean()?,
        NOW => request.now = reader.integer("i64")?,
        13 => {
            reader.list(&mut |reader| {
                request.events.push(event(reader)?);
                Ok(())
            })?;
        }
        14 => request.exclude = texts(reader)?,
        _ => request.fallback = optional(reader, |reader| variant(reader, &FallbackReason::ALL, FallbackReason::name))?,
    }
    Ok(())
}

/// Of an account number that is sent as a number, the refusal does not say the number: messages are logged.
fn visitor(reader: &mut Reader<'_>) -> Result<Option<String>, Wrong> {
    if reader.is_plain() {
        return Err(reader.refuse("visitor is not a text"));
    }
    optional(reader, |reader| reader.text("a text").map(Cow::into_owned))
}

fn event(reader: &mut Reader<'_>) -> Result<LiveEvent, Wrong> {
    let mut event = LiveEvent { item: String::new(), kind: LiveKind::View, time: 0 };
    let seen = reader.object("struct LiveEvent", &EVENT_FIELDS, &mut |reader, field| {
        match field {
            0 => event.item = text(reader)?,
            1 => event.kind = variant(reader, &LiveKind::ALL, LiveKind::name)?,
            _ => event.time = reader.integer("i64")?,
        }
        Ok(())
    })?;
    match EVENT_FIELDS.get(seen.trailing_ones() as usize) {
        Some(missing) => Err(reader.missing(missing)),
        None => Ok(event),
    }
}

fn price_bands(reader: &mut Reader<'_>) -> Result<(u8, u8), Wrong> {
    let mut bands = [0u8; 2];
    let mut count = 0;
    reader.list(&mut |reader| {
        let band = reader.integer("u8")?;
        let Some(slot) = bands.get_mut(count) else { return Err(reader.refuse("more than two price bands")) };
        *slot = band;
        count += 1;
        Ok(())
    })?;
    let [first, last] = bands;
    if count == bands.len() { Ok((first, last)) } else { Err(reader.refuse("fewer than two price bands")) }
}

fn optional<'a, T>(
    reader: &mut Reader<'a>,
    read: impl FnOnce(&mut Reader<'a>) -> Result<T, Wrong>,
) -> Result<Option<T>, Wrong> {
    if reader.null() { Ok(None) } else { read(reader).map(Some) }
}

fn text(reader: &mut Reader<'_>) -> Result<String, Wrong> {
    Ok(reader.text("a string")?.into_owned())
}

fn texts(reader: &mut Reader<'_>) -> Result<Vec<String>, Wrong> {
    let mut texts = Vec::new();
    reader.list(&mut |reader| {
        texts.push(text(reader)?);
        Ok(())
    })?;
    Ok(texts)
}

/// The one of `all` that a text names.
fn variant<T: Copy, const N: usize>(
    reader: &mut Reader<'_>,
    all: &[T; N],
    name: fn(T) -> &'static str,
) -> Result<T, Wrong> {
    let at = reader.variant(&all.map(name))?;
    all.get(at).copied().ok_or_else(|| reader.refuse("unknown variant"))
}
