//! `kenal bundle embed`: a bundle's sections inside the compiled program of a CDN.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use kenal_bundle::{Kind, embed};

use crate::bundle_folder::{BundleFolder, key_file};
use crate::ui::count;

#[derive(clap::Args)]
pub struct EmbedArgs {
    bundle: PathBuf,
    /// The program as it was built: kenal-fastly.wasm.
    #[arg(long, value_name = "FILE")]
    into: PathBuf,
    /// Where the program with the sections goes.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The key to trust [default: the one that came with the bundle].
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
}

impl EmbedArgs {
    pub fn run(&self) -> Result<()> {
        let trust = self.trust.as_deref().map(key_file).transpose()?;
        let folder = BundleFolder::open(&self.bundle, trust)?;
        // The program believes what it carries, so all of it is read through here.
        folder.bundle()?;
        // Churn is for the back office, and shards are no sections of the manifest.
        let kinds = folder.manifest.sections.iter().map(|entry| entry.kind).filter(|kind| *kind != Kind::Churn);
        let sections: Vec<&[u8]> = kinds.filter_map(|kind| folder.section(kind)).collect();
        let program = fs::read(&self.into).with_context(|| format!("reading {}", self.into.display()))?;
        let embedded = embed(&program, &sections).with_context(|| format!("embedding into {}", self.into.display()))?;
        fs::write(&self.out, &embedded).with_context(|| format!("writing {}", self.out.display()))?;
        println!(
            "{} sections of version {} are in {}, {} bytes more; publish the bundle too: its manifest and its shards are \
             read from the store, as are the sections of any other version",
            sections.len(),
            folder.manifest.version,
            self.out.display(),
            count((embedded.len() - program.len()) as u64)
        );
        Ok(())
    }
}
