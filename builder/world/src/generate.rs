//! Making a world: people in chunks over threads, through the spool, into files.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;

use kenal_types::Date;

use crate::catalogue::{self, Catalogue};
use crate::emit::{self, Clock, Emitter, Setup};
use crate::error::WorldError;
use crate::files;
use crate::identity::People;
use crate::model::{self, ORDERS_MAX};
use crate::orders::History;
use crate::rates::DefectCounts;
use crate::records::Ids;
use crate::retail::Retail;
use crate::spool::{Outbox, Spool};
use crate::summary::WorldSummary;

/// Phone numbers of the smallest market have room for so many people.
pub const PEOPLE_MAX: u64 = 5_500_000;
/// People a thread takes at a time.
const CHUNK: u64 = 256;
/// Rows of the spool are on the same disk as the exports, and gone when the world is made.
const SPOOL: &str = ".spool";

/// What world to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorldConfig {
    /// A folder that is empty or does not exist.
    pub out: PathBuf,
    /// How many people; with a file of purchases, at most how many of its customers.
    pub people: u64,
    /// A file of real purchases (UCI Online Retail's columns, CSV, gzip or plain); otherwise the generative model.
    pub purchases: Option<PathBuf>,
    pub seed: u64,
    /// The last day with purchases.
    pub end: Date,
    pub written: Written,
}

/// What of a world is written; what is left out is drawn all the same, so that the rest does not depend on it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Written {
    /// Only these people, by number: the parts of a world that is larger than the disk, one after another. Who shares a
    /// home has numbers one after another.
    pub people: Option<Range<u64>>,
    /// Of what was done in the app, only what says who it was and what was bought: the rest is nine tenths of a world.
    pub sessions_brief: bool,
}

/// Where purchases come from.
#[derive(Debug)]
enum Shop {
    Model(Catalogue),
    Retail(Box<Retail>),
}

impl Shop {
    fn catalogue(&self) -> &Catalogue {
        match self {
            Shop::Model(catalogue) => catalogue,
            Shop::Retail(retail) => &retail.catalogue,
        }
    }

    fn history(&self, people: &People, i: u64, end: Date) -> History {
        match self {
            Shop::Model(catalogue) => model::history(people.seed, i, people.household(i).market, end, catalogue),
            Shop::Retail(retail) => retail.history(people.seed, i),
        }
    }
}

/// Makes a world with as many threads as the machine has cores. See [`generate_with`].
///
/// # Errors
/// As [`generate_with`].
pub fn generate(config: &WorldConfig, progress: &dyn Fn(&str, u64, u64)) -> Result<WorldSummary, WorldError> {
    let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    generate_with(config, threads, progress)
}

/// Makes a world: the exports of five systems and, apart, the truth.
///
/// `progress` is told the stage, what is done of it and of how much; it is called on this thread alone. The same
/// configuration gives the same bytes for any number of threads. Memory does not grow with the number of people: 60 to
/// 90 MB with two threads, measured from 2,000 to 200,000 people; disk is needed for about twice the exports.
///
/// # Errors
/// A folder that is not empty, an end day out of range, a file of purchases that is of no use, a full disk.
pub fn generate_with(
    config: &WorldConfig,
    threads: NonZeroUsize,
    progress: &dyn Fn(&str, u64, u64),
) -> Result<WorldSummary, WorldError> {
    check(config)?;
    let shop = match &config.purchases {
        None => Shop::Model(catalogue::model(config.seed)),
        Some(path) => {
            progress("purchases", 0, 1);
            let retail = Retail::load(path, config.people, config.end);
            let retail = retail.map_err(|source| WorldError::Purchases { path: path.clone(), source })?;
            progress("purchases", 1, 1);
            Shop::Retail(Box::new(retail))
        }
    };
    let (count, guests, serials) = match &shop {
        Shop::Model(_) => (config.people, 0, config.people * ORDERS_MAX),
        Shop::Retail(retail) => (retail.people(), retail.guests(), retail.serials),
    };
    std::fs::create_dir_all(&config.out).map_err(WorldError::io(&config.out))?;
    let people = People::new(config.seed, count);
    let ids = Ids::new(config.seed, count, serials);
    let clock = Clock::new(config.end);
    let setup = Setup {
        people: &people,
        ids: &ids,
        catalogue: shop.catalogue(),
        clock,
        sessions_brief: config.written.sessions_brief,
    };
    // An order of the file has ten times the lines of one of the model.
    let weight = if config.purchases.is_some() { 10 } else { 1 };
    let here = config.written.people.as_ref().map_or(count, |part| part.end.min(count).saturating_sub(part.start));
    let spool = Spool::new(config.out.join(SPOOL), &emit::streams(here * weight, &clock))?;
    let all = 0..count + guests;
    let part = config.written.people.clone().unwrap_or_else(|| all.clone());
    let part = part.start.min(all.end)..part.end.min(all.end);
    let mut defects = people_to_spool(&shop, &setup, part, &spool, threads, progress)?;
    let stage = |name: &str| progress(&format!("write {name}"), 0, 1);
    let files = files::write(&config.out, &spool, &setup, &mut defects, &stage)?;
    progress("write", 1, 1);
    Ok(WorldSummary { people: count, guest_orders: guests, files, defects })
}

