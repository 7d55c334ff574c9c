//! Compiles the core to WebAssembly, so that `cargo build --bin kenal` alone gives a server that can serve.

use std::path::PathBuf;

#[path = "build/module.rs"]
mod module;

fn main() {
    let here = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"));
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let workspace = here.join("../..");
    // What the module is made of. Their tests are not, and change more often.
    for package in ["core/engine", "core/bundle", "edge/handler", "edge/embedded"] {
        println!("cargo::rerun-if-changed={}", workspace.join(package).join("src").display());
        println!("cargo::rerun-if-changed={}", workspace.join(package).join("Cargo.toml").display());
    }
    for file in ["Cargo.toml", "Cargo.lock", "edge/server/build.rs", "edge/server/build/module.rs"] {
        println!("cargo::rerun-if-changed={}", workspace.join(file).display());
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
