//! Target `token`: the cookies that say who a page is for, and every use that is made of the visitor's token.
//!
//! An input is the `Cookie` header, a line feed, and the `Sec-GPC` header.

use kenal_bundle::{BundleError, Hash, PublicKey, RowSeal, VisitorKey};
use kenal_edge::limits::ID_BYTES_MAX;
use kenal_edge::{Consent, LiveEvent, LiveKind, Request};
use kenal_page::{Settings, Visitor};

use crate::answers::ask;
use crate::dice::Dice;
use crate::shop::{self, NOW};
use crate::world::{VISITORS, shop_bits, world};

/// Pieces that cookies are made of, well and badly.
const PIECES: [&str; 20] = [
    "kenal_visitor=",
    "kenal_consent=",
    "kenal_consent=granted",
    "kenal_consent=denied",
    "kenal_visitor=visitor-shirts",
    "; ",
    ";",
    "=",
    "granted",
    "denied",
    "\"granted\"",
    "__Host-kenal_visitor=x",
    " ",
    "\t",
    "\u{a0}",
    "\u{0}",
    "a=b",
    "kenal_visitor",
    "%41",
    "\u{1f600}",
];

/// An input.
pub fn generate(dice: &mut Dice) -> Vec<u8> {
    let mut text = String::new();
    for _ in 0..dice.below(8) {
        text.push_str(dice.pick(&PIECES));
        if dice.one_in(2) {
            text.push_str("; ");
        }
    }
    if dice.one_in(2) {
        let id = id(dice);
        text.push_str(&format!("; kenal_visitor={id}; kenal_consent=granted"));
    }
    text.push('\n');
    text.push_str(dice.pick(&["", "0", "1", " 1 ", "11", "true"]));
    let mut bytes = text.into_bytes();
    if dice.one_in(4) {
        dice.damage(&mut bytes, &[b"kenal_visitor=x; kenal_consent=granted"]);
    }
    bytes
}

fn id(dice: &mut Dice) -> String {
    match dice.below(4) {
        0 => dice.pick(&VISITORS).to_owned(),
        1 => "v".repeat(126 + dice.below(5)),
        2 => format!("v{:016x}{:016x}", dice.bits(), dice.bits()),
        _ => dice.bytes(12).iter().map(|b| char::from(*b)).collect(),
    }
}

/// Changes one.
pub fn mutate(dice: &mut Dice, bytes: &mut Vec<u8>) {
    let piece = dice.pick(&PIECES).as_bytes();
    dice.damage(bytes, &[piece]);
}

/// Reads one, and uses what it gives.
pub fn check(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (cookies, gpc) = text.split_once('\n').map_or((&*text, None), |(cookies, gpc)| (cookies, Some(gpc)));
    let visitor = Visitor::read(Some(cookies), gpc);
    assert_eq!(visitor.gpc, gpc.is_some_and(|gpc| gpc.trim() == "1"));
    let (consents, ids) = (values(cookies, "kenal_consent"), values(cookies, "kenal_visitor"));
    let consent = match consents.as_slice() {
        ["granted"] => Consent::Granted,
        ["denied"] => Consent::Denied,
        _ => Consent::Unset,
    };
    assert_eq!(visitor.consent, consent, "{cookies:?}");
    let printed = format!("{visitor:?}");
    match &visitor.id {
        Some(id) => {
            assert!(consent == Consent::Granted && !visitor.gpc, "an id without a yes");
            assert_eq!(ids, [id.as_str()], "the one cookie's value");
            assert!(!id.is_empty() && id.len() <= ID_BYTES_MAX && id.is_ascii());
            assert!(id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b)));
            assert!(id.len() < 8 || !printed.contains(id.as_str()), "{printed}");
            use_token(id, visitor.gpc);
        }
        None => assert!(!printed.contains("some"), "{printed}"),
    }
    // What a host is configured with, and any text as a token: neither is checked before.
    let _ = Settings::new(Some(cookies), gpc.map(str::to_owned));
    if let Ok(key) = cookies.parse::<PublicKey>() {
        assert_eq!(key.to_string(), cookies.trim());
    }
    if let Ok(hash) = cookies.parse::<Hash>() {
        assert_eq!(hash.to_string(), cookies);
    }
    use_token(cookies, false);
}

/// The values of a cookie, as a reader who splits by hand would find them.
fn values<'c>(cookies: &'c str, name: &str) -> Vec<&'c str> {
    let mut values = Vec::new();
    for pair in cookies.split(';') {
        let pair = pair.trim();
        if let Some(at) = pair.find('=')
            && &pair[..at] == name
        {
            values.push(&pair[at + 1..]);
        }
    }
    values
}

/// A token names a key, a shard and perhaps a row, which opens for nobody else; and then it answers a request.
fn use_token(token: &str, gpc: bool) {
    let world = world();
    let seal = RowSeal::new(&shop::salt(), token);
    let key = VisitorKey::new(&shop::salt(), token);
    assert_eq!(seal.visitor_key(), &key);
    let shard = &world.shards[&key.shard(shop_bits())];
    assert_eq!(world.edge.shard_for(token), Some(Hash::of(shard)), "every key has a shard");
    world.edge.verify_shard(shard, token).expect("its own shard");
    let row = world.edge.row_from_shard(shard, token).expect("a good shard");
    assert_eq!(row.as_ref(), world.rows.get(token), "a row is its visitor's");
    for other in world.shards.values().filter(|other| *other != shard) {
        assert!(world.edge.verify_shard(other, token).is_err());
    }
    for sealed in [&b""[..], token.as_bytes()] {
        assert_eq!(seal.open(sealed), Err(BundleError::Seal));
    }
    let view = LiveEvent { item: shop::id(3), kind: LiveKind::View, time: NOW - 9 };
    let request = Request {
        visitor: Some(token.to_owned()),
        consent: Consent::Granted,
        gpc,
        events: vec![view],
        ..Request::new("SG", NOW)
    };
    let response = ask(&world.edge, &request, row.as_deref());
    assert_eq!(response.is_some(), (1..=ID_BYTES_MAX).contains(&token.len()), "only a lawful id is answered");
}

/// What coverage-guided fuzzing begins with.
pub fn seeds() -> Vec<Vec<u8>> {
    let seed = |visitor: &&str| format!("a=b; kenal_consent=granted; kenal_visitor={visitor}\n0").into_bytes();
    VISITORS.iter().map(seed).collect()
}
