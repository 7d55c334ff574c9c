//! A server of the test shop on a port of its own, and just enough of an HTTP client to ask it.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use kenal_edge::Response;
use kenal_server::{Clock, ServeConfig, Server};
use serde_json::Value;
use tokio::sync::oneshot;

use crate::shop::{self, NOW, Shop};

/// A running server; it stops when this is dropped.
pub struct Running {
    pub addr: SocketAddr,
    pub warnings: Vec<String>,
    /// Unix time as the server sees it.
    pub clock: Arc<AtomicI64>,
    pub bundle: tempfile::TempDir,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What the server said.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

/// The shop's bundle in a folder that goes away with the value.
pub fn bundle() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    Shop::default().write(folder.path());
    folder
}

/// A configuration for a bundle, at a time that the test can move.
pub fn config(bundle: &Path, clock: &Arc<AtomicI64>) -> ServeConfig {
    let clock = Arc::clone(clock);
    let clock: Clock = Arc::new(move || clock.load(Ordering::SeqCst));
    let addr = "127.0.0.1:0".parse().expect("an address");
    let reread = Duration::from_millis(20);
    ServeConfig {
        bundle: bundle.to_owned(),
        addr,
        web: None,
        trust: Some(shop::key()),
        compiled: None,
        clock,
        say: Arc::new(|_| {}),
        reread,
        stale: kenal_server::STALE_MAX,
    }
}

pub fn start() -> Running {
    start_with(bundle(), NOW, |_| {})
}

/// Starts a server for a bundle at a time, after `change` to its configuration.
pub fn start_with(bundle: tempfile::TempDir, now: i64, change: impl FnOnce(&mut ServeConfig)) -> Running {
    let clock = Arc::new(AtomicI64::new(now));
    let mut config = config(bundle.path(), &clock);
    change(&mut config);
    let (stop, stopped) = oneshot::channel();
    let (tell, told) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let server = Server::bind(config).await.expect("the server starts");
            tell.send((server.addr(), server.warnings())).expect("the test listens");
            let stop = async {
                // A test that panicked drops the sender, which is as good as a word.
                let _ = stopped.await;
            };
            server.run(stop).await.expect("the server ends well");
        });
    });
    let (addr, warnings) = told.recv().expect("the server started");
    Running { addr, warnings, clock, bundle, stop: Some(stop), thread: Some(thread) }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "the server panicked");
        }
    }
}

impl Running {
    pub fn get(&self, target: &str) -> Reply {
        self.send("GET", target, &[], b"")
    }

    pub fn post(&self, target: &str, body: &str) -> Reply {
        self.send("POST", target, &[("Content-Type", "application/json")], body.as_bytes())
    }

    /// One request on one connection.
    pub fn send(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let mut stream = TcpStream::connect(self.addr).expect("the server listens");
        let mut head = format!("{method} {target} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
        if !headers.iter().any(|(name, _)| *name == "Host") {
            head.push_str(&format!("Host: {}\r\n", self.addr));
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        stream.write_all(format!("{head}\r\n").as_bytes()).expect("sent");
        // A server that refuses a body by its length may stop reading it.
        let _ = stream.write_all(body);
        let mut bytes = Vec::new();
        let read = stream.read_to_end(&mut bytes);
        assert!(read.is_ok() || !bytes.is_empty(), "no answer: {read:?}");
        Reply::parse(&bytes)
    }

    /// Waits until an answer is as wanted: the server looks at its folder every now and then.
    pub fn until<T>(&self, what: &str, mut found: impl FnMut(&Self) -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            if let Some(found) = found(self) {
                return found;
            }
            assert!(start.elapsed() < Duration::from_secs(60), "{what} does not come");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// An answer to a request for recommendations.
    pub fn recommend(&self, query: &str) -> Response {
        self.get(&format!("/v1/recommendations?{query}")).response()
    }
}

impl Reply {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|w| w == b"\r\n\r\n").expect("a head");
        let head = std::str::from_utf8(&bytes[..end]).expect("text");
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
        let headers =
            lines.filter_map(|line| line.split_once(": ")).map(|(n, v)| (n.to_ascii_lowercase(), v.to_owned()));
        let reply =
            Reply { status: status.expect("a status"), headers: headers.collect(), body: bytes[end + 4..].to_vec() };
        assert!(!reply.headers.contains_key("transfer-encoding"), "this client reads no chunks");
        reply
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&self.body)))
    }

    pub fn response(&self) -> Response {
        let text = String::from_utf8_lossy(&self.body);
        assert_eq!(self.status, 200, "{text}");
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {text}"))
    }

    /// Asserts that this is a problem as RFC 9457 says, and returns its detail.
    pub fn problem(&self, status: u16, kind: &str) -> String {
        let json = self.json();
        assert_eq!((self.status, self.header("content-type")), (status, "application/problem+json"), "{json}");
        assert_eq!((&json["status"], &json["type"]), (&Value::from(status), &Value::from(format!("/problems/{kind}"))));
        for field in ["title", "detail", "instance"] {
            assert!(json[field].as_str().is_some_and(|text| !text.is_empty()), "{field}: {json}");
        }
        json["detail"].as_str().unwrap_or_default().to_owned()
    }
}
