//! What must hold of every answer, worked out again from the request and the parsed sections, without the code that
//! ranks: exactly as many items as are wanted and allowed, each once, each allowed; a reason where nothing is
//! personalised; and nothing of who asked.

use std::collections::{BTreeMap, BTreeSet};

use kenal_core::{Bundle, ItemIdx, UserRow};
use kenal_edge::{Consent, Edge, LiveEvent, LiveKind, Request, RequestError, Response, Slot};

/// How long an item is not shown after a look at it.
const JUST_SEEN_S: u64 = 1800;

/// Asks `edge`, and checks whatever it says.
pub fn ask(edge: &Edge, request: &Request, row: Option<&[u8]>) -> Option<Response> {
    let checked = edge.check(request);
    match edge.recommend(request, row) {
        Ok(response) => {
            check_text(request, &response);
            check_reason(edge, request, row, &response);
            match edge.bundle() {
                Some(bundle) => check_items(edge, bundle, request, row, &response),
                None => assert!(response.items.is_empty(), "items without a bundle"),
            }
            Some(response)
        }
        Err(error) => {
            if let Err(checked) = checked {
                assert_eq!(same(&checked), same(&error), "two refusals");
            }
            check_refusal(request, &error.to_string());
            None
        }
    }
}

/// NaN is not equal to itself, its text is.
fn same(error: &RequestError) -> String {
    error.to_string()
}

/// The answer is JSON that reads back, and names nobody.
fn check_text(request: &Request, response: &Response) {
    let text = serde_json::to_string(response).expect("an answer is JSON");
    let read: Response = serde_json::from_str(&text).expect("an answer reads back");
    assert_eq!(read, *response, "an answer reads back as it was");
    if let Some(visitor) = telling(request) {
        assert!(!text.contains(visitor), "an answer names the visitor: {text}");
    }
}

/// A refusal says what is wrong and not who asked.
fn check_refusal(request: &Request, message: &str) {
    assert!(!message.is_empty());
    if let Some(visitor) = telling(request) {
        assert!(!message.contains(visitor), "a refusal names the visitor: {message}");
    }
}

/// The visitor id, when it can be told from everything else in a request or a bundle.
pub fn telling(request: &Request) -> Option<&str> {
    let visitor = request.visitor.as_deref().filter(|visitor| visitor.len() >= 8)?;
    let rest = Request { visitor: None, ..request.clone() };
    let rest = serde_json::to_string(&rest).ok()?;
    let words = "recommended personalised fallback_reason trending because_bought because_history request category";
    let ours = |text: &str| text.contains(visitor) || visitor.contains("item-") || visitor.contains("no. ");
    (!ours(&rest) && !ours(words) && visitor.starts_with("visitor-")).then_some(visitor)
}

fn check_reason(edge: &Edge, request: &Request, row: Option<&[u8]>, response: &Response) {
    assert_eq!(response.personalised, response.fallback_reason.is_none());
    let readable = |items| row.map(|row| UserRow::parse(row, items));
    let allowed = !request.gpc
        && request.consent != Consent::Denied
        && request.fallback.is_none()
        && !edge.is_expired(request.now)
        && request.visitor.as_deref().is_none_or(|visitor| !edge.is_revoked(visitor));
    if response.personalised {
        let bundle = edge.bundle().expect("personalised from something");
        assert!(allowed, "personalised against a no");
        match readable(bundle.items.len()).filter(|_| request.visitor.is_some()) {
            Some(row) => {
                let consent = row.expect("personalised from a row that does not parse").consent();
                let stored = consent.contains(kenal_core::ConsentBits::PERSONALISE_ONSITE);
                assert!(stored || request.consent == Consent::Granted, "personalised without a yes");
            }
            None => assert!(request.consent == Consent::Granted, "a stranger without a yes"),
        }
    }
}

