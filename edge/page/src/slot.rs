//! `<kenal-slot>`: what its attributes ask, and its list as HTML.
//!
//! | attribute | |
//! |---|---|
//! | `name` | `home`, `product`, `cart` or `again` |
//! | `market` | ISO 3166 code of the market |
//! | `k`, `item`, `category`, `diversity` | as in a request |
//! | `pins`, `exclude` | item ids, separated by blanks |
//! | `href` | address of an item's page, with `{id}` in its place; without it, items are no links |
//! | `heading` | the list's heading, instead of ours |
//!
//! Others are the page's own. What stands between the tags is replaced by the list, so the end tag must be there; of
//! `<kenal-slot … />` nothing is replaced. The list needs no script and no style; its classes are there to be styled.

use std::fmt::Write as _;

use kenal_edge::{Request, Response, Slot};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::words;

/// What an id keeps in an address (RFC 3986, section 2.3).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Bytes of an address: each item repeats it.
const HREF_BYTES_MAX: usize = 1_024;

/// The attributes as a request about nobody.
///
/// # Errors
/// What is wrong with an attribute, in words for the page's author.
pub fn request(attribute: impl Fn(&str) -> Option<String>, now: i64) -> Result<Request, String> {
    let given = |name: &str| attribute(name).filter(|value| !value.is_empty());
    let ids = |name: &str| given(name).map_or_else(Vec::new, |ids| ids.split_whitespace().map(str::to_owned).collect());
    let market = given("market").ok_or("the attribute market is missing")?;
    let mut request = Request::new(market, now);
    request.slot = match given("name").as_deref() {
        Some("home") => Slot::Home,
        Some("product") => Slot::Product,
        Some("cart") => Slot::Cart,
        Some("again") => Slot::Again,
        _ => return Err("the attribute name is not home, product, cart or again".to_owned()),
    };
    if let Some(k) = given("k") {
        request.k = k.trim().parse().map_err(|_| "the attribute k is not a number")?;
    }
    if let Some(diversity) = given("diversity") {
        request.diversity = diversity.trim().parse().map_err(|_| "the attribute diversity is not a number")?;
    }
    if given("href").is_some_and(|href| href.len() > HREF_BYTES_MAX) {
        return Err(format!("the attribute href is longer than {HREF_BYTES_MAX} bytes"));
    }
    request.item = given("item");
    request.category = given("category");
    request.pins = ids("pins");
    request.exclude = ids("exclude");
    request.check().map_err(|error| error.to_string())?;
    Ok(request)
}

/// What of a slot goes into its HTML.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    /// Which slot of the page it is: ids of elements must differ.
    pub number: usize,
    pub heading: Option<&'a str>,
    pub href: Option<&'a str>,
}

/// The list as HTML: a section with a heading, and the items as a list of links.
pub fn html(response: &Response, look: Look<'_>) -> String {
    let market = &response.request.market;
    let popular = format!("Popular in {}", words::market(market));
    let ours = if response.personalised { "Picked for you" } else { &popular };
    let heading = escape(look.heading.unwrap_or(ours));
    let number = look.number;
    let mut html = format!(
        "<section class=\"kenal-list\" aria-labelledby=\"kenal-heading-{number}\">\
         <h2 id=\"kenal-heading-{number}\" class=\"kenal-heading\">{heading}</h2><ul role=\"list\">"
    );
    for item in &response.items {
        let title = escape(item.title.as_deref().unwrap_or(&item.id));
        let price = item.price.as_ref().map(|price| escape(&words::price(price, market)));
        let price = price.map_or(String::new(), |price| format!(" <span class=\"kenal-price\">{price}</span>"));
        let inner = format!("<span class=\"kenal-title\">{title}</span>{price}");
        let reason = escape(&words::reason(&item.reason, market));
        let inner = match look.href {
            Some(href) => {
                let id = utf8_percent_encode(&item.id, UNRESERVED).to_string();
                format!("<a class=\"kenal-item\" href=\"{}\">{inner}</a>", escape(&href.replace("{id}", &id)))
            }
            None => format!("<span class=\"kenal-item\">{inner}</span>"),
        };
        // Writing to a String does not fail.
        let _ = write!(html, "<li data-id=\"{}\">{inner}<p class=\"kenal-reason\">{reason}</p></li>", escape(&item.id));
    }
    html.push_str("</ul></section>");
    html
}

