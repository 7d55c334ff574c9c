//! Target `page`: an origin's page, rewritten as it streams.
//!
//! The first byte of an input says who asks, the second of how many bytes the chunks are, the rest is the page.

use std::rc::Rc;

use kenal_page::rewrite::SLOTS_MAX;
use kenal_page::{Keeper, Page, Settings, Visitor, prepare};

use crate::dice::Dice;
use crate::shop::{self, NOW, Shop, visitors};
use crate::store::{Store, now};
use crate::world::VISITORS;

/// What stands before every slot, as HTML reads it.
const SLOT: &str = "<kenal-slot";
/// What begins every list of ours.
const LIST: &str = "<section class=\"kenal-list\"";

/// As many elements may be open at once, and there is room for a tag as long as an input.
const OPEN_MAX: usize = 8_192;

/// Pieces of pages, good and bad.
const PIECES: [&str; 44] = [
    "<kenal-slot name=\"home\" market=\"SG\" k=\"4\">wait</kenal-slot>",
    "<kenal-slot name=product market=MY item=item-00003 href=\"/p/{id}?a=1&amp;b=2\">",
    "<kenal-slot name='cart' market='TH' pins=\"item-00001 item-00002\" heading=\"A &amp; &lt;b&gt;\">",
    "<kenal-slot name=again market=ID k=50 />",
    "<KENAL-SLOT NAME=home MARKET=SG DIVERSITY=0.5 CATEGORY=Lamps>",
    "<kenal-slot",
    "</kenal-slot>",
    " name=home",
    " market=SG",
    " market=\"SG\"",
    " k=3",
    " k=51",
    " exclude=\"item-00000 item-00001\"",
    " heading=\"",
    " href=\"/{id}{id}{id}\"",
    " data-kenal=\"personal\"",
    ">",
    "/>",
    "\"",
    "'",
    "<",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<script>",
    "</script>",
    "<style>",
    "</style>",
    "<textarea>",
    "</textarea>",
    "<svg>",
    "</svg>",
    "<math><mi>",
    "<table><tr>",
    "<select><option>",
    "<template>",
    "<plaintext>",
    "<p>kopi &amp; teh</p>",
    "</p>",
    "<!doctype html><html><head><title>Kedai</title></head><body><main>",
    "</main></body></html>",
    "\u{0}",
    "\u{1f600}\u{fffd}",
];

/// An input.
pub fn generate(dice: &mut Dice) -> Vec<u8> {
    let mut page = String::new();
    for _ in 0..dice.below(24) {
        page.push_str(if dice.one_in(3) { PIECES[dice.below(5)] } else { dice.pick(&PIECES) });
    }
    let mut input = vec![dice.bits() as u8, dice.bits() as u8];
    input.extend(page.into_bytes());
    if dice.one_in(3) {
        dice.damage_behind(&mut input, &[PIECES[0].as_bytes()]);
    }
    input
}

/// Changes one.
pub fn mutate(dice: &mut Dice, bytes: &mut Vec<u8>) {
    if dice.one_in(8) {
        *bytes = generate(dice);
    }
    let piece = dice.pick(&PIECES).as_bytes();
    if dice.one_in(2) {
        dice.insert(bytes, piece);
    } else {
        dice.damage_behind(bytes, &[piece]);
    }
}

/// Who asks for a page.
struct Asks {
    cookies: String,
    gpc: bool,
    store: usize,
}

impl Asks {
    fn new(choice: u8) -> Asks {
        let visitor = VISITORS.get(usize::from(choice & 7)).copied();
        let said = if choice & 0x40 == 0 { "granted" } else { "denied" };
        let cookies = visitor.map_or(String::new(), |id| format!("kenal_visitor={id}; kenal_consent={said}"));
        Asks { cookies, gpc: choice & 0x30 == 0x30, store: usize::from(choice >> 7) }
    }

    /// The page in chunks of so many bytes, and whether it is personal.
    fn page(&self, page: &[u8], chunk: usize) -> (Vec<u8>, bool) {
        thread_local! {
            static SHOPS: [(Store, Rc<Keeper>); 2] =
                [(Store::of(Shop::default()), Rc::default()), (Store::default(), Rc::default())];
        }
        let settings = Settings { trust_key: shop::key(), caller_secret: None };
        let visitor = Visitor::read(Some(&self.cookies), self.gpc.then_some("1"));
        SHOPS.with(|shops| {
            let (store, keeper) = &shops[self.store];
            let prepared = now(prepare(keeper, store, Some(&settings), visitor, NOW));
            let personal = prepared.personal;
            let mut rewritten = Page::new(Rc::clone(keeper), prepared);
            let mut out = Vec::new();
            page.chunks(chunk).for_each(|part| out.extend(rewritten.write(part)));
            out.extend(rewritten.end());
            (out, personal)
        })
    }
}

/// Rewrites one.
pub fn check(bytes: &[u8]) {
    let &[choice, chunk, ref page @ ..] = bytes else { return };
    let asks = Asks::new(choice);
    let (whole, personal) = asks.page(page, usize::MAX);
    let chunk = usize::from(chunk.max(1));
    // Where the rewriter has no room left and gives up depends on what it had to hold between chunks.
    if page.iter().filter(|byte| **byte == b'<').count() <= OPEN_MAX {
        assert!(asks.page(page, chunk) == (whole.clone(), personal), "another page in chunks of {chunk}");
    }
    let agreed = asks.cookies.ends_with("granted") && !asks.gpc;
    assert_eq!(personal, agreed, "{}", asks.cookies);

    let (read, written) = (lower(page), lower(&whole));
    let first = read.find(SLOT).unwrap_or(page.len());
    assert!(whole.starts_with(&page[..first]), "what comes before the first slot is as it was");
    let lists = |text: &str| text.matches(LIST).count();
    let (had, has) = (lists(&read), lists(&written));
    if first == page.len() || asks.store == 1 {
        assert!(has == had && (first < page.len() || whole == page), "a list without a slot or without a bundle");
    }
    assert!(has <= had + SLOTS_MAX, "{has} lists");
    let nobody = Asks { cookies: String::new(), gpc: false, store: asks.store };
    if !agreed {
        assert!(nobody.page(page, usize::MAX) == (whole, false), "a page for nobody in particular is everybody's");
    } else if let Some(visitor) = VISITORS.get(usize::from(choice & 7)) {
        assert!(read.contains(visitor) || !written.contains(visitor), "a page names the visitor");
        let marked = |text: &str| text.matches("data-kenal=\"personal\"").count();
        assert!(*visitor != visitors::REVOKED || marked(&written) <= marked(&read), "personal after a withdrawal");
    }
}

/// For searching: as long as the bytes, and what is no ASCII is in nothing that is searched for.
fn lower(bytes: &[u8]) -> String {
    bytes.iter().map(|b| if b.is_ascii() { char::from(b.to_ascii_lowercase()) } else { '?' }).collect()
}

/// What coverage-guided fuzzing begins with.
pub fn seeds() -> Vec<Vec<u8>> {
    let whole = format!("{}{}{}{}", PIECES[40], PIECES[0], PIECES[38], PIECES[41]);
    let pages = PIECES.iter().copied().chain([whole.as_str()]);
    pages.enumerate().map(|(at, page)| [&[at as u8, 7], page.as_bytes()].concat()).collect()
}
