//! The same cases on three hosts: native, wasmtime with SIMD, wasmtime without. Same items, same score bits.

#[path = "../../build/module.rs"]
mod module;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kenal_edge::{Edge, Response, Store};
use kenal_server::wasm::{Core, Load, Worker};
use kenal_server::{Folder, MODULE};
use wasmtime::{Config, Engine, Module};

use crate::client::bundle;
use crate::shop::cases::{self, Case, Expected};
use crate::shop::{self, NOW};

/// The bundle in a folder, and opened natively.
struct Opened {
    folder: Folder,
    edge: Arc<Edge>,
    _dir: tempfile::TempDir,
}

fn opened() -> Opened {
    let dir = bundle();
    let folder = Folder::open(dir.path()).expect("a bundle");
    let edge = kenal_edge::store::open(&folder, &shop::key(), NOW).expect("the shop opens");
    Opened { folder, edge: Arc::new(edge), _dir: dir }
}

impl Opened {
    fn worker(&self, core: &Core) -> Worker {
        let manifest = self.folder.get("manifest.kenal").expect("read").expect("there");
        let load = Load { manifest, key: shop::key(), now: NOW, edge: Arc::clone(&self.edge), revocations: None };
        core.instantiate(&load).expect("the bundle loads")
    }

    fn row(&self, case: &Case) -> Option<Vec<u8>> {
        let visitor = case.request.visitor.as_deref().filter(|_| case.row)?;
        let name = self.edge.shard_for(visitor)?.section_name();
        let shard = self.folder.get(&name).expect("read")?;
        self.edge.row_from_shard(&shard, visitor).expect("a shard")
    }
}

/// The module without SIMD, compiled once into the tests' own folder.
fn scalar_module() -> Vec<u8> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("scalar-module");
    let path = module::compile(&workspace, &target, false).unwrap_or_else(|message| panic!("{message}"));
    std::fs::read(path).expect("the module")
}

/// Whether a WebAssembly engine without SIMD takes the module.
fn runs_without_simd(module: &[u8]) -> bool {
    let mut config = Config::new();
    config.wasm_simd(false).wasm_relaxed_simd(false);
    Module::validate(&Engine::new(&config).expect("an engine"), module).is_ok()
}

#[test]
fn the_module_is_the_core_and_nothing_else() {
    let engine = Engine::default();
    let module = Module::new(&engine, MODULE).expect("the module compiles");
    assert_eq!(module.imports().count(), 0, "it can reach nothing");
    let mut exports: Vec<&str> = module.exports().map(|e| e.name()).filter(|name| name.starts_with("kenal_")).collect();
    exports.sort_unstable();
    assert_eq!(exports.len(), 17, "{exports:?}");
    assert!(!runs_without_simd(MODULE), "the shipped module uses SIMD");
    assert!(MODULE.len() < 600_000, "{} bytes", MODULE.len());
}

#[test]
fn all_hosts_answer_the_cases_alike() {
    let shop = opened();
    let scalar_module = scalar_module();
    assert!(runs_without_simd(&scalar_module), "the scalar twin uses none");
    let mut simd = shop.worker(&Core::embedded(None).expect("the module compiles"));
    let mut scalar = shop.worker(&Core::compile(&scalar_module).expect("the module compiles"));
    let list = cases::load();
    assert!(list.cases.len() >= 30);
    for case in &list.cases {
        let row = shop.row(case);
        let native = shop.edge.recommend(&case.request, row.as_deref()).expect(&case.name);
        let native = serde_json::to_string(&native).expect("JSON");
        let request = serde_json::to_vec(&case.request).expect("JSON");
        for (host, worker) in [("simd", &mut simd), ("scalar", &mut scalar)] {
            let answer = worker.recommend(&request, row.as_deref()).unwrap_or_else(|e| panic!("{}: {e}", case.name));
            let answer = String::from_utf8(answer).expect("text");
            assert_eq!(answer, native, "{host}: {}", case.name);
            let response: Response = serde_json::from_str(&answer).expect("a response");
            assert_eq!(Expected::of(&response), case.expected, "{host}: {}", case.name);
        }
    }
}
