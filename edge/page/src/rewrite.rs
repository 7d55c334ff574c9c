//! An origin's page, rewritten as it streams: each `<kenal-slot>` gets its list.
//!
//! Everything that must be waited for, the bundle and the visitor's shard, is read before the first byte; then the page
//! passes through in chunks. A slot that cannot be filled keeps what the page's author put into it, and says why in an
//! attribute. A page that the rewriter gives up on passes unchanged from there on: no page is ever lost.

use std::cell::RefCell;
use std::rc::Rc;

use kenal_edge::limits::EXCLUDE_MAX;
use kenal_edge::{FallbackReason, Request, Response};
use lol_html::html_content::{ContentType, Element};
use lol_html::{HtmlRewriter, MemorySettings, OutputSink, element};

use crate::answer::Settings;
use crate::cache::may_be_personal;
use crate::keep::{Keeper, Source};
use crate::rank::{rank, shard};
use crate::slot::{self, Look};
use crate::visitor::Visitor;

/// Slots of a page that are filled; each costs a ranking.
pub const SLOTS_MAX: usize = 16;

/// Bytes that the rewriter may hold: a tag that is not whole yet, and some hundred for each element that is open. HTML leaves
/// many end tags out (`</li>`, `</p>`, `</td>`), which the rewriter does not know, so elements stay open that a browser has
/// closed: a page may have 16,000 of them.
const HELD_BYTES_MAX: usize = 2 * 1024 * 1024;

/// What is known of the visitor before the page begins.
#[derive(Debug)]
pub struct Prepared {
    /// A request about this visitor, to which each slot adds what it asks.
    about: Request,
    shard: Option<Vec<u8>>,
    /// Whether the page must be kept from every cache.
    pub personal: bool,
}

/// Reads the store again when it is time to, and the visitor's shard.
pub async fn prepare(
    keeper: &Keeper,
    source: &impl Source,
    settings: Option<&Settings>,
    visitor: Visitor,
    now: i64,
) -> Prepared {
    let personal = may_be_personal(&visitor);
    if let Some(settings) = settings {
        keeper.refresh(source, &settings.trust_key, now).await;
    }
    // The market is each slot's own.
    let mut about = Request::new("", now);
    if !personal {
        // Caches may keep this page and give it to anybody, so it does not even say that this visitor declined.
        return Prepared { about, shard: None, personal };
    }
    (about.visitor, about.consent, about.gpc) = (visitor.id, visitor.consent, visitor.gpc);
    let shard = shard(keeper, source, &mut about, now).await;
    Prepared { about, shard, personal }
}

/// Where the rewriter writes to; the host takes it away after each chunk.
#[derive(Debug, Default, Clone)]
struct Written(Rc<RefCell<Vec<u8>>>);

impl OutputSink for Written {
    fn handle_chunk(&mut self, chunk: &[u8]) {
        self.0.borrow_mut().extend_from_slice(chunk);
    }
}

/// A page on its way.
pub struct Page {
    /// Gone once it gave up.
    rewriter: Option<HtmlRewriter<'static, Written>>,
    written: Written,
}

impl std::fmt::Debug for Page {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Page").field("rewrites", &self.rewriter.is_some()).finish_non_exhaustive()
    }
}

impl Page {
    pub fn new(keeper: Rc<Keeper>, prepared: Prepared) -> Self {
        let mut slots = Slots { keeper, prepared, filled: 0, shown: Vec::new() };
        let memory = MemorySettings::new()
            .with_max_allowed_memory_usage(HELD_BYTES_MAX)
            .with_graceful_bail_out_on_memory_limit_exceeded(true);
        let settings = lol_html::Settings::new()
            .with_memory_settings(memory)
            // Markup that a browser may read in two ways is the page's own matter.
            .with_strict(false)
            .with_graceful_bail_out_on_content_handler_error(true)
            .append_element_content_handler(element!("kenal-slot", move |element: &mut Element<'_, '_>| {
                slots.fill(element);
                Ok(())
            }));
        let written = Written::default();
        Page { rewriter: Some(HtmlRewriter::new(settings, written.clone())), written }
    }

