//! Random requests: lawful ones over the shop's own words, so that most of them reach the ranking, and their JSON,
//! damaged as text.

use kenal_edge::{Consent, FallbackReason, LiveEvent, LiveKind, Request, Slot};

use crate::dice::Dice;
use crate::shop::{self, NOW, visitors};
use crate::world::{VISITORS, world};

/// Pieces of JSON that readers stumble over.
const PIECES: [&str; 34] = [
    "null",
    "true",
    "-0",
    "-0.0",
    "1e999",
    "1e-999",
    "0.1e1",
    "00",
    "18446744073709551616",
    "-9223372036854775808",
    "9223372036854775807",
    "9223372036854775808",
    "4294967296",
    "256",
    "-1",
    "\"\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"\\udc00\\ud800\"",
    "\"\u{fffd}\u{10ffff}\"",
    "[]",
    "{}",
    "[[[[[[[[[[[[[[[[",
    "{\"a\":{\"a\":{\"a\":{",
    "[0,255]",
    "[255,0]",
    "[1]",
    ",",
    ":",
    "\"",
    "\\",
    " at line ",
    "\"visitor\":\"visitor-another\",",
    "\"fallback\":\"core_failed\",",
];

/// A request that the shop understands, mostly.
pub fn request(dice: &mut Dice) -> Request {
    loop {
        let request = any_request(dice);
        if world().edge.check(&request).is_ok() || dice.one_in(12) {
            return request;
        }
    }
}

fn any_request(dice: &mut Dice) -> Request {
    let mut request = Request::new(dice.pick(&["SG", "SG", "MY", "TH", "ID", "PH"]), now(dice));
    request.visitor = (!dice.one_in(4)).then(|| dice.pick(&VISITORS).to_owned());
    request.k = dice.pick(&[12, 12, 1, 2, 5, 20, 49, 50, 51, 0, u32::MAX]);
    request.slot = dice.pick(&[Slot::Home, Slot::Product, Slot::Cart, Slot::Again]);
    request.item = (!dice.one_in(3)).then(|| item(dice));
    request.category = dice.one_in(4).then(|| category(dice));
    request.not_categories = many(dice, 17, category);
    request.price_bands = dice.one_in(5).then(|| (dice.below(6) as u8, (dice.bits() as u8) >> dice.below(8)));
    request.pins = many(dice, 9, item);
    request.diversity = dice.pick(&[0.0, 0.0, 0.0, 0.3, 1.0, -0.0, 1e-45, 1.1]);
    request.consent = dice.pick(&[Consent::Granted, Consent::Granted, Consent::Denied, Consent::Unset]);
    request.gpc = dice.one_in(12);
    let events = dice.pick(&[0, 1, 3, 10, 64, 65]);
    request.events = (0..dice.below(events + 1)).map(|_| event(dice, request.now)).collect();
    request.exclude = many(dice, 201, item);
    request.fallback = dice.one_in(20).then_some(FallbackReason::ShardUnreadable);
    request
}

fn many(dice: &mut Dice, most: usize, one: fn(&mut Dice) -> String) -> Vec<String> {
    let most = if dice.one_in(8) { most } else { 2 * usize::from(dice.one_in(3)) };
    (0..dice.below(most + 1)).map(|_| one(dice)).collect()
}

fn item(dice: &mut Dice) -> String {
    match dice.below(12) {
        0 => String::new(),
        1 => "i".repeat(dice.below(130)),
        2 => dice.pick(&VISITORS).to_owned(),
        _ => shop::id(dice.below(62)),
    }
}

fn category(dice: &mut Dice) -> String {
    if dice.one_in(12) { "Sofas".to_owned() } else { dice.pick(&shop::CATEGORIES).to_owned() }
}

fn now(dice: &mut Dice) -> i64 {
    match dice.below(8) {
        0 => dice.pick(&[0, -1, i64::MIN, i64::MAX, NOW - 10 * 86_400, NOW + 40 * 86_400]),
        _ => NOW + dice.below(4000) as i64,
    }
}

fn event(dice: &mut Dice, now: i64) -> LiveEvent {
    let kind = dice.pick(&[LiveKind::View, LiveKind::View, LiveKind::Cart, LiveKind::Remove, LiveKind::Purchase]);
    let time = match dice.below(10) {
        0 => dice.pick(&[0, -1, i64::MIN, i64::MAX]),
        1 => now.saturating_add(dice.below(400) as i64),
        _ => now.saturating_sub(dice.below(7200) as i64),
    };
    // Few items half of the time, so that several events are of one.
    let items = dice.pick(&[5, 61]);
    LiveEvent { item: shop::id(dice.below(items)), kind, time }
}

/// The JSON of a request, as it is or damaged.
pub fn json(dice: &mut Dice) -> Vec<u8> {
    let request = request(dice);
    let mut text = serde_json::to_string(&request).expect("plain values").into_bytes();
    match dice.below(6) {
        0 => dice.damage(&mut text, &[visitors::SHIRTS.as_bytes(), b"\"events\":[", b"\\u00"]),
        1 | 2 => {
            for _ in 0..=dice.below(3) {
                puncture(dice, &mut text);
            }
        }
        _ => {}
    }
    text
}

/// Puts a piece of JSON in the place of one value, or between two tokens.
pub fn puncture(dice: &mut Dice, text: &mut Vec<u8>) {
    let piece = dice.pick(&PIECES).bytes();
    let marks: Vec<usize> = (0..text.len()).filter(|at| b":,[]{}".contains(&text[*at])).collect();
    if marks.is_empty() {
        return;
    }
    let mark = dice.below(marks.len());
    let from = marks[mark] + 1;
    let to = if dice.one_in(3) { from } else { marks.get(mark + 1).copied().unwrap_or(text.len()) };
    text.splice(from..to, piece);
}
