//! `kenal bundle`: everything a bundle says, whether it is true, what another one changes, and a bundle inside a program.

mod diff;
mod embed;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use kenal_bundle::{CardValue, Manifest};
use kenal_core::{Bundle, UserRow, UserShard};
use kenal_types::Timestamp;

use super::clock;
use crate::bundle_folder::{BundleFolder, key_file};
use crate::ui::{Align, Table, count};

#[derive(clap::Args)]
pub struct BundleArgs {
    #[command(subcommand)]
    command: BundleCommand,
}

#[derive(clap::Subcommand)]
enum BundleCommand {
    /// Show what is in a bundle. Fails when the signature or a section does not verify, with --verify also when the
    /// bundle has expired.
    Inspect(InspectArgs),
    /// What the second bundle changes: items, bytes to fetch, and what people are shown.
    Diff(diff::DiffArgs),
    /// Put a bundle's sections into the compiled program of a CDN, which then reads none of them from its store.
    Embed(embed::EmbedArgs),
}

#[derive(clap::Args)]
struct InspectArgs {
    bundle: PathBuf,
    /// Also read every user shard and every row in it, and refuse a bundle that has expired.
    #[arg(long)]
    verify: bool,
    /// The key to trust [default: the one that came with the bundle].
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
}

impl BundleArgs {
    pub fn run(self) -> Result<ExitCode> {
        match self.command {
            BundleCommand::Inspect(args) => args.run(),
            BundleCommand::Diff(args) => args.run().map(|()| ExitCode::SUCCESS),
            BundleCommand::Embed(args) => args.run().map(|()| ExitCode::SUCCESS),
        }
    }
}

impl InspectArgs {
    fn run(&self) -> Result<ExitCode> {
        let args = self;
        let trust = args.trust.as_deref().map(key_file).transpose()?;
        let folder = BundleFolder::open(&args.bundle, trust)?;
        let bundle = folder.bundle()?;
        println!("{}", facts(&folder));
        println!("{}", sections(&folder));
        println!("{}", contents(&bundle));
        println!("{}", card(&folder.manifest));
        if args.trust.is_none() {
            eprintln!("signed by {}, the key that came with the bundle; pin it with --trust FILE", folder.signer.id());
        }
        if args.verify {
            let (shards, rows) = verify_users(&folder, &bundle)?;
            let said = crate::stage::card::check(&args.bundle, &folder.manifest.card)?;
            println!(
                "verified: signature, {} sections, {shards} user shards, {rows} rows; {said}",
                folder.manifest.sections.len()
            );
            if expired(&folder.manifest) {
                bail!(
                    "the bundle expired at {}: hosts answer everybody with trending; publish a newer one with `kenal build`",
                    time(folder.manifest.expires_at)
                );
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn time(seconds: u64) -> String {
    Timestamp::from_seconds(i64::try_from(seconds).unwrap_or(i64::MAX)).to_string()
}

fn expired(manifest: &Manifest) -> bool {
    manifest.expires_at <= u64::try_from(clock::now().seconds()).unwrap_or(0)
}

fn facts(folder: &BundleFolder) -> Table {
    let manifest = &folder.manifest;
    let note = if expired(manifest) { "  EXPIRED: it personalises nobody" } else { "" };
    let mut table = Table::new(&[("bundle", Align::Left), ("", Align::Left)]);
    table.row(["version".to_owned(), manifest.version.to_string()]);
    table.row(["id".to_owned(), folder.id.to_string()]);
    table.row(["previous".to_owned(), manifest.previous.map_or("none".to_owned(), |p| p.to_string())]);
    table.row(["signed by".to_owned(), folder.signer.id().to_string()]);
    table.row(["created".to_owned(), time(manifest.created_at)]);
    table.row(["expires".to_owned(), time(manifest.expires_at) + note]);
    table.row(["consent root".to_owned(), manifest.consent_root.to_string()]);
    let markets: Vec<String> = manifest.markets.iter().map(|m| format!("{} ({})", m.code, m.currency)).collect();
    table.row(["markets".to_owned(), markets.join(", ")]);
    table.row(["as of".to_owned(), time(manifest.as_of)]);
    for (source, watermark) in &manifest.watermarks {
        table.row([format!("  {source}"), time(*watermark)]);
    }
    table
}

fn sections(folder: &BundleFolder) -> Table {
    let mut table = Table::new(&[("section", Align::Left), ("bytes", Align::Right), ("BLAKE3", Align::Left)]);
    for entry in &folder.manifest.sections {
        table.row([entry.kind.name().to_owned(), count(entry.bytes.into()), entry.hash.to_string()]);
    }
    table
}

fn contents(bundle: &Bundle<'_>) -> Table {
    let mut table = Table::new(&[("contents", Align::Left), ("", Align::Right)]);
    table.row(["items", &count(bundle.items.len() as u64)]);
    table.row(["factors an item", &bundle.items.dims().to_string()]);
    table.row(["withdrawn keys", &count(bundle.revocations.len() as u64)]);
    if let Some(users) = &bundle.users {
        table.row(["user rows", &count(u64::from(users.users()))]);
        table.row(["user shards", &count(users.hashes().len() as u64)]);
    }
    if let Some(churn) = &bundle.churn {
        table.row(["churn terms", &count(churn.names().len() as u64)]);
    }
    table
}

fn card(manifest: &Manifest) -> Table {
    let mut table = Table::new(&[("model card", Align::Left), ("", Align::Right)]);
    for (name, value) in &manifest.card {
        let value = match value {
            CardValue::Number(n) => format!("{}", (n * 1e4).round() / 1e4),
            CardValue::Text(text) => text.clone(),
        };
        table.row([name.clone(), value]);
    }
    table
}

/// Reads every shard, and every row that is not sealed; returns how many there are.
fn verify_users(folder: &BundleFolder, bundle: &Bundle<'_>) -> Result<(usize, usize)> {
    let Some(users) = &bundle.users else { return Ok((0, 0)) };
    let mut rows = 0;
    for shard in 0..users.hashes().len() {
        let bytes = folder.shard(users, shard as u32)?;
        let parsed = UserShard::parse(&bytes)?;
        rows += parsed.len();
        for (_, row) in parsed.iter().filter(|_| !parsed.is_sealed()) {
            UserRow::parse(row, bundle.items.len()).with_context(|| format!("user shard {shard}"))?;
        }
    }
    Ok((users.hashes().len(), rows))
}
