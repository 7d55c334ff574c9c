//! What must hold of a section that parses, and of a shop that is made of whatever parsed.

use kenal_bundle::Kind;
use kenal_core::format::container::Outline;
use kenal_core::{
    Ask, Blend, Bundle, Catalogue, CategoryIdx, Choice, Churn, EventKind, Gate, ItemIdx, Items, LiveEvent, MarketIdx,
    Revocation, Revocations, Rules, Scratch, Trending, UserRow, UserShard, Users, Who, because, gate, personalise,
    rank, trending,
};
use kenal_edge::{Consent, Edge, LiveKind, Request, Slot};

use crate::answers::ask;
use crate::shop::{self, NOW, visitors};
use crate::world::world;

/// Reads `bytes` as every kind of section; at most its own kind takes it, and everything that it then gives is in
/// range. Whether it was taken.
pub fn check_section(bytes: &[u8]) -> bool {
    let outline = Outline::read(bytes);
    let taken = [
        Items::parse(bytes).map(|items| check_items(&items)).is_ok(),
        Trending::parse(bytes).map(|trending| check_trending(&trending)).is_ok(),
        Churn::parse(bytes).map(|churn| check_churn(&churn)).is_ok(),
        Revocations::parse(bytes).map(|filter| check_filter(&filter)).is_ok(),
        Users::parse(bytes).map(|users| check_users(&users)).is_ok(),
        UserShard::parse(bytes).map(|shard| check_rows(&shard)).is_ok(),
        Catalogue::parse(bytes).map(|catalogue| check_catalogue(&catalogue)).is_ok(),
        Blend::parse(bytes).map(|blend| check_blend(&blend)).is_ok(),
    ];
    for (kind, taken) in Kind::ALL.into_iter().zip(taken) {
        let own = outline.is_ok_and(|outline| outline.kind == kind);
        assert!(own || !taken, "taken as {}", kind.name());
    }
    taken.contains(&true)
}

/// Whether a section is exactly what the format says.
fn parses(bytes: &[u8]) -> bool {
    Outline::read(bytes).is_ok_and(|outline| match outline.kind {
        Kind::Items => Items::parse(bytes).is_ok(),
        Kind::Trending => Trending::parse(bytes).is_ok(),
        Kind::Churn => Churn::parse(bytes).is_ok(),
        Kind::Revocations => Revocations::parse(bytes).is_ok(),
        Kind::Users => Users::parse(bytes).is_ok(),
        Kind::UserShard => UserShard::parse(bytes).is_ok(),
        Kind::Catalogue => Catalogue::parse(bytes).is_ok(),
        Kind::Blend => Blend::parse(bytes).is_ok(),
    })
}

fn item(at: usize) -> ItemIdx {
    ItemIdx::new(at).expect("a small number")
}

fn check_items(items: &Items<'_>) {
    let mut y = [0.0; 256];
    for at in items.iter() {
        let id = items.id(at).expect("every item has an id");
        assert!(!id.is_empty() && id.len() <= 128);
        assert_eq!(items.find(id), Some(at), "an id finds its item");
        let attributes = items.attributes(at).expect("every item has attributes");
        assert!(usize::from(attributes.category.get()) < items.categories().len());
        assert!((attributes.markets as u32) >> items.markets() == 0);
        assert!(items.dequantise(at, &mut y) && y.iter().all(|y| y.is_finite()));
        assert!(items.boost(at) > 0.0 && items.boost(at) <= 1.0);
    }
    assert!(items.id(item(items.len())).is_none() && !items.dequantise(item(items.len()), &mut y));
    assert_eq!(items.iter().count(), items.len());
    check_pruning(items);
    assert!(items.categories().iter().all(|name| !name.is_empty()));
    assert_eq!(items.categories().iter().count(), items.categories().len());
}