    /// Takes a chunk of the origin's page; returns what may go out now.
    pub fn write(&mut self, chunk: &[u8]) -> Vec<u8> {
        match &mut self.rewriter {
            Some(rewriter) => {
                if rewriter.write(chunk).is_err() {
                    // It has let go of everything it held back, so the rest follows as it is.
                    self.rewriter = None;
                }
            }
            None => return chunk.to_vec(),
        }
        self.take()
    }

    /// The rest, when the origin's page is at its end.
    pub fn end(mut self) -> Vec<u8> {
        if let Some(rewriter) = self.rewriter.take() {
            // As above: what it held back is out, whether it ended well or not.
            let _ = rewriter.end();
        }
        self.take()
    }

    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.written.0.borrow_mut())
    }
}

struct Slots {
    keeper: Rc<Keeper>,
    prepared: Prepared,
    filled: usize,
    /// What earlier slots of the page show, so that no item is on it twice.
    shown: Vec<String>,
}

impl Slots {
    /// Fills a slot, or says on it why not.
    fn fill(&mut self, element: &mut Element<'_, '_>) {
        if element.removed() {
            return;
        }
        let why = match self.answer(element) {
            Ok(response) if response.items.is_empty() => "nothing to show".to_owned(),
            Ok(response) => return self.show(element, &response),
            Err(why) => why,
        };
        set(element, "data-kenal", "unchanged");
        set(element, "data-kenal-problem", &why);
    }

    fn answer(&mut self, element: &Element<'_, '_>) -> Result<Response, String> {
        if self.filled == SLOTS_MAX {
            return Err(format!("a page has at most {SLOTS_MAX} slots"));
        }
        if !element.can_have_content() {
            return Err("inside svg or math, a slot that closes itself has no content".to_owned());
        }
        let about = &self.prepared.about;
        let mut request = slot::request(|name| attribute(element, name), about.now)?;
        request.visitor.clone_from(&about.visitor);
        (request.consent, request.gpc, request.fallback) = (about.consent, about.gpc, about.fallback);
        let room = EXCLUDE_MAX - request.exclude.len();
        request.exclude.extend(self.shown.iter().take(room).cloned());
        match rank(&self.keeper, &mut request, self.prepared.shard.as_deref(), about.now) {
            None => Err(FallbackReason::SectionMissing.name().to_owned()),
            Some(Err(error)) => Err(error.to_string()),
            Some(Ok(response)) => Ok(response),
        }
    }

    fn show(&mut self, element: &mut Element<'_, '_>, response: &Response) {
        let (heading, href) = (attribute(element, "heading"), attribute(element, "href"));
        let look = Look { number: self.filled, heading: heading.as_deref(), href: href.as_deref() };
        let list = slot::html(response, look);
        if element.is_self_closing() {
            // HTML knows no such thing and takes the rest of the page for the slot's content: that must stay.
            element.prepend(&(list + "</kenal-slot>"), ContentType::Html);
        } else {
            element.set_inner_content(&list, ContentType::Html);
        }
        set(element, "data-kenal", if response.personalised { "personal" } else { "trending" });
        if let Some(reason) = response.fallback_reason {
            set(element, "data-kenal-reason", reason.name());
        }
        self.filled += 1;
        self.shown.extend(response.items.iter().map(|item| item.id.clone()));
    }
}

/// An attribute's value with its character references read: ids and headings may have an ampersand.
fn attribute(element: &Element<'_, '_>, name: &str) -> Option<String> {
    element.get_attribute(name).map(|value| unescape(&value))
}

/// The references that our own and most other writers use; any other stays as it stands.
fn unescape(value: &str) -> String {
    let pairs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&#x27;", "'"), ("&amp;", "&")];
    pairs.into_iter().fold(value.to_owned(), |text, (reference, c)| text.replace(reference, c))
}

