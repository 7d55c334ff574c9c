//! kenal-bindgen: writes the JavaScript side of the browser's wasm build.
//!
//! It is `wasm-bindgen --target web` as a small program of this workspace, so that the generator and the `wasm-bindgen`
//! crate which the module was compiled with come from one `Cargo.lock` and cannot disagree, and nothing is installed.
//!
//! Usage: `kenal-bindgen <input.wasm> <out-dir>`; the output is `<stem>.js`, `<stem>.d.ts`, `<stem>_bg.wasm` and
//! `<stem>_bg.wasm.d.ts`.

use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

const USAGE: &str = "usage: kenal-bindgen <input.wasm> <out-dir>";

fn main() -> Result<()> {
    let args: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    let [input, out_dir] = args.as_slice() else { bail!("{USAGE}; got {} arguments", args.len()) };
    if !input.is_file() {
        bail!(
            "{} is not a file; build it with `cargo build -p kenal-browser --target wasm32-unknown-unknown`",
            input.display()
        );
    }
    let mut bindgen = Bindgen::new();
    bindgen.input_path(input).web(true).context("choosing the web target")?;
    // The package names its own `.wasm` beside `import.meta.url`, in the one file that touches wasm.
    bindgen.omit_default_module_path(true).typescript(true).remove_producers_section(true);
    bindgen.generate(out_dir).with_context(|| format!("binding {} into {}", input.display(), out_dir.display()))
}
