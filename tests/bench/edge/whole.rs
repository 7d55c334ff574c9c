//! The table of whole requests, and of what opening a bundle costs.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use kenal_bench::{FigureTable, count};
use serde_json::Value;

use crate::bundle;
use crate::compare::figures as run;

/// Runs both programs, and says what they found.
pub fn figures(v8: &Path, load: &Path, dir: &Path) -> Result<String> {
    let this = std::env::current_exe().context("finding this program")?;
    let native = run("requests", Command::new(this).arg("requests").arg(dir), dir)?;
    let v8 = run("requests-v8", Command::new("node").arg(v8).arg(dir), dir)?;
    let program = std::env::var_os("KENAL_FASTLY").context("KENAL_FASTLY does not name the program for Fastly")?;
    bundle::embed_into(Path::new(&program), dir, &dir.join("kenal_fastly_embedded.wasm"))?;
    let hosts = run("load", Command::new("node").arg(load).arg(dir), dir)?;
    let mut table = FigureTable::new(["p50 / p99, µs", "native", "wasmtime", "V8"], 1);
    let mut row = |texts| table.row(texts);
    let pair = |value: &Value| format!("{} / {}", number(&value["p50_us"]), number(&value["p99_us"]));
    for name in native["native"].as_object().into_iter().flat_map(|requests| requests.keys()) {
        let times = [&native["native"][name], &native["wasmtime"][name], &v8["requests"][name]].map(pair);
        let [a, b, c] = times;
        row([format!("request: {name}"), a, b, c]);
    }
    row(["20 events into a vector".to_owned(), pair(&native["fold_in"]), String::new(), String::new()]);
    let opened = [&native["open_us"], &native["wasmtime_open_us"], &v8["open_us"]].map(number);
    let [a, b, c] = opened;
    row(["open and verify all".to_owned(), a, b, c]);
    row(["its BLAKE3 alone".to_owned(), number(&native["hash_us"]), String::new(), String::new()]);
    row(["verify the manifest".to_owned(), number(&native["manifest_us"]), String::new(), String::new()]);
    let module = &native["module"];
    row(["load the module, compiled ahead".to_owned(), String::new(), number(&module["load_us"]), String::new()]);
    row(["make an instance, pooled".to_owned(), String::new(), pair(&module["instantiate"]), String::new()]);
    row(["compile the module".to_owned(), String::new(), number(&module["compile_us"]), String::new()]);
    let memory = [&native["wasmtime_memory_mib"], &v8["memory_mib"]].map(number);
    let [a, b] = memory;
    row(["memory of the module, MiB".to_owned(), String::new(), a, b]);
    let items = native["items"].as_f64().unwrap_or(1.0);
    let sections = native["sections_bytes"].as_f64().unwrap_or_default();
    let each: Vec<String> =
        bundle::sections(dir)?.into_iter().map(|(kind, bytes)| format!("{kind} {:.1}", bytes as f64 / items)).collect();
    let module = &v8["module"];
    let kb = |value: &Value| value.as_f64().map_or("?".to_owned(), |bytes| format!("{:.1} kB", bytes / 1e3));
    Ok(format!(
        "```\n{table}\n```\n\nThe sections that a host opens have {} bytes, an item: {}. The module has {}, {} gzipped, {} under \
         brotli.\n\n{}",
        count(sections as u64),
        each.join(", "),
        kb(&module["bytes"]),
        kb(&module["gzip"]),
        kb(&module["brotli"]),
        hosts_at_a_cdn(&hosts),
    ))
}

fn hosts_at_a_cdn(figures: &Value) -> String {
    let pair = |value: &Value| format!("{} / {} ms", value["p50_ms"], value["p99_ms"]);
    let (workerd, viceroy) = (&figures["workerd"], &figures["viceroy"]);
    let asked = |kind: &str| format!("{} and {} µs of CPU", pair(&workerd[kind]), workerd[kind]["cpu_us"]);
    format!(
        "In workerd at {} requests a second, client and HTTP included: trending {}; a worker that does nothing {}; at {}, \
         a history, whose row is read from the store that the client's process emulates, {}. In Viceroy, by its own \
         clock: the first request of a sandbox whose program carries the sections {}, of one that reads them from the \
         store and verifies them {}; every other {}.\n\n",
        workerd["trending"]["rate"],
        asked("trending"),
        asked("nothing"),
        workerd["history"]["rate"],
        asked("history"),
        pair(&viceroy["carried"]["fresh"]),
        pair(&viceroy["fetched"]["fresh"]),
        pair(&viceroy["carried"]["kept"]),
    )
}

fn number(value: &Value) -> String {
    match value.as_f64() {
        None => "?".to_owned(),
        Some(number) if number >= 100.0 => count(number.round() as u64),
        Some(number) => format!("{number:.1}"),
    }
}