fn check(config: &WorldConfig) -> Result<(), WorldError> {
    if config.people == 0 {
        return Err(WorldError::NoPeople);
    }
    if config.people > PEOPLE_MAX {
        return Err(WorldError::TooManyPeople { people: config.people, max: PEOPLE_MAX });
    }
    // 1975-01-01 to 9000-12-31, so that no time before or after leaves the range of what is written.
    if !(1826..=2_568_000).contains(&config.end.0) {
        return Err(WorldError::EndOutOfRange { end: config.end });
    }
    match std::fs::read_dir(&config.out) {
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => Err(WorldError::OutNotEmpty { path: config.out.clone() }),
        },
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(WorldError::Io { path: config.out.clone(), source }),
    }
}

/// Makes everybody. Threads take chunks as they come; the spool puts rows in order afterwards.
fn people_to_spool(
    shop: &Shop,
    setup: &Setup<'_>,
    part: Range<u64>,
    spool: &Spool,
    threads: NonZeroUsize,
    progress: &dyn Fn(&str, u64, u64),
) -> Result<DefectCounts, WorldError> {
    let total = part.end.saturating_sub(part.start);
    let next = AtomicU64::new(part.start);
    let (sender, done) = mpsc::channel::<u64>();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.get())
            .map(|_| {
                let (sender, next) = (sender.clone(), &next);
                scope.spawn(move || work(shop, setup, part.end, spool, next, &sender))
            })
            .collect();
        drop(sender);
        let mut finished = 0;
        for chunk in done {
            finished += chunk;
            progress("people", finished, total);
        }
        let mut defects = DefectCounts::default();
        for worker in workers {
            match worker.join() {
                Ok(counts) => defects.merge(&counts?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(defects)
    })
}

fn work(
    shop: &Shop,
    setup: &Setup<'_>,
    end: u64,
    spool: &Spool,
    next: &AtomicU64,
    sender: &mpsc::Sender<u64>,
) -> Result<DefectCounts, WorldError> {
    let mut emitter = Emitter::new(setup, Outbox::new(spool));
    loop {
        let from = next.fetch_add(CHUNK, Ordering::Relaxed);
        let upto = (from + CHUNK).min(end);
        if from >= upto {
            return emitter.finish();
        }
        for i in from..upto {
            match (i.checked_sub(setup.people.count), shop) {
                (Some(guest), Shop::Retail(retail)) => {
                    emitter.guest(guest, &retail.guest(setup.people.seed, guest))?;
                }
                _ => emitter.person(i, &shop.history(setup.people, i, setup.clock.end))?,
            }
        }
        // The receiver outlives the workers; if it does not, nobody waits for news.
        let _ = sender.send(upto - from);
    }
}

/// Where the truth of a world is.
pub fn truth_dir(out: &Path) -> PathBuf {
    out.join("truth")
}
