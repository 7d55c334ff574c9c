//! The shop's own pages, fetched from its backend and rewritten as they stream.

use std::io::Write as _;
use std::rc::Rc;
use std::time::Instant;

use fastly::{Request, Response};
use kenal_page::{
    Keeper, PERSONAL, Page, asks_for_page, drops_answered, drops_asked, is_page, is_private, no_origin, prepare,
};

use crate::host::{Config, Kv, ready, send, text, timed, visitor};

/// Bytes that are rewritten at a time.
const CHUNK_BYTES: usize = 16 * 1024;

/// Answers with what the backend says, its slots filled when it is a page.
pub fn respond(keeper: &Rc<Keeper>, mut request: Request, config: &Config, backend: &str, began: Instant) {
    let asks = asks_for_page(request.get_method_str(), text(&request, "accept"), text(&request, "sec-fetch-dest"));
    let visitor = visitor(&request);
    if let Some(host) = request.get_url().host_str().map(str::to_owned) {
        request.set_header("x-forwarded-host", host);
    }
    if !asks {
        return match request.send(backend) {
            Ok(answered) => timed(answered, began).send_to_client(),
            Err(_) => send(no_origin(), began),
        };
    }
    let names: Vec<String> = request.get_header_names_str().into_iter().map(str::to_owned).collect();
    for name in names.iter().filter(|name| drops_asked(name)) {
        request.remove_header(name);
    }
    // The stores are read while the backend works.
    let Ok(pending) = request.send_async(backend) else { return send(no_origin(), began) };
    let prepared = ready(prepare(keeper, &Kv::of(config), config.settings().as_ref(), visitor, config.now()));
    let Ok(mut answered) = pending.wait() else { return send(no_origin(), began) };
    let told = |name| answered.get_header(name).and_then(|value| value.to_str().ok());
    if !is_page(answered.get_status().as_u16(), told("content-type"), told("content-encoding")) {
        return timed(answered, began).send_to_client();
    }
    let private = is_private(prepared.personal, answered.contains_header("set-cookie"));
    let names: Vec<String> = answered.get_header_names_str().into_iter().map(str::to_owned).collect();
    for name in names.iter().filter(|name| drops_answered(name, private)) {
        answered.remove_header(name);
    }
    if private {
        answered.set_header("cache-control", PERSONAL);
    }
    stream(timed(answered, began), Page::new(Rc::clone(keeper), prepared));
}

/// Sends the page chunk by chunk. One that breaks off breaks off for the visitor too, as it would without us.
fn stream(mut answered: Response, mut page: Page) {
    let mut body = answered.take_body();
    let mut out = answered.stream_to_client();
    for chunk in body.read_chunks(CHUNK_BYTES) {
        let written = chunk.and_then(|chunk| out.write_all(&page.write(&chunk)));
        if written.is_err() {
            // Nothing is left that could be told to anybody.
            let _ = out.abandon();
            return;
        }
    }
    let _ = out.write_all(&page.end()).and_then(|()| out.finish());
}
