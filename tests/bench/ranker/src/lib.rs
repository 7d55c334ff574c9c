//! Three ways to the twenty best items of one person, over the same factors: the core's ranking, a plain scan of signed
//! bytes, and one of floats, as one would write them. One code for every host: native, and WebAssembly in any engine.
//!
//! All three apply the same rules: sold in the market, in stock, not bought. A fourth, the full scan, is not timed: it
//! computes every item's score as the core does, and says what the core must find.

use kenal_core::limits::VISITOR_CODE_MAX;
use kenal_core::{ItemIdx, Items, MarketIdx, Rules, Scratch, UserVector, rank};

/// Items asked for.
pub const K: usize = 20;
/// Dimensions of the factors.
pub const DIMS: usize = 64;
/// Items of each person that are not to be shown.
pub const BOUGHT: usize = 20;
/// The section's finest codes are so many to a scale.
const FINER: f32 = 16.0;

/// Factors, people and what they have bought, loaded once.
pub struct Ranker {
    items: Items<'static>,
    /// Each number in sixteenths of its item's scale, which is exact.
    codes: Vec<[i16; DIMS]>,
    bytes: Vec<[i8; DIMS]>,
    floats: Vec<[f32; DIMS]>,
    scales: Vec<f32>,
    allowed: Vec<bool>,
    people: Vec<Person>,
    scratch: Box<Scratch>,
}

impl std::fmt::Debug for Ranker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ranker({} items, {} people)", self.bytes.len(), self.people.len())
    }
}

struct Person {
    x: [f32; DIMS],
    bought: Vec<ItemIdx>,
}

impl Ranker {
    /// `section` is an items section of [`DIMS`] dimensions; `people` their vectors one after the other. What somebody
    /// has bought are the items that would be best, every second of them: exclusions that matter.
    ///
    /// # Panics
    /// When the section is none, since a bench has nothing to do without it.
    pub fn new(section: Vec<u8>, people: &[f32]) -> Ranker {
        let items = Items::parse(section.leak()).expect("an items section");
        let (mut codes, mut bytes, mut floats) = (Vec::new(), Vec::new(), Vec::new());
        let (mut scales, mut allowed) = (Vec::new(), Vec::new());
        for item in items.iter() {
            let mut y = [0.0; DIMS];
            assert!(items.dequantise(item, &mut y), "factors of {DIMS} dimensions");
            let scale = items.scale(item).expect("an item");
            assert!(items.boost(item) == 1.0, "a score that is dot product times scale");
            codes.push(y.map(|y| (y / scale * FINER).round() as i16));
            bytes.push(y.map(|y| (y / scale).round() as i8));
            floats.push(y);
            scales.push(scale);
            allowed.push(items.attributes(item).is_some_and(|a| a.in_stock && a.sold_in(market())));
        }
        let people = people
            .chunks_exact(DIMS)
            .map(|x| Person { x: x.try_into().expect("as many as dimensions"), bought: Vec::new() });
        let people = people.collect();
        let scratch = Box::new(Scratch::new());
        let mut ranker = Ranker { items, codes, bytes, floats, scales, allowed, people, scratch };
        for person in 0..ranker.people.len() {
            let best = ranker.floats(person, 2 * BOUGHT);
            let mut bought: Vec<ItemIdx> = best.iter().step_by(2).filter_map(|i| ranker.items.idx(*i)).collect();
            bought.sort_unstable();
            ranker.people[person].bought = bought;
        }
        ranker
    }

    /// How many people there are.
    pub const fn people(&self) -> usize {
        self.people.len()
    }

    /// The core's ranking: items, best first, and how many were looked at.
    pub fn core(&mut self, person: usize) -> (Vec<u32>, usize) {
        let person = &self.people[person];
        let user = UserVector::quantise(&person.x).expect("a taste");
        let rules = Rules { market: Some(market()), exclude: &person.bought, ..Rules::default() };
        let list = rank(&self.items, &user, &rules, K, &mut self.scratch.top);
        (list.iter().map(|s| s.item.get()).collect(), self.scratch.top.scanned())
    }

    /// A scan of all that the section holds, in the core's own arithmetic.
    pub fn full(&self, person: usize) -> Vec<u32> {
        let (query, visitor) = self.query(person);
        let score = |at: usize| {
            let products = self.codes[at].iter().zip(&query).map(|(y, x)| i64::from(*y) * i64::from(*x));
            products.sum::<i64>() as f32 / FINER * self.scales[at] * visitor
        };
        self.top(person, K, score)
    }