/// Text for an element or for a quoted attribute.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use kenal_edge::{BundleInfo, Echo, FallbackReason, Price, Reason, ReasonKind, Recommended};

    use super::*;

    fn asked(attributes: &[(&str, &str)]) -> Result<Request, String> {
        let find = |name: &str| attributes.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
        request(find, 7)
    }

    #[test]
    fn attributes_are_a_request_about_nobody() {
        let given = asked(&[
            ("name", "product"),
            ("market", "SG"),
            ("k", " 4 "),
            ("item", "a"),
            ("pins", "b  c"),
            ("exclude", ""),
        ]);
        let mut expected = Request::new("SG", 7);
        expected.slot = Slot::Product;
        expected.k = 4;
        expected.item = Some("a".to_owned());
        expected.pins = vec!["b".to_owned(), "c".to_owned()];
        assert_eq!(given, Ok(expected));
    }

    #[test]
    fn what_is_wrong_is_said_by_attribute() {
        for (attributes, what) in [
            (vec![("name", "home")], "the attribute market is missing"),
            (vec![("name", "hone"), ("market", "SG")], "the attribute name is not home, product, cart or again"),
            (vec![("market", "SG")], "the attribute name is not home, product, cart or again"),
            (vec![("name", "home"), ("market", "SG"), ("k", "-1")], "the attribute k is not a number"),
            (vec![("name", "home"), ("market", "SG"), ("k", "51")], "k is 51; ask for 1 to 50 items"),
            (vec![("name", "home"), ("market", "SG"), ("diversity", "NaN")], "diversity is NaN; it is from 0 to 1"),
        ] {
            assert_eq!(asked(&attributes).expect_err("refused"), what, "{attributes:?}");
        }
    }

    #[test]
    fn the_list_is_marked_up_and_nothing_in_it_is_markup() {
        let item = Recommended {
            id: "a/b?<c>".to_owned(),
            score: 1.0,
            reason: Reason { kind: ReasonKind::Similar, item: None, title: Some("<i>mug</i>".to_owned()) },
            title: Some("Tea & \"sugar\"".to_owned()),
            price: Some(Price { amount: "2.50".to_owned(), currency: "SGD".to_owned() }),
            category: None,
        };
        let response = Response {
            items: vec![item],
            as_of: String::new(),
            bundle: BundleInfo { version: 1, id: String::new() },
            personalised: false,
            fallback_reason: Some(FallbackReason::NoVisitor),
            request: Echo { slot: Slot::Home, market: "SG".to_owned(), k: 1 },
        };
        let look = Look { number: 2, heading: None, href: Some("/p/{id}?from='home'") };
        assert_eq!(
            html(&response, look),
            "<section class=\"kenal-list\" aria-labelledby=\"kenal-heading-2\">\
             <h2 id=\"kenal-heading-2\" class=\"kenal-heading\">Popular in Singapore</h2><ul role=\"list\">\
             <li data-id=\"a/b?&lt;c&gt;\">\
             <a class=\"kenal-item\" href=\"/p/a%2Fb%3F%3Cc%3E?from=&#39;home&#39;\">\
             <span class=\"kenal-title\">Tea &amp; &quot;sugar&quot;</span> <span class=\"kenal-price\">$2.50</span></a>\
             <p class=\"kenal-reason\">Like &lt;i&gt;mug&lt;/i&gt;</p></li></ul></section>"
        );
        let plain = html(&response, Look { number: 0, heading: Some("<Now>"), href: None });
        assert!(plain.contains("&lt;Now&gt;</h2>") && plain.contains("<span class=\"kenal-item\">"), "{plain}");
    }
}