/// A visit of somebody who bought some of these items and agrees to everything, or `None` when nothing comes of it.
fn bought(items: &Items<'_>, scratch: &mut Scratch) -> Option<()> {
    let ask = Ask {
        choice: Choice::Granted,
        gpc: false,
        now_s: 9,
        expires_at_s: 10,
        revocation: Revocation::Clear,
        who: Who::Nobody,
        live_events: true,
    };
    let event = |item| LiveEvent { item, at_s: 3, kind: EventKind::Purchase };
    let events: Vec<LiveEvent> = items.iter().step_by(7).take(5).map(event).collect();
    let Gate::Open(permit) = gate(&ask) else { panic!("the gate is shut") };
    scratch.visit.load(permit, items, None, &events, 9).ok()
}

/// A short list is the beginning of a list of all items, for which no bound can end the scan.
fn check_pruning(items: &Items<'_>) {
    let mut scratch = Box::new(Scratch::new());
    bought(items, &mut scratch).expect("few events");
    let Ok(user) = scratch.fold_in.solve(items, &scratch.visit) else { return };
    let rules = Rules { out_of_stock: true, ..Rules::default() };
    let all = rank(items, &user, &rules, 256, &mut scratch.top).to_vec();
    assert!(all.len() == items.len().min(256) && all.is_sorted_by(|a, b| a > b));
    for k in [1, 4, 20] {
        let short = rank(items, &user, &rules, k, &mut scratch.top);
        assert!(items.len() > 256 || short == &all[..k.min(all.len())], "pruning is not exact");
    }
}

/// Bytes that were never parsed, opened as if they had been: what comes of it may be wrong, but it comes to an end, within
/// the bounds that any list has.
pub fn use_unchecked(bundle: &Bundle<'_>) {
    let items = &bundle.items;
    let mut scratch = Box::new(Scratch::new());
    for market in 0..2 {
        let market = MarketIdx::new(market).ok();
        for category in [None, CategoryIdx::new(1).ok()] {
            let rules = Rules { market, category, ..Rules::default() };
            let list = trending(&bundle.trending, items, &rules, 20, &mut scratch.top);
            assert!(list.len() <= 20);
            // Shown as a host shows them.
            for scored in list {
                let _ = (items.id(scored.item), items.attributes(scored.item), items.boost(scored.item));
                if let (Some(catalogue), Some(market)) = (&bundle.catalogue, market) {
                    let _ = (catalogue.title(scored.item), catalogue.price(scored.item, market));
                }
            }
            if bought(items, &mut scratch).is_some() {
                let list = personalise(bundle, &rules, true, 20, &mut scratch).map(<[_]>::to_vec).unwrap_or_default();
                assert!(list.len() <= 20);
                let _ = list.iter().filter_map(|scored| because(bundle, true, scored.item, &mut scratch)).count();
            }
        }
    }
    let _ = (items.find("no such item"), items.categories().iter().count(), bundle.revocations.contains(7));
}

fn check_trending(trending: &Trending<'_>) {
    let markets = (0..16).map(|market| MarketIdx::new(market).expect("16 markets"));
    for market in markets {
        let categories = (0..8).map(|category| CategoryIdx::new(category).ok());
        for category in categories.chain([None]) {
            let list: Vec<_> = trending.list(market, category).collect();
            assert!(list.len() <= 1024 && list.is_sorted_by(|a, b| a > b));
            assert!(list.iter().all(|scored| scored.item.get() < trending.items()));
        }
    }
}

fn check_churn(churn: &Churn<'_>) {
    let n = churn.names().len();
    assert_eq!(churn.coefficients().count(), n);
    for x in [0.0, 1.0, f32::MAX, -1e30] {
        let probability = churn.probability(&vec![x; n]);
        assert!(probability.is_none_or(|p| (0.0..=1.0).contains(&p)), "{probability:?}");
    }
    assert_eq!(churn.probability(&vec![0.0; n + 1]), None);
}

