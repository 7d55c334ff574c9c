//! The shop's own pages, fetched from its origin and rewritten as they stream.

use std::future::ready;

use futures::future::join;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use kenal_page::{PERSONAL, Page, asks_for_page, drops_answered, drops_asked, is_page, is_private, no_origin, prepare};
use worker::{ByteStream, Env, Error, Fetch, Headers, Method, Request, RequestInit, RequestRedirect, Response};
use worker::{ResponseBuilder, Result, Url};

use crate::host::{Configured, Kv, keeper, respond as send, visitor};

/// Answers with what the origin says, its slots filled when it is a page.
pub async fn respond(request: Request, env: &Env, configured: &Configured, origin: &Url) -> Result<Response> {
    let headers = request.headers();
    let method = request.method();
    let asks =
        asks_for_page(method.as_ref(), headers.get("accept")?.as_deref(), headers.get("sec-fetch-dest")?.as_deref());
    let forwarded = Fetch::Request(forward(&request, origin, asks)?);
    if !asks {
        return match forwarded.send().await {
            Ok(answered) => pass(answered),
            Err(_) => send(no_origin()),
        };
    }
    let kv = Kv::of(env, configured);
    let keeper = keeper();
    let prepared = prepare(&keeper, &kv, configured.settings.as_ref(), visitor(headers)?, configured.now());
    let (prepared, answered) = join(prepared, forwarded.send()).await;
    let Ok(mut answered) = answered else { return send(no_origin()) };
    let told = answered.headers();
    // The platform has undone these by the time that a body is read.
    let encoding = told.get("content-encoding")?.filter(|encoding| !matches!(encoding.as_str(), "gzip" | "br"));
    if !is_page(answered.status_code(), told.get("content-type")?.as_deref(), encoding.as_deref()) {
        return pass(answered);
    }
    let private = is_private(prepared.personal, told.has("set-cookie")?);
    let kept = Headers::new();
    for (name, value) in told.entries() {
        if !drops_answered(&name, private) && !name.eq_ignore_ascii_case("content-encoding") {
            kept.append(&name, &value)?;
        }
    }
    if private {
        kept.set("cache-control", PERSONAL)?;
    }
    let builder = ResponseBuilder::new().with_status(answered.status_code()).with_headers(kept);
    match method {
        Method::Head => Ok(builder.empty()),
        _ => builder.from_stream(rewritten(answered.stream()?, Page::new(keeper, prepared))),
    }
}

/// The request as it goes to the origin.
fn forward(request: &Request, origin: &Url, asks_for_page: bool) -> Result<Request> {
    let mut url = request.url()?;
    let headers = Headers::new();
    for (name, value) in request.headers().entries() {
        if !(asks_for_page && drops_asked(&name)) {
            headers.append(&name, &value)?;
        }
    }
    if let Some(host) = url.host_str() {
        headers.set("x-forwarded-host", host)?;
    }
    let moved = url.set_scheme(origin.scheme()).and_then(|()| url.set_port(origin.port()));
    if moved.is_err() || url.set_host(origin.host_str()).is_err() {
        return Err(Error::RustError("KENAL_ORIGIN is no address of a server".to_owned()));
    }
    let mut init = RequestInit::new();
    init.with_method(request.method()).with_headers(headers).with_redirect(RequestRedirect::Manual);
    init.with_body(request.inner().body().map(Into::into));
    Request::new_with_init(url.as_str(), &init)
}

/// The origin's answer as it is, with headers that can be added to.
fn pass(answered: Response) -> Result<Response> {
    let headers = answered.headers().clone();
    let (builder, body) = answered.into_parts();
    Ok(builder.with_headers(headers).body(body))
}

fn rewritten(chunks: ByteStream, page: Page) -> impl Stream<Item = Result<Vec<u8>>> {
    let state = (chunks, Some(page));
    let rewritten = stream::unfold(state, |(mut chunks, page)| async move {
        let mut page = page?;
        match chunks.next().await {
            Some(Ok(chunk)) => Some((Ok(page.write(&chunk)), (chunks, Some(page)))),
            Some(Err(error)) => Some((Err(error), (chunks, None))),
            None => Some((Ok(page.end()), (chunks, None))),
        }
    });
    rewritten.try_filter(|chunk| ready(!chunk.is_empty()))
}
