//! The module compiled ahead of time: kept in a folder, so that a server that starts there again need not compile.
//!
//! What is in the folder is run as code, as a program is. A file is read only when it is whole: its name tells the module,
//! its first 32 bytes are the BLAKE3 hash of the rest, and wasmtime refuses what another version of it, other settings or
//! another processor made. Whatever is wrong with it, the module is compiled and the file written anew.
#![allow(unsafe_code, reason = "compiled code is believed")]

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use kenal_edge::Hash;
use wasmtime::{Engine, Module};

/// The module of these bytes, from `folder` or compiled and put there.
pub(crate) fn module(engine: &Engine, bytes: &[u8], folder: &Path) -> wasmtime::Result<Module> {
    let file = file(bytes, folder);
    match kept(engine, &file) {
        Ok(module) => return Ok(module),
        Err(error) if error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::NotFound) => {}
        Err(error) => tracing::warn!(%error, path = %file.display(), "a compiled module is not used"),
    }
    let module = Module::new(engine, bytes)?;
    if let Err(error) = keep(&module, folder, &file) {
        tracing::warn!(%error, path = %file.display(), "the compiled module is not kept");
    }
    Ok(module)
}

fn file(bytes: &[u8], folder: &Path) -> PathBuf {
    folder.join(format!("kenal-core-{}.cwasm", Hash::of(bytes)))
}

fn kept(engine: &Engine, file: &Path) -> wasmtime::Result<Module> {
    let content = fs::read(file)?;
    let compiled = content.split_first_chunk().filter(|(hash, rest)| Hash(**hash) == Hash::of(rest));
    let (_, compiled) = compiled.ok_or_else(|| wasmtime::Error::msg("it is damaged"))?;
    // SAFETY: these bytes are whole as `keep` wrote them, in a folder that whoever runs the server trusts with code.
    unsafe { Module::deserialize(engine, compiled) }
}

/// Written beside its place and then moved there, so that nobody reads half of it.
fn keep(module: &Module, folder: &Path, file: &Path) -> wasmtime::Result<()> {
    let compiled = module.serialize()?;
    fs::create_dir_all(folder)?;
    let part = folder.join(format!("kenal-core-{}.part", std::process::id()));
    let mut out = fs::File::create(&part)?;
    out.write_all(&Hash::of(&compiled).0)?;
    out.write_all(&compiled)?;
    out.sync_all()?;
    Ok(fs::rename(&part, file)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODULE: &str = r#"(module (func (export "answer") (result i32) i32.const 42))"#;

    fn answer(engine: &Engine, module: &Module) -> i32 {
        let mut store = wasmtime::Store::new(engine, ());
        let instance = wasmtime::Instance::new(&mut store, module, &[]).expect("instantiated");
        instance.get_typed_func::<(), i32>(&mut store, "answer").expect("exported").call(&mut store, ()).expect("42")
    }

    #[test]
    fn a_module_is_compiled_once_and_again_when_its_file_is_wrong() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = dir.path().join("compiled");
        let engine = Engine::default();
        let bytes = wat::parse_str(MODULE).expect("a module");
        let path = file(&bytes, &folder);
        assert!(kept(&engine, &path).is_err(), "nothing is there yet");
        assert_eq!(answer(&engine, &module(&engine, &bytes, &folder).expect("compiled")), 42);
        assert_eq!(answer(&engine, &kept(&engine, &path).expect("kept")), 42);
        let good = fs::read(&path).expect("written");
        for at in [0, 40, good.len() - 1] {
            let mut damaged = good.clone();
            damaged[at] ^= 1;
            fs::write(&path, &damaged).expect("damaged");
            assert!(kept(&engine, &path).expect_err("refused").to_string().contains("damaged"));
            assert_eq!(answer(&engine, &module(&engine, &bytes, &folder).expect("compiled again")), 42);
            assert_eq!(fs::read(&path).expect("mended"), good);
        }
        fs::write(&path, &good[..20]).expect("cut");
        assert!(kept(&engine, &path).is_err());
        // Whole, but of other settings.
        let mut config = wasmtime::Config::new();
        config.epoch_interruption(true);
        let other = Engine::new(&config).expect("an engine");
        fs::write(&path, &good).expect("whole");
        assert!(kept(&other, &path).is_err());
        assert_eq!(fs::read_dir(&folder).expect("readable").count(), 1, "no part is left");
    }

    #[test]
    fn a_folder_that_cannot_be_written_to_costs_the_start_nothing_but_time() {
        let dir = tempfile::tempdir().expect("a folder");
        let taken = dir.path().join("file");
        fs::write(&taken, "no folder").expect("written");
        let engine = Engine::default();
        let bytes = wat::parse_str(MODULE).expect("a module");
        assert_eq!(answer(&engine, &module(&engine, &bytes, &taken).expect("compiled")), 42);
    }
}
