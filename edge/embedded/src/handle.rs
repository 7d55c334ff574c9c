//! What a caller holds: a bundle, the last answer, and the last message.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use kenal_edge::store::add_newer_revocations;
use kenal_edge::{Edge, EdgeError, Need, Request, RequestError};

use crate::code::Code;
use crate::panics;

/// The state behind a `kenal_edge *`. Not for two threads at once; a process may have many.
#[derive(Debug, Default)]
pub struct Handle {
    edge: Option<Edge>,
    keys: Option<Vec<u8>>,
    output: Vec<u8>,
    message: String,
}

/// A refusal: its code and its words.
struct Refusal(Code, String);

impl From<EdgeError> for Refusal {
    fn from(error: EdgeError) -> Self {
        Refusal(Code::from(&error), error.to_string())
    }
}

impl Handle {
    /// What the last call left to read.
    pub fn output(&self) -> &[u8] {
        &self.output
    }

    /// Why the last call was refused; empty when it was not.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Notes that arguments could not be read.
    pub(crate) fn bad_argument(&mut self) -> Code {
        self.run(|_| {
            Err(Refusal(
                Code::Argument,
                "a pointer is null although its length is not 0, or the length is that of no object".to_owned(),
            ))
        })
    }

    /// Opens a manifest, in place of any bundle there was.
    pub(crate) fn manifest(&mut self, manifest: &[u8], key: &[u8; 32], now: i64) -> Code {
        let keys = self.keys.take();
        self.run(|edge| {
            *edge = None;
            *edge = Some(Edge::open_listed(manifest, keys.as_deref(), key, now)?);
            Ok(Vec::new())
        })
    }

    /// Keeps the list of keys that the next manifest is checked with; it is read then, since only then the root is known.
    pub(crate) fn keys(&mut self, keys: &[u8]) -> Code {
        self.keys = Some(keys.to_vec());
        self.run(|_| Ok(Vec::new()))
    }

    /// Writes the sections that are still to come: a line each, `<64 hexadecimal digits> <bytes> <kind>`.
    pub(crate) fn needs(&mut self) -> Code {
        self.with(|edge| {
            let line = |need: Need| format!("{} {} {}\n", need.hash, need.bytes, need.kind.name());
            Ok(edge.needs().into_iter().map(line).collect::<String>().into_bytes())
        })
    }

    /// Takes a section in.
    pub(crate) fn section(&mut self, section: &[u8]) -> Code {
        self.with(|edge| Ok(edge.add_section(section.to_vec()).map(|()| Vec::new())?))
    }

    /// Takes newer revocations in, and passes over those from before the bundle.
    pub(crate) fn revocations(&mut self, update: &[u8]) -> Code {
        self.with(|edge| Ok(add_newer_revocations(edge, update).map(|()| Vec::new())?))
    }

    /// Writes the hash of the shard in which the visitor's row would be; nothing when the bundle has no users.
    pub(crate) fn shard(&mut self, visitor: &[u8]) -> Code {
        self.with(|edge| {
            let shard = edge.shard_for(text(visitor)?);
            Ok(shard.map(|hash| hash.to_string().into_bytes()).unwrap_or_default())
        })
    }

    /// Writes the visitor's row out of their shard; nothing when they have none.
    pub(crate) fn row(&mut self, shard: &[u8], visitor: &[u8]) -> Code {
        self.with(|edge| {
            let visitor = text(visitor)?;
            edge.verify_shard(shard, visitor)?;
            Ok(edge.row_from_shard(shard, visitor)?.unwrap_or_default())
        })
    }

    /// Answers a request, JSON to JSON.
    pub(crate) fn recommend(&mut self, request: &[u8], row: Option<&[u8]>) -> Code {
        self.with(|edge| {
            let refused = |error: RequestError| Refusal(Code::Request, error.to_string());
            let request = Request::from_json(request).map_err(refused)?;
            let response = edge.recommend(&request, row).map_err(refused)?;
            Ok(response.to_json().into_bytes())
        })
    }

    fn with(&mut self, call: impl FnOnce(&mut Edge) -> Result<Vec<u8>, Refusal>) -> Code {
        self.run(|edge| match edge {
            Some(edge) => call(edge),
            None => Err(Refusal(Code::NoManifest, "no manifest was accepted yet".to_owned())),
        })
    }

    /// Runs one call, keeps what it leaves to read, and lets no panic out.
    fn run(&mut self, call: impl FnOnce(&mut Option<Edge>) -> Result<Vec<u8>, Refusal>) -> Code {
        self.output.clear();
        self.message.clear();
        let edge = &mut self.edge;
        // After a panic the bundle is thrown away, so that nothing half-done is looked at.
        let result = panics::caught(|| call(edge)).unwrap_or_else(|| {
            self.edge = None;
            Err(Refusal(Code::Internal, "the core has a bug: it panicked".to_owned()))
        });
        match result {
            Ok(output) => {
                self.output = output;
                Code::Ok
            }
            Err(Refusal(code, message)) => {
                self.message = message;
                code
            }
        }
    }
}

fn text(bytes: &[u8]) -> Result<&str, Refusal> {
    core::str::from_utf8(bytes).map_err(|_| Refusal(Code::Argument, "the visitor id is not UTF-8".to_owned()))
}
