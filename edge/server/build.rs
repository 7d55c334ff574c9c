//! Compiles the core to WebAssembly, so that `cargo build --bin kenal` alone gives a server that can serve.

use std::path::PathBuf;

#[path = "build/module.rs"]
mod module;

fn main() {
    let here = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"));
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let workspace = here.join("../..");
    for watched in ["core", "edge/handler", "edge/embedded", "edge/server/build", "edge/server/build.rs"] {
        println!("cargo::rerun-if-changed={}", workspace.join(watched).display());
    }
    match module::compile(&workspace, &out.join("module"), true) {
        Ok(path) => println!("cargo::rustc-env=KENAL_EDGE_MODULE={}", path.display()),
        Err(message) => {
            for line in message.lines() {
                println!("cargo::error={line}");
            }
        }
    }
}