fn set(element: &mut Element<'_, '_>, name: &str, value: &str) {
    // The names are ours and lawful.
    let _ = element.set_attribute(name, value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{Memory, now};
    use crate::shop::{NOW, Shop, key, visitors};

    const YES: &str = "kenal_consent=granted";

    fn store() -> Memory {
        let store = Memory::default();
        store.put(Shop::default().files());
        store
    }

    /// The page for a visitor with these cookies, in chunks of so many bytes, and whether it is personal.
    fn rewritten(store: &Memory, cookies: &str, page: &str, chunk: usize) -> (String, bool) {
        let settings = Settings { trust_key: key(), caller_secret: None };
        let keeper = Rc::new(Keeper::default());
        let visitor = Visitor::read(Some(cookies), None);
        let prepared = now(prepare(&keeper, store, Some(&settings), visitor, NOW));
        let personal = prepared.personal;
        let mut page_out = Page::new(keeper, prepared);
        let mut bytes = Vec::new();
        for part in page.as_bytes().chunks(chunk) {
            bytes.extend(page_out.write(part));
        }
        bytes.extend(page_out.end());
        (String::from_utf8(bytes).expect("UTF-8"), personal)
    }

    fn ids(html: &str) -> Vec<&str> {
        html.split("data-id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect()
    }

    const PAGE: &str = "<!doctype html><html><head><title>Kedai &amp; kopi</title></head><body><main>\
        <kenal-slot name=\"home\" market=\"SG\" k=\"6\" href=\"/p/{id}\">Loading…</kenal-slot>\
        <p>kopi</p><kenal-slot name=home market=SG k=6 heading=\"More &amp; more\"></kenal-slot></main></body></html>";

    #[test]
    fn the_same_page_comes_out_in_any_chunks() {
        let store = store();
        let cookies = format!("kenal_visitor={}; {YES}", visitors::SHIRTS);
        let (whole, personal) = rewritten(&store, &cookies, PAGE, usize::MAX);
        assert!(personal);
        for chunk in [1, 2, 3, 7, 64, 200] {
            assert_eq!(rewritten(&store, &cookies, PAGE, chunk), (whole.clone(), true), "{chunk}");
        }
        let shown = ids(&whole);
        assert_eq!(shown.len(), 12, "{whole}");
        assert_eq!(shown.iter().collect::<std::collections::BTreeSet<_>>().len(), 12, "no item twice on a page");
        assert!(whole.contains("Picked for you</h2>") && whole.contains("More &amp; more</h2>"), "{whole}");
        assert!(whole.contains("<title>Kedai &amp; kopi</title>") && !whole.contains("Loading"), "{whole}");
        assert!(whole.contains("data-kenal=\"personal\""), "{whole}");
    }

    #[test]
    fn without_a_yes_no_shard_is_read_and_the_page_is_everybodys() {
        let nobody = store();
        let everybody = rewritten(&nobody, "", PAGE, 100).0;
        let sections = nobody.read.borrow().iter().filter(|name| name.starts_with("sections/")).count();
        for cookies in [
            format!("kenal_visitor={}", visitors::SHIRTS),
            format!("kenal_visitor={}; kenal_consent=denied", visitors::SHIRTS),
        ] {
            let store = store();
            let (page, personal) = rewritten(&store, &cookies, PAGE, 100);
            assert!(!personal, "{cookies}");
            assert_eq!(page, everybody, "{cookies}");
            let shards: Vec<String> =
                store.read.borrow().iter().filter(|name| name.starts_with("sections/")).cloned().collect();
            assert_eq!(shards.len(), sections, "{cookies}: only the bundle's own");
        }
        assert!(
            everybody.contains("Popular in Singapore</h2>") && everybody.contains("data-kenal-reason=\"no_visitor\"")
        );
        let withdrawn = format!("kenal_visitor={}; {YES}", visitors::REVOKED);
        let (page, _) = rewritten(&store(), &withdrawn, PAGE, 100);
        assert_eq!(ids(&page), ids(&everybody));
        assert!(page.contains("data-kenal-reason=\"revoked\""), "{page}");
    }

    #[test]
    fn a_slot_that_cannot_be_filled_keeps_its_content_and_says_why() {
        let with = |slot: &str| rewritten(&store(), "", &format!("<div>{slot}our own</kenal-slot></div>"), 9).0;
        let endless = format!("<kenal-slot name=home market=SG href='{}'>", "x".repeat(1_025));
        for (slot, why) in [
            ("<kenal-slot market=SG>", "the attribute name is not"),
            ("<kenal-slot name=home>", "the attribute market is missing"),
            ("<kenal-slot name=home market=XX>", "unknown market &quot;XX&quot;"),
            ("<kenal-slot name=home market=SG k=0>", "k is 0"),
            ("<kenal-slot name=home market=SG category=Hats>", "unknown category"),
            (endless.as_str(), "href is longer than 1024"),
            ("<svg><kenal-slot name=home market=SG /></svg>", "inside svg"),
        ] {
            let page = with(slot);
            assert!(page.contains("our own</kenal-slot></div>") && page.contains(why), "{page}");
            assert!(page.contains("data-kenal=\"unchanged\"") && ids(&page).is_empty(), "{page}");
        }
        let empty = Memory::default();
        let page = rewritten(&empty, "", PAGE, 50).0;
        assert!(
            page.contains("Loading…</kenal-slot>") && page.contains("data-kenal-problem=\"section_missing\""),
            "{page}"
        );
    }

    #[test]
    fn a_slot_that_closes_itself_takes_nothing_of_the_page() {
        let page = "<main><kenal-slot name=home market=SG k=2 /><p>kopi</p><kenal-slot name=home market=SG k=3>x\
            </kenal-slot><p>teh</p></main>";
        let out = rewritten(&store(), "", page, 11).0;
        assert!(out.contains("</section></kenal-slot><p>kopi</p><kenal-slot"), "{out}");
        assert!(out.ends_with("</section></kenal-slot><p>teh</p></main>") && ids(&out).len() == 5, "{out}");
    }

    #[test]
    fn a_long_list_without_end_tags_leaves_room_for_a_slot() {
        let page = format!("<ul>{}</ul><kenal-slot name=home market=SG k=3></kenal-slot>", "<li>kopi\n".repeat(16_000));
        for chunk in [100, 16_384, usize::MAX] {
            assert_eq!(ids(&rewritten(&store(), "", &page, chunk).0).len(), 3, "in chunks of {chunk}");
        }
        let longer = page.replacen("<li>", &"<li>".repeat(1_000), 1);
        assert_eq!(rewritten(&store(), "", &longer, 16_384).0, longer, "what is too much passes as it is");
    }

    #[test]
    fn no_page_is_ever_lost() {
        // A tag that never ends, and is longer than the rewriter may hold back.
        let endless = format!("<p>kopi</p><kenal-slot class=\"{}", "x".repeat(4 * HELD_BYTES_MAX));
        assert!(rewritten(&store(), "", &endless, 4_096).0 == endless, "a tag that never ends");
        let after = format!("{endless}\"><kenal-slot name=home market=SG></kenal-slot>");
        let page = rewritten(&store(), "", &after, 4_096).0;
        assert!(page == after, "what comes after it gave up passes unchanged");
        for page in [
            "",
            "<",
            "<!--",
            "<kenal-slot",
            "<kenal-slot name=home market=SG",
            "</kenal-slot>",
            "\u{fffd}<svg><kenal-slot/>",
        ] {
            for chunk in [1, 100] {
                let out = rewritten(&store(), "", page, chunk).0;
                assert!(out.len() >= page.len(), "{page}: {out}");
            }
        }
        let many = "<kenal-slot name=home market=SG k=1>x</kenal-slot>".repeat(SLOTS_MAX + 2);
        let out = rewritten(&store(), "", &many, 1_000).0;
        assert_eq!((ids(&out).len(), out.matches("at most 16 slots").count()), (SLOTS_MAX, 2));
    }
}
