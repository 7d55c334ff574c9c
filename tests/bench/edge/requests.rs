//! Whole requests, JSON in to JSON out, and what opening a bundle costs: natively and in wasmtime.
//!
//! `requests.mjs` does the same in V8, with the same requests and answers.

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use kenal_core::{Ask, Choice, ConsentBits, EventKind, Gate, LiveEvent as CoreEvent, Revocation, Scratch, Who, gate};
use kenal_edge::{Consent, Edge, LiveEvent, LiveKind, Request, Store};
use kenal_server::Folder;
use kenal_server::wasm::{Core, Load};
use serde_json::{Value, json};
use wasmtime::{Config, Engine, Instance, InstanceAllocationStrategy, Module, PoolingAllocationConfig};

use crate::bundle::{self, NOW};

#[derive(clap::Args)]
pub struct RequestArgs {
    /// What `make` wrote.
    dir: PathBuf,
}

/// People asked about, one after the other, so that no list stays in a cache.
const PEOPLE: usize = 400;
const ROUNDS: usize = 5;
const MIB: f64 = (1u64 << 20) as f64;

/// A request as a host gets it.
struct Asked {
    json: Vec<u8>,
    row: Option<Vec<u8>>,
}

/// Median and 99th percentile in microseconds.
fn percentiles(mut times: Vec<f64>) -> Value {
    times.sort_unstable_by(f64::total_cmp);
    let at = |p: usize| (times[(times.len() - 1) * p / 100] * 10.0).round() / 10.0;
    json!({"p50_us": at(50), "p99_us": at(99)})
}

fn timed<T>(times: &mut Vec<f64>, call: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let done = black_box(call());
    times.push(started.elapsed().as_secs_f64() * 1e6);
    done
}

/// The median of several calls, in microseconds.
fn median<T>(mut call: impl FnMut() -> Result<T>) -> Result<f64> {
    let mut times = Vec::new();
    for _ in 0..15 {
        timed(&mut times, &mut call)?;
    }
    times.sort_unstable_by(f64::total_cmp);
    Ok((times[times.len() / 2] * 10.0).round() / 10.0)
}

/// What is asked: by name, for each of [`PEOPLE`].
fn requests(edge: &Edge, folder: &Folder) -> Result<Vec<(&'static str, Vec<Asked>)>> {
    let items = edge.items().context("the bundle is open")?;
    let event = |person: usize, n: usize| LiveEvent {
        item: ((person * 7_919 + n * 104_729) % items).to_string(),
        kind: LiveKind::View,
        time: NOW - 60 * n as i64,
    };
    let mut kinds = Vec::new();
    for (name, known, events) in [
        ("trending", false, 0),
        ("history", true, 0),
        ("history, 20 events", true, 20),
        ("history, 64 events", true, 64),
    ] {
        let mut asked = Vec::new();
        for person in 0..PEOPLE {
            let visitor = bundle::visitor(person);
            let mut request = Request { k: 20, ..Request::new("SG", NOW) };
            let mut row = None;
            if known {
                let shard = edge.shard_for(&visitor).context("there are shards")?;
                let shard = folder.get(&shard.section_name())?.context("the shard is there")?;
                row = edge.row_from_shard(&shard, &visitor)?;
                ensure!(row.is_some(), "{visitor} has no row");
                request.visitor = Some(visitor);
                request.consent = Consent::Granted;
                request.events = (0..events).map(|n| event(person, n)).collect();
            }
            asked.push(Asked { json: serde_json::to_vec(&request)?, row });
        }
        kinds.push((name, asked));
    }
    Ok(kinds)
}

pub fn run(args: &RequestArgs) -> Result<()> {
    let path = bundle::folder(&args.dir);
    let key = bundle::key()?;
    let folder = Folder::open(&path).context("the bundle")?;
    let manifest = fs::read(path.join("manifest.kenal"))?;
    let edge = Arc::new(kenal_edge::store::open(&folder, &key, NOW)?);
    let sections: Vec<Vec<u8>> = edge.section_bytes().map(<[u8]>::to_vec).collect();
    let open = |sections: Vec<Vec<u8>>| -> Result<Edge> {
        let mut edge = Edge::open(&manifest, &key, NOW)?;
        for section in sections {
            edge.add_section(section)?;
        }
        Ok(edge)
    };
    let bytes: usize = sections.iter().map(Vec::len).sum();
    let mut opened = Vec::new();
    for _ in 0..15 {
        let copies = sections.clone();
        timed(&mut opened, || open(copies))?;
    }
    let asked = requests(&edge, &folder)?;
    let (mut native, mut wasm) = (serde_json::Map::new(), serde_json::Map::new());
    let module = kenal_server::MODULE;
    let core = Core::compile(module)?;
    let load = Load { manifest: manifest.clone(), key, now: NOW, edge: Arc::clone(&edge), revocations: None };
    let started = Instant::now();
    let mut worker = core.instantiate(&load)?;
    let loaded_us = started.elapsed().as_secs_f64() * 1e6;
    let mut hash = blake3::Hasher::new();
    for (name, asked) in &asked {
        let (mut natively, mut inside) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            for asked in asked {
                let row = asked.row.as_deref();
                let answer = timed(&mut natively, || -> Result<Vec<u8>> {
                    let request = Request::from_json(&asked.json)?;
                    Ok(edge.recommend(&request, row)?.to_json().into_bytes())
                })?;
                let other = timed(&mut inside, || worker.recommend(&asked.json, row))?;
                ensure!(answer == other, "{name}: the module answers otherwise");
                if round == 0 {
                    hash.update(&answer);
                }
            }
        }
        native.insert((*name).to_owned(), percentiles(natively));
        wasm.insert((*name).to_owned(), percentiles(inside));
    }
    write_for_v8(&args.dir, module, &asked)?;
    let items = edge.items().unwrap_or(1);
    let figures = json!({
        "host": "requests",
        "items": items,
        "sections_bytes": bytes,
        "native": native,
        "wasmtime": wasm,
        "open_us": percentiles(opened)["p50_us"],
        "manifest_us": median(|| Ok(Edge::open(&manifest, &key, NOW)?))?,
        "hash_us": median(|| Ok(sections.iter().map(|s| blake3::hash(s)).fold(0, |a, h| a ^ h.as_bytes()[0])))?,
        "fold_in": fold_in(&edge)?,
        "wasmtime_open_us": loaded_us.round(),
        "wasmtime_memory_mib": (worker.memory_bytes() as f64 / MIB * 10.0).round() / 10.0,
        "module": ahead_of_time(module)?,
        "answers": hash.finalize().to_hex().as_str(),
    });
    println!("{figures}");
    Ok(())
}

