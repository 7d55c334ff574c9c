//! The service: stores in, a response out. The parsed bundle stays in the sandbox for the requests that it takes.

use std::future::Future;
use std::pin::pin;
use std::task::{self, Poll, Waker};
use std::time::{Duration, Instant, SystemTime};

use fastly::http::serve::Serve;
use fastly::kv_store::{KVStore, KVStoreError};
use fastly::{ConfigStore, Request, Response};
use kenal_page::{Call, Keeper, REQUEST_BYTES_MAX, Reply, Settings, Source, Unavailable, Visitor, answer, too_large};

/// Name of the KV store and of the config store.
const STORE: &str = "kenal";

/// Requests that one sandbox takes, and how long it lives: a bound on whatever may leak.
const REQUESTS_MAX: usize = 1000;
const LIFETIME: Duration = Duration::from_secs(300);
/// How long an idle sandbox waits for the next request; waiting is billed as memory.
const IDLE: Duration = Duration::from_secs(5);

struct Kv {
    store: Option<KVStore>,
    prefix: String,
}

impl Source for Kv {
    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, Unavailable> {
        let store = self.store.as_ref().ok_or(Unavailable)?;
        match store.lookup(&format!("{}{name}", self.prefix)) {
            Ok(mut found) => Ok(Some(found.take_body_bytes())),
            Err(KVStoreError::ItemNotFound) => Ok(None),
            Err(_) => Err(Unavailable),
        }
    }
}

/// Serves requests until the sandbox has had enough of them.
pub fn serve() {
    let keeper = Keeper::default();
    let serve = Serve::new().with_max_requests(REQUESTS_MAX).with_max_lifetime(LIFETIME).with_timeout(IDLE);
    serve.run(|request| respond(&keeper, request));
}

fn respond(keeper: &Keeper, mut request: Request) -> Response {
    let began = Instant::now();
    let reply = match (request.get_path(), request.get_method_str()) {
        ("/v1/recommendations", "GET" | "POST") => recommend(keeper, &mut request),
        ("/v1/recommendations", _) => return Response::from_status(405),
        _ => return Response::from_status(404),
    };
    let mut response = Response::from_body(reply.body).with_status(reply.status);
    for (name, value) in reply.headers {
        response.set_header(name, value);
    }
    let total_ms = began.elapsed().as_secs_f64() * 1000.0;
    response.with_header("server-timing", format!("total;dur={total_ms:.3}"))
}

fn recommend(keeper: &Keeper, request: &mut Request) -> Reply {
    let body = match request.get_method_str() {
        "POST" => {
            let mut body = Vec::new();
            for chunk in request.take_body().read_chunks(16 * 1024) {
                // A body that breaks off is no JSON, and is refused as such.
                let Ok(chunk) = chunk else { break };
                body.extend_from_slice(&chunk);
                if body.len() > REQUEST_BYTES_MAX {
                    return too_large();
                }
            }
            Some(body)
        }
        _ => None,
    };
    let config = ConfigStore::try_open(STORE).ok();
    let var = |name: &str| config.as_ref().and_then(|config| config.try_get(name).ok().flatten());
    let settings = Settings::new(var("trust_key").as_deref(), var("caller_secret"));
    let source = Kv { store: KVStore::open(STORE).ok().flatten(), prefix: var("prefix").unwrap_or_default() };
    let call = Call {
        visitor: Visitor::read(text(request, "cookie"), text(request, "sec-gpc")),
        authorization: text(request, "authorization"),
        body: body.as_deref(),
        query: request.get_url().query_pairs().collect(),
        now: now(var("fixed_time")),
    };
    ready(answer(keeper, &source, settings.as_ref(), &call))
}

/// A header's value, when it is there and is text.
fn text<'r>(request: &'r Request, name: &str) -> Option<&'r str> {
    request.get_header(name).and_then(|value| value.to_str().ok())
}

/// The clock, or the time that a test stands still at.
fn now(fixed: Option<String>) -> i64 {
    let clock = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    // Only the module that tests run looks at it.
    let fixed = fixed.filter(|_| cfg!(feature = "fixed-time"));
    fixed.and_then(|text| text.parse().ok()).unwrap_or(i64::try_from(clock).unwrap_or(i64::MAX))
}

/// The result of a future that waits for nothing: every read of this host's store blocks.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut task::Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("nothing here waits but the store, which blocks"),
    }
}
