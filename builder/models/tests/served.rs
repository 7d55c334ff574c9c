//! What is learnt is what is served: the core's list of a person is that of the blend it was compiled from.

use std::ops::ControlFlow;

use kenal_core::format::write::{
    BlendInput, HistoryInput, ItemInput, ItemsInput, Tiers, TrendingInput, UserRowInput, write_blend, write_items,
    write_revocations, write_row, write_trending,
};
use kenal_core::{
    Ask, Bundle, CategoryIdx, Choice, ConsentBits, Gate, ItemIdx, ItemSet, Model, Revocation, Rules, Scratch, Sections,
    UserRow, Who, gate, personalise,
};
use kenal_models::als::{self, AlsConfig, AlsModel};
use kenal_models::blend::{Blend, Fashion, Heat, History, Parts, Rhythm, Weights, strength};
use kenal_models::eval::{Case, Scorer, rank};
use kenal_models::interactions::Interactions;
use kenal_models::item_item::{ItemItem, ItemItemConfig};
use kenal_models::threads::Threads;

const PEOPLE: usize = 400;
const ITEMS: usize = 120;
const FACTORS: usize = 16;

/// People with one of six tastes, who buy some things again and again.
fn histories() -> Vec<History> {
    let mut state = 9u64;
    let mut below = |n: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % n
    };
    (0..PEOPLE)
        .map(|person| {
            let taste = person as u64 % 6;
            (0..5 + below(15))
                .map(|_| {
                    let item = if below(5) > 0 { taste + 6 * below(20) } else { below(ITEMS as u64) };
                    (item as u32, below(300) as f32)
                })
                .collect()
        })
        .collect()
}

struct Learnt {
    als: AlsModel,
    item_item: ItemItem,
    rhythm: Rhythm,
    heat: Heat,
    histories: Vec<History>,
    all: Interactions,
}

fn learn() -> Learnt {
    let histories = histories();
    let pairs = histories.iter().enumerate().flat_map(|(u, h)| h.iter().map(move |&(i, _)| (u as u32, i)));
    let mut pairs: Vec<(u32, u32)> = pairs.collect();
    pairs.sort_unstable();
    pairs.dedup();
    let triples = pairs.into_iter().map(|(u, i)| (u, i, 1.0));
    let all = Interactions::from_triples(PEOPLE, ITEMS, triples).expect("in range");
    let config = AlsConfig { factors: FACTORS, ..AlsConfig::default() };
    let als = als::fit(&all, &config, Threads::ONE, &mut |_| ControlFlow::Continue(())).expect("fits");
    let item_item = ItemItem::fit(&all, None, &ItemItemConfig::default(), Threads::ONE);
    let mut heat = Heat::none(ITEMS);
    for &(item, age) in histories.iter().flatten() {
        heat.now[item as usize] += (-age / 30.0f32).exp2();
        heat.ever[item as usize] += 1.0;
    }
    Learnt { als, item_item, rhythm: Rhythm::learn(&histories, ITEMS), heat, histories, all }
}

/// The sections of the compiled blend, and the bundle's index of each item.
fn compile(learnt: &Learnt, weights: &Weights) -> (Vec<u8>, Vec<u8>, Vec<ItemIdx>) {
    let fashion = Fashion::new(&learnt.heat, weights);
    let inputs: Vec<ItemInput> = learnt
        .als
        .item_factors()
        .chunks_exact(FACTORS)
        .zip(&fashion.goes)
        .enumerate()
        .map(|(n, (factor, &boost))| ItemInput {
            id: format!("i{n:04}"),
            factor: factor.to_vec(),
            markets: 1,
            category: CategoryIdx::new(0).expect("small"),
            price_band: 0,
            in_stock: true,
            boost,
        })
        .collect();
    let config = learnt.als.config();
    let model =
        Model { alpha0: config.unobserved, reg: config.reg, view: 0.2, cart: 0.5, purchase: 1.0, half_life_s: 0.0 };
    let categories = ["all".to_owned()];
    let input = ItemsInput {
        model,
        dims: FACTORS,
        markets: 1,
        categories: &categories,
        items: &inputs,
        tiers: Tiers::WHOLE,
        previous: None,
    };
    let written = write_items(&input).expect("good items");
    let mut goes_with = vec![Vec::new(); ITEMS];
    for (n, item) in written.index.iter().enumerate() {
        let speaks_for = learnt.item_item.speaks_for(n as u32).iter();
        goes_with[item.get() as usize] = speaks_for.map(|o| (written.index[o.item as usize], o.weight)).collect();
    }
    let weights = kenal_core::Weights { item_item: weights.item_item, als: weights.als, again: weights.again };
    let blend = write_blend(&BlendInput { weights, goes_with: &goes_with }).expect("good lists");
    (written.bytes, blend, written.index)
}