/// Twenty events into a vector, as the core does it within a request.
fn fold_in(edge: &Edge) -> Result<Value> {
    let bundle = edge.bundle().context("the bundle is open")?;
    let items = &bundle.items;
    let mut scratch = Box::new(Scratch::new());
    let mut times = Vec::new();
    for person in 0..PEOPLE {
        let ask = Ask {
            choice: Choice::Granted,
            gpc: false,
            now_s: 1_000,
            expires_at_s: 2_000,
            revocation: Revocation::Clear,
            who: Who::Known(ConsentBits::NONE),
            live_events: true,
        };
        let Gate::Open(permit) = gate(&ask) else { anyhow::bail!("the gate is shut") };
        let event = |n: usize| CoreEvent {
            item: items.idx(((person * 7_919 + n * 104_729) % items.len()) as u32).expect("an item"),
            at_s: 900,
            kind: EventKind::View,
        };
        let events: Vec<CoreEvent> = (0..20).map(event).collect();
        let Scratch { visit, fold_in, .. } = &mut *scratch;
        timed(&mut times, || {
            visit.load(permit, items, None, &events, 1_000).expect("few events");
            fold_in.solve(items, visit).is_ok()
        });
    }
    Ok(percentiles(times))
}

/// The module compiled ahead of time: loading it, and making an instance in a pool of memories.
fn ahead_of_time(module: &[u8]) -> Result<Value> {
    let mut config = Config::new();
    config.epoch_interruption(true);
    let mut pool = PoolingAllocationConfig::default();
    pool.total_memories(16).total_core_instances(16).max_memory_size(64 << 20);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    let engine = Engine::new(&config).map_err(failed)?;
    let started = Instant::now();
    let compiled = Module::new(&engine, module).map_err(failed)?;
    let compile_us = started.elapsed().as_secs_f64() * 1e6;
    let ahead = compiled.serialize().map_err(failed)?;
    let load_us = median(|| deserialise(&engine, &ahead))?;
    let linker = wasmtime::Linker::<()>::new(&engine);
    let pre = linker.instantiate_pre(&deserialise(&engine, &ahead)?).map_err(failed)?;
    let mut times = Vec::new();
    for _ in 0..500 {
        timed(&mut times, || -> Result<Instance> {
            let mut store = wasmtime::Store::new(&engine, ());
            store.set_epoch_deadline(1);
            pre.instantiate(&mut store).map_err(failed)
        })?;
    }
    Ok(json!({
        "bytes": module.len(), "compile_us": compile_us.round(), "load_us": load_us, "instantiate": percentiles(times)
    }))
}

#[allow(unsafe_code, reason = "wasmtime trusts what it compiled itself; these bytes were made a moment ago, above")]
fn deserialise(engine: &Engine, ahead: &[u8]) -> Result<Module> {
    // SAFETY: `ahead` is what `Module::serialize` of this process returned, unchanged.
    unsafe { Module::deserialize(engine, ahead) }.map_err(failed)
}

/// The module and the requests as files, for `requests.mjs`.
fn write_for_v8(dir: &Path, module: &[u8], asked: &[(&'static str, Vec<Asked>)]) -> Result<()> {
    fs::write(dir.join("kenal_embedded.wasm"), module)?;
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    let kinds: Vec<Value> = asked
        .iter()
        .map(|(name, asked)| {
            let one =
                |a: &Asked| json!({"request": String::from_utf8_lossy(&a.json), "row": a.row.as_deref().map(hex)});
            json!({"name": name, "asked": asked.iter().map(one).collect::<Vec<_>>()})
        })
        .collect();
    fs::write(dir.join("requests.json"), serde_json::to_vec(&json!({"now": NOW, "kinds": kinds}))?)?;
    Ok(())
}

fn failed(error: wasmtime::Error) -> anyhow::Error {
    anyhow::anyhow!("{error:?}")
}
