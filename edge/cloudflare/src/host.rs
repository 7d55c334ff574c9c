//! The worker: bindings in, a response out. The parsed bundle stays in the isolate.
//!
//! With `KENAL_ORIGIN` the worker stands before the shop, and everything but `/v1/` is the shop's (see `page`).

use std::cell::OnceCell;
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use futures::StreamExt;
use futures::future::{Either, select};
use kenal_page::{
    Bounded, Call, Found, Hash, Keeper, REQUEST_BYTES_MAX, Reply, Settings, Source, Unavailable, Visitor, answer,
    not_found, too_large, wrong_method,
};
use worker::wasm_bindgen_futures::JsFuture;
use worker::{
    Cache, Context, Date, Delay, Env, Headers, Request, Response, Result, Url, event, js_sys, kv::KvStore, web_sys,
};

use crate::page;

/// How long one read of the store is waited for. A hot key takes some milliseconds, a cold one some tens.
const STORE_WAIT_MS: u64 = 400;

/// How long KV keeps a user shard in the visitor's data centre, so that a visit need not ask further away. That a name is not
/// there is kept as long, so it is minutes, not days. Sections that are the same for everybody lie in the data centre's own
/// cache, where a read costs nothing and what is there stays for as long as there is room.
const SECTION_CACHE_S: u64 = 300;

/// Binding of the KV namespace.
const STORE: &str = "KENAL_KV";

thread_local! {
    static KEEPER: Rc<Keeper> = Rc::new(Keeper::default());
    static CONFIGURED: OnceCell<Rc<Configured>> = const { OnceCell::new() };
}

/// What the worker was deployed with. An isolate never sees another deployment, so it is read once, and not with several
/// calls out of the module for each request.
pub(crate) struct Configured {
    pub(crate) settings: Option<Settings>,
    /// Where the shop's pages come from, when this worker stands before them.
    origin: Option<Url>,
    prefix: String,
    /// The time that a test stands still at. Only the module that tests run looks at it.
    fixed_time: Option<i64>,
}

impl Configured {
    fn of(env: &Env) -> Rc<Self> {
        let read = || {
            let secret = env.secret("KENAL_CALLER_SECRET").ok().map(|secret| secret.to_string());
            let fixed_time = var(env, "KENAL_FIXED_TIME").filter(|_| cfg!(feature = "fixed-time"));
            Rc::new(Configured {
                settings: Settings::new(var(env, "KENAL_TRUST_KEY").as_deref(), secret),
                origin: var(env, "KENAL_ORIGIN").and_then(|origin| Url::parse(&origin).ok()),
                prefix: var(env, "KENAL_PREFIX").unwrap_or_default(),
                fixed_time: fixed_time.and_then(|text| text.parse().ok()),
            })
        };
        CONFIGURED.with(|configured| Rc::clone(configured.get_or_init(read)))
    }

    /// The clock, or the time that a test stands still at.
    pub(crate) fn now(&self) -> i64 {
        self.fixed_time.unwrap_or_else(|| i64::try_from(Date::now().as_millis() / 1000).unwrap_or(i64::MAX))
    }
}

fn var(env: &Env, name: &str) -> Option<String> {
    env.var(name).ok().map(|var| var.to_string())
}

pub(crate) struct Kv<'a> {
    env: &'a Env,
    prefix: &'a str,
}

impl<'a> Kv<'a> {
    pub(crate) fn of(env: &'a Env, configured: &'a Configured) -> Self {
        Kv { env, prefix: &configured.prefix }
    }
}

impl Source for Kv<'_> {
    async fn get(&self, name: &str) -> Found {
        let store: KvStore = self.env.kv(STORE).map_err(|_| Unavailable)?;
        let key = format!("{}{name}", self.prefix);
        let read = store.get(&key);
        // A section's name is its hash: what lies under it never changes.
        let read = if name.starts_with("sections/") { read.cache_ttl(SECTION_CACHE_S) } else { read };
        let read = in_time(read.bytes()).await.ok_or(Unavailable)?;
        read.map_err(|_| Unavailable)
    }

    async fn section(&self, hash: &Hash) -> Found {
        let name = hash.section_name();
        let address = self.address(&name);
        if let Some(Some(section)) = in_time(cached(&address)).await {
            return Ok(Some(section));
        }
        let found = self.get(&name).await?;
        if let Some(section) = &found {
            // Without it the next isolate reads the store once more, and nothing else is lost.
            let _ = in_time(cache(&address, section.clone())).await;
        }
        Ok(found)
    }

    async fn refused(&self, hash: &Hash) {
        let address = self.address(&hash.section_name());
        let _ = in_time(Cache::default().delete(address, true)).await;
    }
}

