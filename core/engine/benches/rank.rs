//! What a request costs: `cargo bench -p kenal-core`.
//!
//! 50,000 items × 64 dimensions, top 20, one core, with a plain scan of the same bytes beside it that must give the
//! same answer. How far pruning gets depends on how fast the norms fall: `flat` has nearly equal norms, so nothing can
//! be pruned; `real` falls off like the factors of an ALS model on a shop's purchases, with popular items first. Halved,
//! two thirds of the items have half a byte a number; the plain scan has them in bytes.

use std::hint::black_box;
use std::time::Instant;

use kenal_core::format::write::{ItemInput, ItemsInput, Tiers, write_items};
use kenal_core::limits::VISITOR_CODE_MAX;
use kenal_core::{
    Ask, CategoryIdx, Choice, ConsentBits, EventKind, Gate, Items, LiveEvent, Model, Revocation, Rules, Scratch,
    UserVector, Who, gate, rank,
};

const ITEMS: usize = 50_000;
const DIMS: usize = 64;
const K: usize = 20;
const TIERS: Tiers = Tiers::of(ITEMS);
const ROUNDS: usize = 300;

fn random(state: &mut u64) -> f32 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 40) as f32 / (1 << 23) as f32 - 1.0
}

fn section(fall: f32, tiers: Tiers) -> Vec<u8> {
    let mut state = 42;
    let items: Vec<ItemInput> = (0..ITEMS)
        .map(|i| ItemInput {
            id: i.to_string(),
            factor: (0..DIMS).map(|_| random(&mut state) / (1.0 + i as f32).powf(fall)).collect(),
            markets: 1,
            category: CategoryIdx::new(0).expect("small"),
            price_band: 0,
            in_stock: true,
            boost: 1.0,
        })
        .collect();
    let model = Model { alpha0: 0.1, reg: 0.003, view: 1.0, cart: 3.0, purchase: 5.0, half_life_s: 1e6 };
    let input = ItemsInput {
        model,
        dims: DIMS,
        markets: 1,
        categories: &["all".to_owned()],
        items: &items,
        tiers,
        previous: None,
    };
    write_items(&input).expect("a good section").bytes
}

/// Without pruning, vectors written by hand, or rules: what a compiler makes of the formula.
struct Plain {
    /// Bytes, without what refines them.
    bytes: Vec<[i8; DIMS]>,
    /// In sixteenths of a byte's code.
    codes: Vec<[i16; DIMS]>,
    scales: Vec<f32>,
}

impl Plain {
    fn new(items: &Items<'_>) -> Plain {
        let mut plain = Plain { bytes: Vec::new(), codes: Vec::new(), scales: Vec::new() };
        for item in items.iter() {
            let mut y = [0.0; DIMS];
            assert!(items.dequantise(item, &mut y));
            let scale = items.scale(item).expect("an item");
            plain.bytes.push(y.map(|y| (y / scale).round() as i8));
            plain.codes.push(y.map(|y| (16.0 * y / scale).round() as i16));
            plain.scales.push(scale);
        }
        plain
    }

    /// The first by bytes.
    fn top(&self, x: &[f32]) -> Vec<u32> {
        self.first(x, &self.bytes, |q, query| {
            q.iter().zip(query).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum::<i32>() as f32
        })
    }

    /// The first by all that is known of a factor.
    fn exact(&self, x: &[f32]) -> Vec<u32> {
        self.first(x, &self.codes, |q, query| {
            q.iter().zip(query).map(|(a, b)| i64::from(*a) * i64::from(*b)).sum::<i64>() as f32 / 16.0
        })
    }

    fn first<T>(&self, x: &[f32], factors: &[[T; DIMS]], dot: impl Fn(&[T; DIMS], &[i16]) -> f32) -> Vec<u32> {
        let scale = x.iter().fold(0f32, |m, x| m.max(x.abs())) / f32::from(VISITOR_CODE_MAX);
        let query: Vec<i16> = x.iter().map(|x| (x / scale).round() as i16).collect();
        let mut top: Vec<(f32, u32)> = Vec::with_capacity(K + 1);
        for (i, (q, item_scale)) in factors.iter().zip(&self.scales).enumerate() {
            let score = dot(q, &query) * item_scale * scale;
            if top.len() < K || score > top[K - 1].0 {
                let at = top.partition_point(|(s, _)| *s >= score);
                top.insert(at, (score, i as u32));
                top.truncate(K);
            }
        }
        top.into_iter().map(|(_, i)| i).collect()
    }
}

