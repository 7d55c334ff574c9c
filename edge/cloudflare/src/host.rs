//! The worker: bindings in, a response out. The parsed bundle stays in the isolate.

use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use futures::StreamExt;
use futures::future::{Either, select};
use kenal_page::{Call, Keeper, REQUEST_BYTES_MAX, Reply, Settings, Source, Unavailable, Visitor, answer, too_large};
use worker::{Context, Date, Delay, Env, Method, Request, Response, Result, event, kv::KvStore};

/// How long one read of the store is waited for. A hot key takes some milliseconds, a cold one some tens.
const STORE_WAIT_MS: u64 = 400;

/// Binding of the KV namespace.
const STORE: &str = "KENAL_KV";

thread_local! {
    static KEEPER: Rc<Keeper> = Rc::new(Keeper::default());
}

struct Kv {
    store: Option<KvStore>,
    prefix: String,
}

impl Source for Kv {
    async fn get(&self, name: &str) -> std::result::Result<Option<Vec<u8>>, Unavailable> {
        let store = self.store.as_ref().ok_or(Unavailable)?;
        let key = format!("{}{name}", self.prefix);
        let read = store.get(&key).bytes();
        match select(pin!(read), pin!(Delay::from(Duration::from_millis(STORE_WAIT_MS)))).await {
            Either::Left((read, _)) => read.map_err(|_| Unavailable),
            Either::Right(_) => Err(Unavailable),
        }
    }
}

#[event(fetch)]
async fn fetch(mut request: Request, env: Env, _: Context) -> Result<Response> {
    let began = Date::now().as_millis();
    let reply = match (request.path().as_str(), request.method()) {
        ("/v1/recommendations", Method::Get | Method::Post) => recommend(&mut request, &env).await?,
        ("/v1/recommendations", _) => return Response::error("GET or POST", 405),
        _ => return Response::error("not found", 404),
    };
    let mut response = Response::ok(reply.body)?.with_status(reply.status);
    let headers = response.headers_mut();
    for (name, value) in reply.headers {
        headers.set(name, value)?;
    }
    // The clock of a worker moves with its waiting only, so this is the store's time more than the core's.
    headers.set("server-timing", &format!("total;dur={}", Date::now().as_millis() - began))?;
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
    let var = |name: &str| env.var(name).ok().map(|var| var.to_string());
    let secret = env.secret("KENAL_CALLER_SECRET").ok().map(|secret| secret.to_string());
    let settings = Settings::new(var("KENAL_TRUST_KEY").as_deref(), secret);
    let source = Kv { store: env.kv(STORE).ok(), prefix: var("KENAL_PREFIX").unwrap_or_default() };
    let headers = request.headers();
    let authorization = headers.get("authorization")?;
    let url = request.url()?;
    let call = Call {
        visitor: Visitor::read(headers.get("cookie")?.as_deref(), headers.get("sec-gpc")?.as_deref()),
        authorization: authorization.as_deref(),
        body: body.as_deref(),
        query: url.query_pairs().collect(),
        now: now(var("KENAL_FIXED_TIME")),
    };
    let keeper = KEEPER.with(Rc::clone);
    Ok(answer(&keeper, &source, settings.as_ref(), &call).await)
}

/// The clock, or the time that a test stands still at.
fn now(fixed: Option<String>) -> i64 {
    let clock = i64::try_from(Date::now().as_millis() / 1000).unwrap_or(i64::MAX);
    // Only the module that tests run looks at it.
    let fixed = fixed.filter(|_| cfg!(feature = "fixed-time"));
    fixed.and_then(|text| text.parse().ok()).unwrap_or(clock)
}

/// The body, up to its bound; `None` when there is more.
async fn body(request: &mut Request) -> Result<Option<Vec<u8>>> {
    let mut stream = request.stream()?;
    let mut body = Vec::new();
    while let Some(chunk) = stream.next().await {
        body.extend_from_slice(&chunk?);
        if body.len() > REQUEST_BYTES_MAX {
            return Ok(None);
        }
    }
    Ok(Some(body))
}