    /// A plain scan of the bytes.
    pub fn plain(&self, person: usize) -> Vec<u32> {
        let (query, _) = self.query(person);
        let score = |at: usize| dot(&self.bytes[at], &query) as f32 * self.scales[at];
        self.top(person, K, score)
    }

    /// A plain scan of the floats.
    pub fn floats(&self, person: usize, k: usize) -> Vec<u32> {
        let x = &self.people[person].x;
        self.top(person, k, |at| {
            // Eight sums, so that the compiler may use vectors.
            let mut sums = [0f32; 8];
            for (y, x) in self.floats[at].chunks_exact(8).zip(x.chunks_exact(8)) {
                for ((sum, y), x) in sums.iter_mut().zip(y).zip(x) {
                    *sum += y * x;
                }
            }
            sums.iter().sum()
        })
    }

    /// A person's vector in whole numbers, and their scale.
    fn query(&self, person: usize) -> ([i16; DIMS], f32) {
        let x = &self.people[person].x;
        let scale = x.iter().fold(0f32, |m, x| m.max(x.abs())) / f32::from(VISITOR_CODE_MAX);
        (x.map(|x| (x / scale).round() as i16), scale)
    }

    fn top(&self, person: usize, k: usize, score: impl Fn(usize) -> f32) -> Vec<u32> {
        let bought = &self.people[person].bought;
        let mut top: Vec<(f32, u32)> = Vec::with_capacity(k + 1);
        let mut floor = f32::NEG_INFINITY;
        for at in 0..self.bytes.len() {
            let score = score(at);
            if score > floor && self.allowed[at] && !bought.iter().any(|b| b.get() == at as u32) {
                let place = top.partition_point(|(s, _)| *s >= score);
                top.insert(place, (score, at as u32));
                top.truncate(k);
                floor = if top.len() < k { f32::NEG_INFINITY } else { top[k - 1].0 };
            }
        }
        top.into_iter().map(|(_, at)| at).collect()
    }
}

fn dot(a: &[i8; DIMS], b: &[i16; DIMS]) -> i32 {
    a.iter().zip(b).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum()
}

fn market() -> MarketIdx {
    MarketIdx::new(0).expect("the first market")
}

#[cfg(target_arch = "wasm32")]
mod exports {
    //! What a WebAssembly host calls; one ranker, since each instance is loaded once.
    #![allow(unsafe_code, reason = "a module's exports take addresses")]

    use std::cell::RefCell;

    use crate::Ranker;

    thread_local! {
        static RANKER: RefCell<Option<Ranker>> = const { RefCell::new(None) };
    }

    /// Memory for what the host hands over.
    #[unsafe(no_mangle)]
    pub extern "C" fn bench_alloc(len: usize) -> *mut u8 {
        Vec::with_capacity(len.max(1)).leak().as_mut_ptr()
    }

    /// Loads a section and people's vectors.
    ///
    /// # Safety
    /// Both came from [`bench_alloc`] with these lengths, and were written whole.
    #[unsafe(no_mangle)]
    pub unsafe extern "C" fn bench_load(section: *mut u8, len: usize, people: *const f32, numbers: usize) {
        // SAFETY: by the caller's promise.
        let (section, people) =
            unsafe { (std::slice::from_raw_parts(section, len).to_vec(), std::slice::from_raw_parts(people, numbers)) };
        RANKER.set(Some(Ranker::new(section, people)));
    }

    fn sum(list: &[u32]) -> u32 {
        list.iter().fold(17, |sum: u32, item| sum.wrapping_mul(31).wrapping_add(*item))
    }

    fn with(call: impl FnOnce(&mut Ranker) -> u32) -> u32 {
        RANKER.with_borrow_mut(|ranker| ranker.as_mut().map_or(0, call))
    }

    /// A number that says which list the core ranked.
    #[unsafe(no_mangle)]
    pub extern "C" fn bench_core(person: usize) -> u32 {
        with(|ranker| sum(&ranker.core(person).0))
    }

    /// The same of the full scan.
    #[unsafe(no_mangle)]
    pub extern "C" fn bench_full(person: usize) -> u32 {
        with(|ranker| sum(&ranker.full(person)))
    }

    /// The same of the plain scan of bytes.
    #[unsafe(no_mangle)]
    pub extern "C" fn bench_plain(person: usize) -> u32 {
        with(|ranker| sum(&ranker.plain(person)))
    }

    /// The same of the plain scan of floats.
    #[unsafe(no_mangle)]
    pub extern "C" fn bench_floats(person: usize) -> u32 {
        with(|ranker| sum(&ranker.floats(person, crate::K)))
    }
}
