//! Target `request`: the JSON that a page or an app sends, read, answered, and read and answered again over HTTP.
//!
//! The first byte of an input chooses the bundle and the row, the rest is the request.

use std::borrow::Cow;
use std::sync::OnceLock;

use kenal_bundle::Kind;
use kenal_edge::{Edge, Request, RequestError, Response};
use kenal_page::{Call, Keeper, Settings, Visitor};

use crate::answers::{ask, telling};
use crate::dice::Dice;
use crate::requests;
use crate::shop::{self, NOW, Shop, visitors};
use crate::store::{Store, now};
use crate::world::{VISITORS, open, world};

/// An input.
pub fn generate(dice: &mut Dice) -> Vec<u8> {
    let mut input = vec![dice.bits() as u8];
    input.extend(requests::json(dice));
    input
}

/// Changes one.
pub fn mutate(dice: &mut Dice, bytes: &mut Vec<u8>) {
    match dice.below(8) {
        0 => *bytes = generate(dice),
        1..=3 => dice.damage_behind(bytes, &[]),
        _ => requests::puncture(dice, bytes),
    }
}

/// Reads and answers one.
pub fn check(bytes: &[u8]) {
    let Some((choice, json)) = bytes.split_first() else { return };
    let request = match Request::from_json(json) {
        Ok(request) => request,
        Err(error) => {
            assert!(
                !matches!(error, RequestError::Json { .. }) || !reads(json),
                "serde reads what is refused: {error}"
            );
            return check_refusal(json, &error.to_string());
        }
    };
    let serde = serde_json::from_slice::<Request>(json).expect("what is read here, serde reads");
    // serde's float is not always the nearest, nor is ours.
    assert!(request.diversity.to_bits().abs_diff(serde.diversity.to_bits()) <= 1, "{request:?}");
    assert_eq!(Request { diversity: request.diversity, ..serde }, request, "serde reads another request");
    let again = serde_json::to_vec(&request).expect("a request is JSON");
    assert_eq!(Request::from_json(&again).as_ref(), Ok(&request), "a request reads back as it was");
    let edges = edges();
    let edge = &edges[usize::from(*choice) % edges.len()];
    let row = choice.is_multiple_of(5).then_some(request.visitor.as_deref()).flatten();
    let row = row.and_then(|visitor| world().rows.get(visitor)).map(Vec::as_slice);
    let response = ask(edge, &request, row);
    if let Some(response) = &response {
        assert_eq!(response.to_json(), serde_json::to_string(response).expect("an answer is JSON"));
    }
    if choice % 8 == 3 && response.is_some() {
        assert_eq!(edge.recommend(&request, row).ok(), response, "asked twice");
    }
    if choice % 8 == 1 {
        check_page(&request, json);
    }
    if choice % 8 == 2 {
        check_memory();
    }
}

/// Whether serde reads a request, and one in the contract's own form: serde takes the fields of an object as a list too, and
/// a word as an object.
fn reads(json: &[u8]) -> bool {
    let Ok(value) = serde_json::from_slice::<serde_json::Value>(json) else { return false };
    let word = |value: &serde_json::Value, name: &str| value.get(name).is_none_or(|word| !word.is_object());
    let events = value.get("events").and_then(serde_json::Value::as_array);
    let own = value.is_object()
        && ["slot", "consent", "fallback"].iter().all(|name| word(&value, name))
        && events.is_none_or(|events| events.iter().all(|event| event.is_object() && word(event, "kind")));
    own && serde_json::from_slice::<Request>(json).is_ok()
}

/// A refusal of text that is no request has the parser's words, and not those of the visitor.
fn check_refusal(json: &[u8], message: &str) {
    // A market or a category that there is not is repeated, and at most as long as an id, if all of it is spelt out.
    assert!(message.len() < 2_048, "a refusal of {} bytes", message.len());
    // What `visitor` had, when the rest is JSON.
    let Ok(fields) = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(json) else { return };
    let mut rest = fields.clone();
    let visitor = rest.remove("visitor").map(|value| match value {
        serde_json::Value::String(text) => text,
        value => value.to_string(),
    });
    let rest = serde_json::Value::from(rest).to_string();
    let number = |text: &str| text.len() > 4 && text.bytes().all(|b| b.is_ascii_digit() || b"-.e+".contains(&b));
    // A field that is there twice is in `fields` once.
    let once = |visitor: &str| String::from_utf8_lossy(json).matches(visitor).count() < 2;
    let tells = |visitor: &String| {
        (visitor.starts_with("visitor-") || number(visitor)) && !rest.contains(visitor) && once(visitor)
    };
    if let Some(visitor) = visitor.filter(tells) {
        assert!(!message.contains(&visitor), "a refusal names the visitor: {message}");
    }
}