impl Kv<'_> {
    /// Under what a section lies in the cache. Nobody can ask for it from outside.
    fn address(&self, name: &str) -> String {
        format!("https://kenal.invalid/{}{name}", self.prefix)
    }
}

/// What is waited for, unless it takes longer than a store may.
async fn in_time<T>(wait: impl Future<Output = T>) -> Option<T> {
    match select(pin!(wait), pin!(Delay::from(Duration::from_millis(STORE_WAIT_MS)))).await {
        Either::Left((value, _)) => Some(value),
        Either::Right(_) => None,
    }
}

async fn cached(address: &str) -> Option<Vec<u8>> {
    let mut found = Cache::default().get(address, true).await.ok().flatten()?;
    found.bytes().await.ok()
}

async fn cache(address: &str, section: Vec<u8>) -> Result<()> {
    let mut response = Response::from_bytes(section)?;
    response.headers_mut().set("cache-control", "public, max-age=31536000, immutable")?;
    Cache::default().put(address, response).await
}

/// What is asked stays the runtime's own type: `worker::Request` reads what Cloudflare knows of the connection as well,
/// which nobody here looks at and which costs more than to rank what is trending.
#[event(fetch)]
async fn fetch(request: web_sys::Request, env: Env, _: Context) -> Result<web_sys::Response> {
    let began = Date::now().as_millis();
    // The clock of a worker moves with its waiting only, so this is the stores' time more than the core's.
    let timing = || format!("total;dur={}", Date::now().as_millis() - began);
    let configured = Configured::of(&env);
    let url = Url::parse(&request.url())?;
    if let Some(origin) = configured.origin.as_ref().filter(|_| !url.path().starts_with("/v1/")) {
        let mut page = page::respond(request.into(), &env, &configured, origin).await?;
        page.headers_mut().append("server-timing", &timing())?;
        return Ok(page.into());
    }
    let reply = match (url.path(), request.method().as_str()) {
        ("/v1/recommendations", "GET" | "POST") => recommend(&request, &url, &env, &configured).await?,
        ("/v1/recommendations", _) => wrong_method(),
        _ => not_found(),
    };
    let headers = headers_of(&reply)?;
    headers.set("server-timing", &timing())?;
    let init = web_sys::ResponseInit::new();
    init.set_status(reply.status);
    init.set_headers(&headers.0);
    Ok(web_sys::Response::new_with_opt_str_and_init(Some(&reply.body), &init)?)
}

fn headers_of(reply: &Reply) -> Result<Headers> {
    let headers = Headers::new();
    reply.headers.iter().try_for_each(|(name, value)| headers.set(name, value))?;
    Ok(headers)
}

/// A reply where a page is expected.
pub(crate) fn respond(reply: Reply) -> Result<Response> {
    let headers = headers_of(&reply)?;
    Ok(Response::ok(reply.body)?.with_status(reply.status).with_headers(headers))
}

async fn recommend(request: &web_sys::Request, url: &Url, env: &Env, configured: &Configured) -> Result<Reply> {
    let headers = Headers(request.headers());
    let post = request.method() == "POST";
    let body = if post { body(request, &headers).await? } else { None };
    if post && body.is_none() {
        return Ok(too_large());
    }
    let authorization = headers.get("authorization")?;
    let call = Call {
        visitor: visitor(&headers)?,
        authorization: authorization.as_deref(),
        body: body.as_deref(),
        query: url.query_pairs().collect(),
        now: configured.now(),
    };
    Ok(answer(&keeper(), &Kv::of(env, configured), configured.settings.as_ref(), &call).await)
}

pub(crate) fn keeper() -> Rc<Keeper> {
    KEEPER.with(Rc::clone)
}

pub(crate) fn visitor(headers: &Headers) -> Result<Visitor> {
    Ok(Visitor::read(headers.get("cookie")?.as_deref(), headers.get("sec-gpc")?.as_deref()))
}

/// The body; `None` when it is above its bound. One that is missing or breaks off is no JSON, and is refused as such.
async fn body(request: &web_sys::Request, headers: &Headers) -> Result<Option<Vec<u8>>> {
    let told = headers.get("content-length")?.and_then(|length| length.parse::<usize>().ok());
    let mut body = Bounded::default();
    if request.body().is_none() {
        return Ok(body.whole());
    }
    // The runtime keeps a body to the length that was told. At once it costs a third of what it costs chunk by chunk.
    if told.is_some_and(|length| length <= REQUEST_BYTES_MAX) {
        if let Ok(whole) = JsFuture::from(request.array_buffer()?).await {
            body.take(&js_sys::Uint8Array::new(&whole).to_vec());
        }
        return Ok(body.whole());
    }
    let mut stream = Request::from(Clone::clone(request)).stream()?;
    while let Some(Ok(chunk)) = stream.next().await {
        if !body.take(&chunk) {
            break;
        }
    }
    Ok(body.whole())
}
