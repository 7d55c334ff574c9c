//! `kenal features list` and `describe`: what the registry knows, one line a feature or one feature whole.

use std::path::PathBuf;

use anyhow::{Result, bail};
use kenal_features::registry::position;
use kenal_features::{CODE_HASH, Feature, registry};
use kenal_lake::Lake;
use kenal_types::{Purpose, Timestamp};

use crate::stage::freshness::Freshness;
use crate::ui::{Align, Table};

#[derive(clap::Args)]
pub struct ListArgs {
    /// Only this family, such as orders or support.
    #[arg(long)]
    family: Option<String>,
    /// Also how far each feature is known complete in this lake.
    #[arg(long, value_name = "DIR")]
    lake: Option<PathBuf>,
}

#[derive(clap::Args)]
pub struct DescribeArgs {
    /// As `kenal features list` writes it.
    name: String,
    /// Also how far the feature is known complete in this lake.
    #[arg(long, value_name = "DIR")]
    lake: Option<PathBuf>,
}

pub fn list(args: &ListArgs) -> Result<()> {
    let wanted = |f: &&Feature| args.family.as_deref().is_none_or(|family| f.family.name == family);
    let listed: Vec<&Feature> = registry().iter().filter(wanted).collect();
    if listed.is_empty() {
        let mut families: Vec<&str> = registry().iter().map(|f| f.family.name).collect();
        families.dedup();
        bail!("there is no such family; there are {}", families.join(", "));
    }
    let fresh = args.lake.as_deref().map(freshness).transpose()?;
    let mut heads = vec![
        ("feature", Align::Left),
        ("family", Align::Left),
        ("unit", Align::Left),
        ("window", Align::Left),
        ("owner", Align::Left),
    ];
    if fresh.is_some() {
        heads.push(("complete up to", Align::Left));
    }
    let mut table = Table::new(&heads);
    for f in &listed {
        let cells = [f.name, f.family.name, f.unit.name(), &window(f), f.family.owner].map(str::to_owned);
        let fresh = fresh.as_ref().map(|fresh| known(f.fresh_to(|table| fresh.of_table(table))));
        table.row(cells.into_iter().chain(fresh));
    }
    println!("{table}");
    println!("{} features, code {}", listed.len(), &CODE_HASH[..16]);
    Ok(())
}

pub fn describe(args: &DescribeArgs) -> Result<()> {
    let Some(at) = position(&args.name) else {
        let near: Vec<&str> = registry().iter().map(|f| f.name).filter(|n| alike(n, &args.name)).collect();
        let hint = if near.is_empty() { "`kenal features list` has them all".to_owned() } else { near.join(", ") };
        bail!("there is no feature {}; {hint}", args.name);
    };
    let f = &registry()[at];
    let purposes: Vec<&str> = Purpose::ALL.into_iter().filter(|p| f.serves(*p)).map(Purpose::name).collect();
    println!("{}", f.name);
    println!("  family    {}", f.family.name);
    println!("  owner     {}", f.family.owner);
    println!("  unit      {}", f.unit);
    println!("  window    {}", window(f));
    println!("  sources   {}", f.sources.join(", "));
    println!("  used to   {}", purposes.join(", "));
    println!("  no value  {}", f.null);
    println!("  position  {} of {}", at + 1, registry().len());
    if let Some(lake) = &args.lake {
        let fresh = freshness(lake)?;
        println!("  complete  {}", known(f.fresh_to(|table| fresh.of_table(table))));
        for table in f.tables() {
            println!("            {table} {}", known(fresh.of_table(table)));
        }
    }
    Ok(())
}

pub fn freshness(lake: &std::path::Path) -> Result<Freshness> {
    Freshness::of(&Lake::open_existing(lake)?)
}

pub fn window(f: &Feature) -> String {
    f.window.days().map_or_else(|| "ever".to_owned(), |days| format!("{days} days"))
}

pub fn known(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "not known".to_owned(), |t| t.to_string())
}

/// The first word is the same: `order_7d` is near `orders_7d` and `order_value_last`.
fn alike(name: &str, wanted: &str) -> bool {
    let word = |text: &str| text.split('_').next().unwrap_or_default().trim_end_matches('s').to_owned();
    word(name) == word(wanted)
}
