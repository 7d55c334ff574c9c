//! Factors and people: ALS fitted on made-up purchases.
//!
//! People have two of many tastes; what they buy is of a taste mostly, and popular things more than others (Zipf), so
//! norms and directions fall off as in a shop's factors. The people asked about are folded in from their purchases.

use std::fs;
use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use kenal_bench_ranker::DIMS;
use kenal_core::format::write::{ItemInput, ItemsInput, Tiers, write_items};
use kenal_core::{CategoryIdx, Model};
use kenal_models::als::{self, AlsConfig, Solver};
use kenal_models::{Interactions, Threads};
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64Mcg;

use crate::bundle;

#[derive(clap::Args)]
pub struct MakeArgs {
    /// Where to.
    dir: PathBuf,
    #[arg(long, default_value_t = 50_000)]
    items: usize,
    #[arg(long, default_value_t = 200_000)]
    people: usize,
    #[arg(long, default_value_t = 25)]
    purchases: usize,
    #[arg(long, default_value_t = 6)]
    iterations: usize,
}

/// People to rank for.
const ASKED: usize = 500;
pub const TASTES: usize = 300;

pub fn section_path(dir: &Path) -> PathBuf {
    dir.join("items.section")
}

pub fn people_path(dir: &Path) -> PathBuf {
    dir.join("people.f32")
}

pub fn make(args: &MakeArgs) -> Result<()> {
    fs::create_dir_all(&args.dir)?;
    let mut rng = Pcg64Mcg::seed_from_u64(20_261_126);
    let mut bought = Vec::with_capacity(args.people * args.purchases);
    for person in 0..args.people {
        let tastes = [rng.random_range(0..TASTES), rng.random_range(0..TASTES)];
        for _ in 0..args.purchases {
            // Inverse of a Zipf distribution with exponent near 1, cut off at the number of items.
            let u: f64 = rng.random();
            let rank = ((args.items as f64).powf(u) - 1.0) as usize;
            let item = match rng.random_range(0..10) {
                0..7 => {
                    let taste = tastes[rng.random_range(0..2)];
                    // The things of a taste are those whose number leaves it.
                    (rank / TASTES * TASTES + taste).min(args.items - 1)
                }
                _ => rank.min(args.items - 1),
            };
            bought.push((person as u32, item as u32, 1.0f32));
        }
    }
    let matrix = Interactions::from_triples(args.people, args.items, bought).context("counting purchases")?;
    let config =
        AlsConfig { factors: DIMS, iterations_max: args.iterations, solver: Solver::Fast, ..AlsConfig::default() };
    let threads = Threads::new(2).context("threads")?;
    let model = als::fit(&matrix, &config, threads, &mut |_| ControlFlow::Continue(())).context("fitting")?;
    let item = |n: usize| ItemInput {
        id: n.to_string(),
        factor: model.item_factors()[n * DIMS..][..DIMS].to_vec(),
        // One in fifty is not sold in the market, one in twenty is not in stock.
        markets: if n % 50 == 9 { 0b10 } else { 0b11 },
        category: CategoryIdx::new(0).expect("small"),
        price_band: 0,
        in_stock: n % 20 != 3,
        boost: 1.0,
    };
    let items: Vec<ItemInput> = (0..args.items).map(item).collect();
    let parameters = Model { alpha0: 0.1, reg: 0.01, view: 1.0, cart: 2.0, purchase: 5.0, half_life_s: 0.0 };
    let input = ItemsInput {
        model: parameters,
        dims: DIMS,
        markets: 2,
        categories: &["all".to_owned()],
        items: &items,
        tiers: Tiers::of(args.items),
        previous: None,
    };
    fs::write(section_path(&args.dir), write_items(&input)?.bytes)?;
    bundle::write(&bundle::folder(&args.dir), parameters, &items, &matrix)?;
    let step = args.people / ASKED;
    let people: Vec<f32> = (0..ASKED).flat_map(|n| model.user_factors()[n * step * DIMS..][..DIMS].to_vec()).collect();
    let bytes: Vec<u8> = people.iter().flat_map(|x| x.to_le_bytes()).collect();
    fs::write(people_path(&args.dir), bytes)?;
    let factors: Vec<f32> = items.iter().flat_map(|item| item.factor.clone()).collect();
    npy(&args.dir.join("items.npy"), &factors)?;
    npy(&args.dir.join("people.npy"), &people)
}

/// Rows of [`DIMS`] numbers in NumPy's format (NEP 1, version 1.0).
fn npy(path: &Path, numbers: &[f32]) -> Result<()> {
    let mut header =
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {DIMS}), }}", numbers.len() / DIMS);
    while (header.len() + 11) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut file = fs::File::create(path).with_context(|| format!("making {}", path.display()))?;
    file.write_all(b"\x93NUMPY\x01\x00")?;
    file.write_all(&(header.len() as u16).to_le_bytes())?;
    file.write_all(header.as_bytes())?;
    let bytes: Vec<u8> = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
    Ok(file.write_all(&bytes)?)
}