fn check_items(edge: &Edge, bundle: &Bundle<'_>, request: &Request, row: Option<&[u8]>, response: &Response) {
    let allowed = allowed(edge, bundle, request, row, response.personalised);
    let wanted = allowed.len().min(request.k as usize);
    assert_eq!(response.items.len(), wanted, "of {} allowed items, {} wanted", allowed.len(), request.k);
    let mut seen = BTreeSet::new();
    for item in &response.items {
        let index = bundle.items.find(&item.id).expect("an item of the bundle");
        assert!(allowed.contains(&index), "{} is not allowed", item.id);
        assert!(seen.insert(index), "{} is there twice", item.id);
        assert!(item.score.is_finite());
        if let Some(because) = &item.reason.item {
            assert!(bundle.items.find(because).is_some(), "{because} is no item");
        }
        if let Some(price) = &item.price {
            assert!(price.amount.len() >= 4 && price.amount.is_char_boundary(price.amount.len() - 2));
        }
    }
    let ranked = response.items.get(request.pins.len()..).unwrap_or_default();
    if response.personalised && request.diversity == 0.0 {
        assert!(ranked.is_sorted_by(|a, b| a.score >= b.score), "not by score");
    }
}

/// The items that the rules leave.
fn allowed(
    edge: &Edge,
    bundle: &Bundle<'_>,
    request: &Request,
    row: Option<&[u8]>,
    personalised: bool,
) -> BTreeSet<ItemIdx> {
    let market = edge.manifest().market(&request.market).expect("checked before");
    let named = |name: &String| bundle.items.category(name).expect("checked before");
    let category = request.category.as_ref().map(named);
    let without: Vec<_> = request.not_categories.iter().map(named).collect();
    let mut hidden: BTreeSet<ItemIdx> = request.exclude.iter().filter_map(|id| bundle.items.find(id)).collect();
    let context = request.item.as_deref().filter(|_| request.slot == Slot::Product);
    hidden.extend(context.and_then(|id| bundle.items.find(id)));
    if personalised {
        let row = row.and_then(|row| UserRow::parse(row, bundle.items.len()).ok());
        if let Some(row) = row.filter(|_| request.slot != Slot::Again) {
            hidden.extend(row.bought().iter().filter_map(|item| bundle.items.idx(item)));
        }
        hidden.extend(hidden_by_events(bundle, request));
    }
    let shown = |item: &ItemIdx| {
        let attributes = bundle.items.attributes(*item).expect("every item has attributes");
        attributes.in_stock
            && attributes.sold_in(market)
            && category.is_none_or(|category| category == attributes.category)
            && !without.contains(&attributes.category)
            && request.price_bands.is_none_or(|(low, high)| (low..=high).contains(&attributes.price_band))
            && !hidden.contains(item)
    };
    bundle.items.iter().filter(shown).collect()
}

/// What is in the cart, bought, or was looked at within half an hour.
fn hidden_by_events(bundle: &Bundle<'_>, request: &Request) -> impl Iterator<Item = ItemIdx> {
    let seconds = |time: i64| u64::try_from(time).unwrap_or(0);
    // At the same second the stronger event counts as the later one.
    let rank = |kind: LiveKind| match kind {
        LiveKind::View => 0,
        LiveKind::Cart => 1,
        LiveKind::Remove => 2,
        LiveKind::Purchase => 3,
    };
    let mut by_item: BTreeMap<ItemIdx, Vec<(u64, i32)>> = BTreeMap::new();
    for LiveEvent { item, kind, time } in &request.events {
        if let Some(item) = bundle.items.find(item) {
            by_item.entry(item).or_default().push((seconds(*time), rank(*kind)));
        }
    }
    let now = seconds(request.now);
    by_item.into_iter().filter_map(move |(item, mut events)| {
        events.sort_unstable();
        let bought = events.iter().any(|(_, kind)| *kind == 3);
        let cart = events.iter().rev().find(|(_, kind)| *kind != 0).is_some_and(|(_, kind)| *kind == 1);
        let seen = events.last().is_some_and(|(at, kind)| *kind == 0 && now.saturating_sub(*at) < JUST_SEEN_S);
        (bought || cart || seen).then_some(item)
    })
}
