//! Timing single calls: natively, and of the module in wasmtime. `v8.mjs` does the same in Node.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use kenal_bench_ranker::{K, Ranker};
use serde_json::{Value, json};
use wasmtime::{Config, Engine, Instance, Module, Store, TypedFunc};

use crate::factors::{people_path, section_path};

#[derive(clap::Args)]
pub struct HostArgs {
    /// What `make` wrote.
    dir: PathBuf,
}

#[derive(clap::Args)]
pub struct WasmtimeArgs {
    dir: PathBuf,
    /// The compiled ranker.
    #[arg(long)]
    module: PathBuf,
}

struct Input {
    section: Vec<u8>,
    people: Vec<u8>,
}

fn input(dir: &Path) -> Result<Input> {
    let read = |path: PathBuf| std::fs::read(&path).with_context(|| format!("reading {}", path.display()));
    Ok(Input { section: read(section_path(dir))?, people: read(people_path(dir))? })
}

/// p50 and p99 of one call for each person, in microseconds; the first fifty are for the caches.
fn percentiles(people: usize, mut call: impl FnMut(usize) -> Result<u32>) -> Result<Value> {
    let mut times = Vec::new();
    for round in 0..3 {
        for person in 0..people {
            let started = Instant::now();
            black_box(call(person)?);
            if round > 0 || person >= 50 {
                times.push(started.elapsed().as_secs_f64() * 1e6);
            }
        }
    }
    times.sort_unstable_by(f64::total_cmp);
    let at = |p: usize| (times[(times.len() - 1) * p / 100] * 10.0).round() / 10.0;
    Ok(json!({"p50_us": at(50), "p99_us": at(99)}))
}

pub fn native(args: &HostArgs) -> Result<()> {
    let Input { section, people } = input(&args.dir)?;
    let people: Vec<f32> = people.as_chunks::<4>().0.iter().map(|x| f32::from_le_bytes(*x)).collect();
    let bytes = section.len();
    let mut ranker = Ranker::new(section, &people);
    let mut scanned = 0;
    for person in 0..ranker.people() {
        let (list, looked_at) = ranker.core(person);
        ensure!(list.len() == K, "only {} items for person {person}", list.len());
        ensure!(list == ranker.full(person), "the list of person {person} is not that of a full scan");
        scanned += looked_at;
    }
    let n = ranker.people();
    let core = percentiles(n, |person| Ok(ranker.core(person).0[0]))?;
    let plain = percentiles(n, |person| Ok(ranker.plain(person)[0]))?;
    let floats = percentiles(n, |person| Ok(ranker.floats(person, K)[0]))?;
    let all = scanned as f64 / n as f64;
    let figures =
        json!({"host": "native", "core": core, "plain": plain, "floats": floats, "looked_at": all, "bytes": bytes});
    println!("{figures}");
    Ok(())
}

pub fn wasmtime(args: &WasmtimeArgs) -> Result<()> {
    let Input { section, people } = input(&args.dir)?;
    let engine = Engine::new(&Config::new()).map_err(failed)?;
    let module = std::fs::read(&args.module).with_context(|| format!("reading {}", args.module.display()))?;
    let module = Module::new(&engine, module).map_err(failed)?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).map_err(failed)?;
    let memory = instance.get_memory(&mut store, "memory").context("the module has no memory")?;
    let alloc: TypedFunc<u32, u32> = instance.get_typed_func(&mut store, "bench_alloc").map_err(failed)?;
    let put = |store: &mut Store<()>, bytes: &[u8]| -> Result<u32> {
        let at = alloc.call(&mut *store, bytes.len() as u32).map_err(failed)?;
        memory.write(&mut *store, at as usize, bytes)?;
        Ok(at)
    };
    let (at, people_at) = (put(&mut store, &section)?, put(&mut store, &people)?);
    let load: TypedFunc<(u32, u32, u32, u32), ()> =
        instance.get_typed_func(&mut store, "bench_load").map_err(failed)?;
    let numbers = people.len() as u32 / 4;
    load.call(&mut store, (at, section.len() as u32, people_at, numbers)).map_err(failed)?;
    let n = people.len() / 4 / kenal_bench_ranker::DIMS;
    let mut timed = |name: &str| -> Result<(Value, Vec<u32>)> {
        let call: TypedFunc<u32, u32> = instance.get_typed_func(&mut store, name).map_err(failed)?;
        let mut sums = Vec::new();
        let times = percentiles(n, |person| {
            let sum = call.call(&mut store, person as u32).map_err(failed)?;
            sums.push(sum);
            Ok(sum)
        })?;
        sums.truncate(n);
        Ok((times, sums))
    };
    let ((core, ranked), (plain, _), (floats, _)) =
        (timed("bench_core")?, timed("bench_plain")?, timed("bench_floats")?);
    let full: TypedFunc<u32, u32> = instance.get_typed_func(&mut store, "bench_full").map_err(failed)?;
    for (person, ranked) in ranked.into_iter().enumerate() {
        let full = full.call(&mut store, person as u32).map_err(failed)?;
        ensure!(ranked == full, "the list of person {person} is not that of a full scan");
    }
    println!("{}", json!({"host": "wasmtime", "core": core, "plain": plain, "floats": floats}));
    Ok(())
}

fn failed(error: wasmtime::Error) -> anyhow::Error {
    anyhow::anyhow!("{error:?}")
}
