//! The service: stores in, a response out. The parsed bundle stays in the sandbox for the requests that it takes.
//!
//! With `origin` in the config store the service stands before the shop, and everything but `/v1/` is the shop's (see
//! `page`).

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::{self, Poll, Waker};
use std::time::{Duration, Instant, SystemTime};

use fastly::http::serve::Serve;
use fastly::kv_store::{KVStore, KVStoreError};
use fastly::{ConfigStore, Request, Response};
use kenal_page::{
    Bounded, Call, Found, Keeper, Reply, Settings, Source, Table, TableSlot, Unavailable, Visitor, answer, not_found,
    too_large, wrong_method,
};

use crate::page;
use crate::wait::answered;

/// Name of the KV store and of the config store.
const STORE: &str = "kenal";

/// How long a request waits for the store, all reads together. What the store has not begun to answer by then is missing,
/// and the answer says so.
const STORE_WAIT: Duration = Duration::from_millis(400);

/// Requests that one sandbox takes, and how long it lives: a bound on whatever may leak.
const REQUESTS_MAX: usize = 1000;
const LIFETIME: Duration = Duration::from_secs(300);
/// How long an idle sandbox waits for the next request; waiting is billed as memory.
const IDLE: Duration = Duration::from_secs(5);

/// Where `kenal bundle embed` says that it put a table of sections into this program.
static EMBEDDED: TableSlot = TableSlot::EMPTY;

pub(crate) struct Kv {
    store: Option<KVStore>,
    prefix: String,
    /// When this request has waited for the store long enough.
    until: Instant,
}

impl Kv {
    pub(crate) fn of(config: &Config) -> Self {
        Kv {
            store: KVStore::open(STORE).ok().flatten(),
            prefix: config.get("prefix").unwrap_or_default(),
            until: Instant::now() + STORE_WAIT,
        }
    }
}

impl Source for Kv {
    async fn get(&self, name: &str) -> Found {
        let store = self.store.as_ref().ok_or(Unavailable)?;
        let lookup = store.build_lookup().execute_async(&format!("{}{name}", self.prefix)).map_err(|_| Unavailable)?;
        // Whoever asks for several things at once has asked for all of them before the first is waited for.
        others_first().await;
        if !answered(&lookup, self.until) {
            return Err(Unavailable);
        }
        match store.pending_lookup_wait(lookup) {
            Ok(mut found) => Ok(Some(found.take_body_bytes())),
            Err(KVStoreError::ItemNotFound) => Ok(None),
            Err(_) => Err(Unavailable),
        }
    }

    fn carried(&self) -> Option<Table<'static>> {
        EMBEDDED.table()
    }
}

/// Done when it is asked for the second time.
fn others_first() -> impl Future<Output = ()> {
    let mut asked = false;
    poll_fn(move |_| if std::mem::replace(&mut asked, true) { Poll::Ready(()) } else { Poll::Pending })
}

/// Serves requests until the sandbox has had enough of them.
pub fn serve() {
    let keeper = Rc::new(Keeper::default());
    let serve = Serve::new().with_max_requests(REQUESTS_MAX).with_max_lifetime(LIFETIME).with_timeout(IDLE);
    serve.run(|request| respond(&keeper, request));
}

fn respond(keeper: &Rc<Keeper>, mut request: Request) {
    let began = Instant::now();
    let config = Config::open();
    if !request.get_path().starts_with("/v1/")
        && let Some(backend) = config.get("origin")
    {
        return page::respond(keeper, request, &config, &backend, began);
    }
    let reply = match (request.get_path(), request.get_method_str()) {
        ("/v1/recommendations", "GET" | "POST") => recommend(keeper, &mut request, &config),
        ("/v1/recommendations", _) => wrong_method(),
        _ => not_found(),
    };
    send(reply, began);
}

pub(crate) fn send(reply: Reply, began: Instant) {
    let mut response = Response::from_body(reply.body).with_status(reply.status);
    for (name, value) in reply.headers {
        response.set_header(name, value);
    }
    timed(response, began).send_to_client();
}

pub(crate) fn timed(mut response: Response, began: Instant) -> Response {
    let total_ms = began.elapsed().as_secs_f64() * 1000.0;
    response.append_header("server-timing", format!("total;dur={total_ms:.3}"));
    response
}

fn recommend(keeper: &Keeper, request: &mut Request, config: &Config) -> Reply {
    let body = match request.get_method_str() {
        "POST" => {
            let mut body = Bounded::default();
            for chunk in request.take_body().read_chunks(16 * 1024) {
                // A body that breaks off is no JSON, and is refused as such.
                if !chunk.is_ok_and(|chunk| body.take(&chunk)) {
                    break;
                }
            }
            match body.whole() {
                Some(body) => Some(body),
                None => return too_large(),
            }
        }
        _ => None,
    };
    let call = Call {
        visitor: visitor(request),
        authorization: text(request, "authorization"),
        body: body.as_deref(),
        query: request.get_url().query_pairs().collect(),
        now: config.now(),
    };
    ready(answer(keeper, &Kv::of(config), config.settings().as_ref(), &call))
}

pub(crate) fn visitor(request: &Request) -> Visitor {
    Visitor::read(text(request, "cookie"), text(request, "sec-gpc"))
}

/// The config store; without one, nothing is set.
pub(crate) struct Config(Option<ConfigStore>);

impl Config {
    fn open() -> Self {
        Config(ConfigStore::try_open(STORE).ok())
    }

    fn get(&self, name: &str) -> Option<String> {
        self.0.as_ref().and_then(|store| store.try_get(name).ok().flatten()).filter(|value| !value.is_empty())
    }

    pub(crate) fn settings(&self) -> Option<Settings> {
        Settings::new(self.get("trust_key").as_deref(), self.get("caller_secret"))
    }

    /// The clock, or the time that a test stands still at.
    pub(crate) fn now(&self) -> i64 {
        let clock = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        // Only the module that tests run looks at it.
        let fixed = self.get("fixed_time").filter(|_| cfg!(feature = "fixed-time"));
        fixed.and_then(|text| text.parse().ok()).unwrap_or(i64::try_from(clock).unwrap_or(i64::MAX))
    }
}

/// A header's value, when it is there and is text.
pub(crate) fn text<'r>(request: &'r Request, name: &str) -> Option<&'r str> {
    request.get_header(name).and_then(|value| value.to_str().ok())
}

/// The result of a future: every read of this host's store blocks, at the latest when it is asked for the second time.
pub(crate) fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut task::Context::from_waker(Waker::noop())) {
            return value;
        }
    }
}
