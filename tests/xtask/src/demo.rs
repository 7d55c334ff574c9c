//! `cargo xtask demo`: from a clone to a personalised page.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::setup;
use crate::step::{self, cargo, command, root, target_dir};

#[derive(clap::Args)]
pub struct DemoArgs {
    /// Where the company, its lake and its bundle go; remade on every run.
    #[arg(long, default_value = "demo")]
    dir: PathBuf,
    /// Where the shop listens.
    #[arg(long, default_value = "127.0.0.1:8787")]
    addr: String,
    /// Purchases to build the company on, in the columns of UCI Online Retail.
    #[arg(long, default_value = "builder/world/data/online_retail_excerpt.csv.gz")]
    purchases: PathBuf,
    /// Stop before serving.
    #[arg(long)]
    no_serve: bool,
}

pub fn run(args: &DemoArgs) -> Result<()> {
    setup::for_demo()?;
    step::run(
        "build kenal (the first time takes some minutes)",
        cargo().args(["build", "--release", "--bin", "kenal"]),
    )?;
    step::run("build the web packages", command("npm").args(["run", "build"]).current_dir(root().join("web")))?;
    let kenal = target_dir().join("release/kenal");
    let demo = Company::build(&kenal, &root().join(&args.dir), &root().join(&args.purchases))?;
    if args.no_serve {
        return Ok(());
    }
    eprintln!("\n   The shop: http://{}   (stop it with Ctrl-C)", args.addr);
    step::run("serve the shop", demo.serve(&kenal).args(["--addr", &args.addr]))
}

/// A generated company with everything built from it.
pub struct Company {
    pub bundle: PathBuf,
    pub site: PathBuf,
}

impl Company {
    /// Generates the five exports below `dir`, builds lake and bundle from them, checks them against the truth, and
    /// puts the storefront beside them.
    pub fn build(kenal: &Path, dir: &Path, purchases: &Path) -> Result<Company> {
        if dir.exists() {
            fs::remove_dir_all(dir).with_context(|| format!("removing the last demo in {}", dir.display()))?;
        }
        fs::create_dir_all(dir).with_context(|| format!("making {}", dir.display()))?;
        let (from, lake) = (dir.join("company"), dir.join("lake"));
        let (bundle, site) = (dir.join("bundle"), dir.join("site"));
        let kenal = || command(kenal);
        step::run(
            "five systems' exports of real purchases",
            kenal().args(["world", "--out"]).arg(&from).arg("--purchases").arg(purchases),
        )?;
        step::run(
            "exports → bundle",
            kenal().args(["build", "--from"]).arg(&from).arg("--lake").arg(&lake).arg("--out").arg(&bundle),
        )?;
        step::run(
            "against the truth",
            kenal().args(["world", "check", "--truth"]).arg(from.join("truth")).arg("--lake").arg(&lake),
        )?;
        step::run("what was signed", kenal().args(["bundle", "inspect", "--verify"]).arg(&bundle))?;
        copy_folder(&root().join("web/storefront/dist"), &site)?;
        let visitors = kenal().args(["show", "visitors", "--json", "--lake"]).arg(&lake).output()?;
        anyhow::ensure!(
            visitors.status.success(),
            "kenal show visitors failed: {}",
            String::from_utf8_lossy(&visitors.stderr)
        );
        fs::write(site.join("visitors.json"), visitors.stdout).context("writing the visitor list")?;
        Ok(Company { bundle, site })
    }

    /// `kenal serve` for this company; the caller adds the address.
    pub fn serve(&self, kenal: &Path) -> Command {
        let mut serve = command(kenal);
        serve.arg("serve").arg("--bundle").arg(&self.bundle).arg("--web").arg(&self.site);
        serve
    }
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("making {}", to.display()))?;
    for entry in
        fs::read_dir(from).with_context(|| format!("reading {}: are the web packages built?", from.display()))?
    {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target).with_context(|| format!("copying {}", entry.path().display()))?;
        }
    }
    Ok(())
}