/// The shop, and the shop while parts of it have not arrived.
fn edges() -> &'static [Edge; 4] {
    static EDGES: OnceLock<[Edge; 4]> = OnceLock::new();
    EDGES.get_or_init(|| {
        let world = world();
        let without = |missing: &[Kind]| {
            let sections = world.sections.iter().filter(|(kind, _)| !missing.contains(kind));
            open(&world.manifest_bytes, sections.map(|(_, bytes)| bytes)).expect("a part of the shop opens")
        };
        [without(&[]), without(&[]), without(&[Kind::Users, Kind::Catalogue]), without(&[Kind::Blend])]
    })
}

/// What one visitor sees does not depend on who asked before.
fn check_memory() {
    static BEFORE: OnceLock<[Response; 2]> = OnceLock::new();
    let now = || {
        let (world, edge) = (world(), &edges()[0]);
        let known = Request { visitor: Some(visitors::LAMPS.into()), ..Request::new("SG", NOW) };
        let row = world.rows.get(visitors::LAMPS).map(Vec::as_slice);
        let known = edge.recommend(&known, row).expect("an answer");
        assert!(known.personalised);
        [known, edge.recommend(&Request::new("MY", NOW), None).expect("an answer")]
    };
    assert_eq!(BEFORE.get_or_init(now), &now(), "an answer has changed with the requests between");
}

/// The same over HTTP, as a body and as a query, from a page and from the shop's own server.
fn check_page(request: &Request, json: &[u8]) {
    thread_local! {
        static PAGE: (Store, Keeper) = (Store::of(Shop::default()), Keeper::default());
    }
    let secret = "a secret of the shop's own server";
    let key = kenal_bundle::Hash(shop::key()).to_string();
    let settings = Settings::new(Some(&key), Some(secret.to_owned()));
    assert!(settings.is_some());
    let cookies = format!("kenal_consent=granted; kenal_visitor={}", request.visitor.as_deref().unwrap_or("nobody"));
    let text = |field: &str, value: Option<&str>| Some((field.to_owned(), value?.to_owned()));
    let query: Vec<(Cow<'_, str>, Cow<'_, str>)> = [
        text("visitor", request.visitor.as_deref()),
        text("market", Some(&request.market)),
        text("item", request.item.as_deref()),
        text("category", request.category.as_deref()),
        text("k", Some(&request.k.to_string())),
    ]
    .into_iter()
    .flatten()
    .map(|(field, value)| (field.into(), value.into()))
    .collect();
    let authorization = format!("Bearer {secret}");
    for (body, authorization) in [(Some(json), None), (Some(json), Some(authorization.as_str())), (None, None)] {
        let visitor = Visitor::read(Some(&cookies), None);
        let call = Call { visitor, authorization, body, query: query.clone(), now: NOW };
        let reply = PAGE.with(|(store, keeper)| now(kenal_page::answer(keeper, store, settings.as_ref(), &call)));
        assert!([200, 400].contains(&reply.status), "{}", reply.status);
        let read: serde_json::Value = serde_json::from_str(&reply.body).expect("a reply is JSON");
        assert_eq!(reply.status == 200, read.get("items").is_some_and(serde_json::Value::is_array));
        if let Some(visitor) = telling(request) {
            assert!(!reply.body.contains(visitor), "a reply names the visitor: {}", reply.body);
        }
    }
}

/// What coverage-guided fuzzing begins with.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = vec![b"\0{\"market\":\"SG\",\"now\":1767312000}".to_vec()];
    for (at, visitor) in VISITORS.into_iter().enumerate() {
        let mut dice = Dice::new(1, at as u64);
        let request =
            Request { visitor: Some(visitor.into()), market: "SG".into(), k: 12, ..requests::request(&mut dice) };
        let mut seed = vec![5 * at as u8];
        seed.extend(serde_json::to_vec(&request).expect("plain values"));
        seeds.push(seed);
    }
    seeds
}