fn report(name: &str, mut times: Vec<f64>, note: &str) {
    times.sort_by(f64::total_cmp);
    let at = |p: usize| times[(times.len() - 1) * p / 100] * 1e3;
    // The least is what a quiet machine does; p99 on a busy one says more about the machine than about this code.
    println!("{name:<28} least {:7.3} ms  p50 {:7.3} ms  p99 {:7.3} ms  {note}", at(0), at(50), at(99));
}

fn timed<T>(times: &mut Vec<f64>, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let out = black_box(work());
    times.push(start.elapsed().as_secs_f64());
    out
}

fn main() {
    for (name, fall, tiers) in [
        ("flat", 0.0, Tiers::WHOLE),
        ("flat, tiers", 0.0, TIERS),
        ("real", 0.3, Tiers::WHOLE),
        ("real, tiers", 0.3, TIERS),
    ] {
        let bytes = section(fall, tiers);
        let mut opening = Vec::new();
        for _ in 0..20 {
            timed(&mut opening, || Items::parse(black_box(&bytes)).map(|i| i.len()).expect("own output"));
        }
        let items = Items::parse(&bytes).expect("own output");
        report(&format!("{name}: open"), opening, &format!("{} bytes", bytes.len()));
        let plain = Plain::new(&items);
        let mut scratch = Box::new(Scratch::new());
        let (mut fast, mut slow, mut scanned, mut same) = (Vec::new(), Vec::new(), 0, 0);
        let mut state = 7;
        for _ in 0..ROUNDS {
            let x: Vec<f32> = (0..DIMS).map(|_| random(&mut state)).collect();
            let user = UserVector::quantise(&x).expect("a taste");
            let rules = Rules::default();
            let top = &mut scratch.top;
            timed(&mut fast, || rank(&items, &user, &rules, K, top).len());
            let list: Vec<u32> = top.list().iter().map(|s| s.item.get()).collect();
            scanned += top.scanned();
            timed(&mut slow, || plain.top(&x));
            same += usize::from(list == plain.exact(&x));
        }
        assert_eq!(same, ROUNDS, "the same lists");
        let share = 100.0 * scanned as f64 / (ROUNDS * ITEMS) as f64;
        report(&format!("{name}: rank"), fast, &format!("{share:.1} % of the items looked at"));
        report(&format!("{name}: plain scan"), slow, "");
    }
    request();
}

/// From events to a ranked list with reasons.
fn request() {
    let bytes = section(0.3, Tiers::WHOLE);
    let items = Items::parse(&bytes).expect("own output");
    let ask = Ask {
        choice: Choice::Granted,
        gpc: false,
        now_s: 1000,
        expires_at_s: 2000,
        revocation: Revocation::Clear,
        who: Who::Known(ConsentBits::NONE),
        live_events: true,
    };
    let mut scratch = Box::new(Scratch::new());
    let Scratch { visit, fold_in, top, .. } = &mut *scratch;
    for count in [5, 40, 250] {
        let (mut solving, mut ranking, mut reasons) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            let Gate::Open(permit) = gate(&ask) else { panic!("granted") };
            let event = |i: usize| LiveEvent {
                item: items.idx(((i * 7919 + round * 31) % ITEMS) as u32).expect("an item"),
                at_s: 900,
                kind: EventKind::View,
            };
            let events: Vec<LiveEvent> = (0..count).map(event).collect();
            let user = timed(&mut solving, || {
                visit.load(permit, &items, None, &events, 1000).expect("few events");
                fold_in.solve(&items, visit).expect("a solution")
            });
            let rules = Rules { visit: Some(visit), ..Rules::default() };
            timed(&mut ranking, || rank(&items, &user, &rules, K, top).len());
            let found = timed(&mut reasons, || {
                top.list().iter().filter(|s| fold_in.because(&items, visit, s.item).is_some()).count()
            });
            assert!(found > 0);
        }
        report(&format!("fold-in of {count} events"), solving, "");
        report(&format!("rank after {count} events"), ranking, "");
        report(&format!("{K} reasons of {count} events"), reasons, "");
    }
}
