//! The worker: bindings in, a response out. The parsed bundle stays in the isolate.
//!
//! With `KENAL_ORIGIN` the worker stands before the shop, and everything but `/v1/` is the shop's (see `page`).

use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use futures::StreamExt;
use futures::future::{Either, select};
use kenal_page::{
    Bounded, Call, Found, Hash, Keeper, Reply, Settings, Source, Unavailable, Visitor, answer, not_found, too_large,
    wrong_method,
};
use worker::{Cache, Context, Date, Delay, Env, Headers, Method, Request, Response, Result, Url, event, kv::KvStore};

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
}

pub(crate) struct Kv {
    store: Option<KvStore>,
    prefix: String,
}

impl Kv {
    pub(crate) fn of(env: &Env) -> Self {
        Kv { store: env.kv(STORE).ok(), prefix: var(env, "KENAL_PREFIX").unwrap_or_default() }
    }
}

impl Source for Kv {
    async fn get(&self, name: &str) -> Found {
        let store = self.store.as_ref().ok_or(Unavailable)?;
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

impl Kv {
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

#[event(fetch)]
async fn fetch(mut request: Request, env: Env, _: Context) -> Result<Response> {
    let began = Date::now().as_millis();
    let path = request.path();
    let mut response = match origin(&env).filter(|_| !path.starts_with("/v1/")) {
        Some(origin) => page::respond(request, &env, &origin).await?,
        None => respond(match (path.as_str(), request.method()) {
            ("/v1/recommendations", Method::Get | Method::Post) => recommend(&mut request, &env).await?,
            ("/v1/recommendations", _) => wrong_method(),
            _ => not_found(),
        })?,
    };
    // The clock of a worker moves with its waiting only, so this is the stores' time more than the core's.
    let total_ms = Date::now().as_millis() - began;
    response.headers_mut().append("server-timing", &format!("total;dur={total_ms}"))?;
    Ok(response)
}

pub(crate) fn respond(reply: Reply) -> Result<Response> {
    let mut response = Response::ok(reply.body)?.with_status(reply.status);
    for (name, value) in reply.headers {
        response.headers_mut().set(name, value)?;
    }
    Ok(response)
}

async fn recommend(request: &mut Request, env: &Env) -> Result<Reply> {
    let body = match request.method() {
        Method::Post => match body(request).await? {
            Some(body) => Some(body),
            None => return Ok(too_large()),
        },
        _ => None,
    };
    let headers = request.headers();
    let authorization = headers.get("authorization")?;
    let url = request.url()?;
    let call = Call {
        visitor: visitor(headers)?,
        authorization: authorization.as_deref(),
        body: body.as_deref(),
        query: url.query_pairs().collect(),
        now: now(env),
    };
    Ok(answer(&keeper(), &Kv::of(env), settings(env).as_ref(), &call).await)
}

pub(crate) fn keeper() -> Rc<Keeper> {
    KEEPER.with(Rc::clone)
}

pub(crate) fn visitor(headers: &Headers) -> Result<Visitor> {
    Ok(Visitor::read(headers.get("cookie")?.as_deref(), headers.get("sec-gpc")?.as_deref()))
}

pub(crate) fn settings(env: &Env) -> Option<Settings> {
    let secret = env.secret("KENAL_CALLER_SECRET").ok().map(|secret| secret.to_string());
    Settings::new(var(env, "KENAL_TRUST_KEY").as_deref(), secret)
}

/// Where the shop's pages come from, when this worker stands before them.
fn origin(env: &Env) -> Option<Url> {
    var(env, "KENAL_ORIGIN").and_then(|origin| Url::parse(&origin).ok())
}

fn var(env: &Env, name: &str) -> Option<String> {
    env.var(name).ok().map(|var| var.to_string())
}

/// The clock, or the time that a test stands still at.
pub(crate) fn now(env: &Env) -> i64 {
    let clock = i64::try_from(Date::now().as_millis() / 1000).unwrap_or(i64::MAX);
    // Only the module that tests run looks at it.
    let fixed = var(env, "KENAL_FIXED_TIME").filter(|_| cfg!(feature = "fixed-time"));
    fixed.and_then(|text| text.parse().ok()).unwrap_or(clock)
}

/// The body; `None` when it is above its bound.
async fn body(request: &mut Request) -> Result<Option<Vec<u8>>> {
    let mut stream = request.stream()?;
    let mut body = Bounded::default();
    while let Some(chunk) = stream.next().await {
        if !body.take(&chunk?) {
            break;
        }
    }
    Ok(body.whole())
}