fn row(learnt: &Learnt, weights: &Weights, index: &[ItemIdx], person: usize) -> Vec<u8> {
    let fashion = Fashion::new(&learnt.heat, weights);
    let (items, confidence) = learnt.all.row(person);
    let history = items.iter().zip(confidence).map(|(&item, &confidence)| {
        let ages = || learnt.histories[person].iter().filter(move |e| e.0 == item).map(|e| e.1);
        let last = ages().fold(f32::INFINITY, f32::min);
        let half_life = learnt.rhythm.half_life_days(item, weights.again_half_life_days);
        let due: f32 = ages().map(|age| (-age / half_life).exp2()).sum();
        HistoryInput {
            item: index[item as usize],
            confidence,
            together: strength(last, weights.recency_days),
            again: learnt.rhythm.strength(item) * due * fashion.again[item as usize],
        }
    });
    let bought = items.iter().map(|&i| index[i as usize]).collect();
    let input = UserRowInput { history: history.collect(), bought, ..UserRowInput::default() };
    write_row(&input, ITEMS).expect("a good row")
}

/// Share of the first 20 that both have, over all people.
fn overlap(learnt: &Learnt, weights: Weights, again: bool) -> f64 {
    let (items, blend, index) = compile(learnt, &weights);
    let trending = write_trending(&TrendingInput { items: ITEMS, lists: &[] }).expect("no lists");
    let revocations = write_revocations(&[]).expect("nobody");
    let sections = Sections {
        items: &items,
        trending: &trending,
        revocations: &revocations,
        users: None,
        churn: None,
        catalogue: None,
        blend: Some(&blend),
    };
    let bundle = Bundle::parse(&sections).expect("own output");
    let mut parts = Parts::new(Some(&learnt.item_item), Some(&learnt.als), learnt.heat.clone());
    (parts.histories, parts.bought_hidden) = (&learnt.histories, !again);
    parts.rhythm = again.then_some(&learnt.rhythm);
    let model = Blend::new(parts, weights);
    let mut scratch = Box::new(Scratch::new());
    let (mut same, mut all) = (0, 0);
    for person in 0..PEOPLE {
        let (items, confidence) = learnt.all.row(person);
        let history = items.iter().copied().zip(confidence.iter().copied()).collect();
        let case = Case { user: person as u32, history, relevant: Vec::new() };
        let mut scores = vec![0.0; ITEMS];
        model.score(&case, &mut scores);
        let best = rank(&scores, 20, |i| scores[i as usize] > 1e-4);
        let row = row(learnt, &weights, &index, person);
        let row = UserRow::parse(&row, ITEMS).expect("own output");
        let ask = Ask {
            choice: Choice::Granted,
            gpc: false,
            now_s: 0,
            expires_at_s: 1,
            revocation: Revocation::Clear,
            who: Who::Known(ConsentBits::NONE),
            live_events: false,
        };
        let Gate::Open(permit) = gate(&ask) else { panic!("closed") };
        scratch.visit.load(permit, &bundle.items, Some(&row), &[], 0).expect("no events");
        let bought = if again { ItemSet::default() } else { row.bought() };
        let rules = Rules { bought, ..Rules::default() };
        let list = personalise(&bundle, &rules, again, 20, &mut scratch).expect("a solution");
        let served: Vec<u32> =
            list.iter().filter_map(|s| index.iter().position(|i| *i == s.item)).map(|n| n as u32).collect();
        same += best.iter().filter(|i| served.contains(i)).count();
        all += best.len();
    }
    f64::from(same as u32) / f64::from(all as u32)
}

#[test]
fn the_core_serves_what_was_learnt() {
    let learnt = learn();
    let weights = Weights { recency_days: 60.0, trend_power: 0.35, rise_power: 0.35, als: 0.4, ..Weights::default() };
    for (name, weights, again) in [
        ("new", weights, false),
        ("again", Weights { again_trend_power: 0.2, ..weights }, true),
        ("item-item alone", Weights { als: 0.0, ..weights }, false),
        ("taste alone", Weights { item_item: 0.0, als: 1.0, ..weights }, false),
    ] {
        let share = overlap(&learnt, weights, again);
        assert!(share > 0.97, "{name}: {share} of the first 20 are the same; the rest is rounding to signed bytes");
    }
}