fn check_filter(filter: &Revocations<'_>) {
    let found = (0..256u64).filter(|key| filter.contains(key.wrapping_mul(0x9e37_79b9_7f4a_7c15))).count();
    assert!(!filter.is_empty() || found == 0);
    let _ = (filter.contains(u64::MAX), filter.contains(0));
}

fn check_users(users: &Users<'_>) {
    assert_eq!(users.hashes().len(), users.shards() as usize);
    for key in [[0; 16], [0xff; 16], [0x80; 16]] {
        let (shard, hash) = users.shard(&key);
        assert_eq!(users.hashes().get(shard as usize), Some(hash));
    }
}

fn check_rows(shard: &UserShard<'_>) {
    for (key, row) in shard.iter() {
        assert_eq!(shard.row(key), Some(row));
        let _ = UserRow::parse(row, 60);
    }
    assert_eq!(shard.iter().count(), shard.len());
}

fn check_catalogue(catalogue: &Catalogue<'_>) {
    for at in (0..catalogue.len()).map(item) {
        assert!(catalogue.title(at).is_some_and(|title| !title.is_empty()));
        assert!(catalogue.category(at).is_some());
        let markets = (0..16).map(|market| MarketIdx::new(market).expect("16 markets"));
        let sold = markets.filter(|market| catalogue.price(at, *market).is_some()).count();
        assert!(sold <= catalogue.markets());
    }
    assert_eq!(catalogue.title(item(catalogue.len())), None);
}

fn check_blend(blend: &Blend<'_>) {
    for at in (0..blend.len()).map(item) {
        let list: Vec<(u32, f32)> = blend.goes_with(at).collect();
        assert!(list.len() <= 1024 && list.is_sorted_by(|a, b| a.0 < b.0));
        for (other, weight) in list {
            assert!((other as usize) < blend.len() && weight.is_finite());
            assert_eq!(blend.weight(at, item(other as usize)), weight);
        }
    }
    assert_eq!(blend.goes_with(item(blend.len())).count(), 0);
}

/// Requests of every kind to a shop, of whatever it is made.
pub fn check_shop(edge: &Edge) {
    let Some(market) = edge.manifest().markets.first().map(|market| market.code.clone()) else { return };
    let id = |at: usize| {
        let known = edge.bundle().and_then(|bundle| bundle.items.id(bundle.items.idx(at as u32)?));
        known.map_or_else(|| shop::id(at), str::to_owned)
    };
    let event = |at, kind| kenal_edge::LiveEvent { item: id(at), kind, time: NOW - 60 };
    let events = vec![event(1, LiveKind::View), event(5, LiveKind::Cart), event(6, LiveKind::Purchase)];
    let known = Request {
        visitor: Some(visitors::SHIRTS.to_owned()),
        consent: Consent::Granted,
        events,
        ..Request::new(market.clone(), NOW)
    };
    let row = world().rows.get(visitors::SHIRTS).map(Vec::as_slice);
    // A host believes what is signed. Where that was never parsed, an answer may be wrong, and is one all the same.
    let sound = edge.section_bytes().all(parses);
    let ask = |edge: &Edge, request: &Request, row: Option<&[u8]>| {
        if sound {
            ask(edge, request, row);
        } else if let Ok(response) = edge.recommend(request, row) {
            assert!(response.items.len() <= request.k as usize);
        }
    };
    ask(edge, &known, row);
    ask(edge, &Request { slot: Slot::Again, diversity: 0.5, k: 50, ..known.clone() }, row);
    ask(edge, &Request { slot: Slot::Product, item: Some(id(0)), ..known }, None);
    ask(edge, &Request { slot: Slot::Product, item: Some(id(2)), k: 50, ..Request::new(market, NOW) }, None);
    for visitor in [visitors::LAMPS, visitors::REVOKED] {
        let _ = (edge.is_revoked(visitor), edge.shard_for(visitor), edge.verify_shard(&[], visitor));
    }
}
