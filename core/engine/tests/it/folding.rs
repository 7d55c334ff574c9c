//! The fold-in against a dense solution in f64, and its reasons against its scores.

use kenal_core::format::write::{UserRowInput, write_row};
use kenal_core::limits::EVENTS_MAX;
use kenal_core::{
    EventKind, FallbackReason, FoldIn, Items, LiveEvent, Observation, Relation, TooManyEvents, UserRow, UserVector,
    Visit,
};

use crate::shop::{self, Random};

fn factor(items: &Items<'_>, index: usize) -> Vec<f64> {
    let mut y = vec![0.0; items.dims()];
    assert!(items.dequantise(shop::item(index), &mut y));
    y.into_iter().map(f64::from).collect()
}

/// A and b of the equations in the header of `fold_in.rs`, from the dequantised factors alone.
fn equations(items: &Items<'_>, visit: &Visit) -> (Vec<Vec<f64>>, Vec<f64>) {
    let d = items.dims();
    let (alpha0, reg) = (f64::from(items.model().alpha0), f64::from(items.model().reg));
    let mut a = vec![vec![0.0; d]; d];
    let mut b = vec![0.0; d];
    let mut add = |y: &[f64], weight: f64, b_weight: f64| {
        for i in 0..d {
            b[i] += b_weight * y[i];
            for j in 0..d {
                a[i][j] += weight * y[i] * y[j];
            }
        }
    };
    for i in 0..items.len() {
        add(&factor(items, i), alpha0, 0.0);
    }
    for o in visit.observations() {
        add(&factor(items, o.item.get() as usize), f64::from(o.confidence), f64::from(o.confidence));
    }
    let ridge = reg * (visit.observations().len() as f64 + alpha0 * items.len() as f64);
    for (i, row) in a.iter_mut().enumerate() {
        row[i] += ridge;
    }
    for o in visit.observations() {
        let lift = lift(&a, items, o);
        for (b, y) in b.iter_mut().zip(factor(items, o.item.get() as usize)) {
            *b += lift * y;
        }
    }
    (a, b)
}

/// p_j / s_jj.
fn lift(a: &[Vec<f64>], items: &Items<'_>, o: &Observation) -> f64 {
    if o.pull == 0.0 {
        return 0.0;
    }
    let y = factor(items, o.item.get() as usize);
    let likeness: f64 = gauss(a.to_vec(), y.clone()).iter().zip(y).map(|(w, y)| w * y).sum();
    f64::from(o.pull) / likeness.max(0.1)
}

/// Gaussian elimination with pivoting.
fn gauss(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for c in 0..n {
        let p = (c..n).max_by(|x, y| a[*x][c].abs().total_cmp(&a[*y][c].abs())).expect("rows");
        a.swap(c, p);
        b.swap(c, p);
        let (above, below) = a.split_at_mut(c + 1);
        let (pivot, b_pivot) = (&above[c], b[c]);
        for (row, b) in below.iter_mut().zip(&mut b[c + 1..]) {
            let f = row[c] / pivot[c];
            for (entry, p) in row.iter_mut().zip(pivot).skip(c) {
                *entry -= f * p;
            }
            *b -= f * b_pivot;
        }
    }
    for c in (0..n).rev() {
        b[c] = (b[c] - (c + 1..n).map(|k| a[c][k] * b[k]).sum::<f64>()) / a[c][c];
    }
    b
}

fn events(random: &mut Random, n: usize, count: usize) -> Vec<LiveEvent> {
    let kinds = [EventKind::View, EventKind::CartAdd, EventKind::Purchase];
    (0..count)
        .map(|_| LiveEvent {
            item: shop::item(random.below(n)),
            at_s: 1_000_000 - random.below(900_000) as u64,
            kind: kinds[random.below(3)],
        })
        .collect()
}

#[test]
fn agrees_with_a_dense_solution() {
    let mut fold_in = FoldIn::new();
    let mut visit = Visit::new();
    for (seed, n, dims, count) in
        [(1, 50, 1, 3), (2, 200, 7, 1), (3, 400, 16, 20), (4, 500, 33, 100), (5, 900, 64, 12), (6, 600, 100, 256)]
    {
        let bytes = shop::items(seed, n, dims);
        let items = Items::parse(&bytes).expect("own output");
        let events = events(&mut Random(seed), n, count);
        visit.load(shop::permit(), &items, None, &events, 1_000_000).expect("few events");
        visit.on_page_of(events[0].item);
        assert!((1..=9).contains(&visit.observations().iter().filter(|o| o.pull > 0.0).count()));
        fold_in.solve(&items, &visit).expect("a solution");
        let (a, b) = equations(&items, &visit);
        let expected = gauss(a, b);
        let norm = expected.iter().map(|x| x * x).sum::<f64>().sqrt();
        let got = fold_in.taste().iter().map(|x| f64::from(*x));
        let off = got.zip(&expected).map(|(g, e)| (g - e).powi(2)).sum::<f64>().sqrt();
        assert!(off < 1e-4 * norm, "seed {seed}: off by {off} of {norm}");
    }
}

#[test]
fn reasons_add_up_to_the_score_and_the_greatest_is_named() {
    let bytes = shop::items(8, 300, 24);
    let items = Items::parse(&bytes).expect("own output");
    let mut visit = Visit::new();
    visit.load(shop::permit(), &items, None, &events(&mut Random(8), 300, 15), 1_000_000).expect("few events");
    let mut fold_in = FoldIn::new();
    fold_in.solve(&items, &visit).expect("a solution");
    let (a, _) = equations(&items, &visit);
    let taste: Vec<f64> = fold_in.taste().iter().map(|x| f64::from(*x)).collect();
    let lifts: Vec<f64> = visit.observations().iter().map(|o| lift(&a, &items, o)).collect();
    let mut named = 0;
    for index in 0..300 {
        let y = factor(&items, index);
        let w = gauss(a.clone(), y.clone());
        let part = |(o, lift): (&Observation, &f64)| {
            let y_j = factor(&items, o.item.get() as usize);
            (f64::from(o.confidence) + lift) * w.iter().zip(y_j).map(|(w, y)| w * y).sum::<f64>()
        };
        let parts: Vec<f64> = visit.observations().iter().zip(&lifts).map(part).collect();
        let score: f64 = y.iter().zip(&taste).map(|(y, x)| y * x).sum();
        assert!((parts.iter().sum::<f64>() - score).abs() < 1e-4);
        let best = parts.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        match fold_in.because(&items, &visit, shop::item(index)) {
            None => assert!(best < 1e-6, "{best} speaks for item {index}"),
            Some(because) => {
                named += 1;
                assert!((f64::from(because.contribution) - best).abs() < 1e-4 * best.max(1.0));
                assert!(visit.observations().iter().any(|o| o.item == because.item));
            }
        }
    }
    assert!(named > 100, "only {named} of 300 items have a reason");
}

#[test]
fn the_order_of_events_does_not_matter() {
    let bytes = shop::items(9, 100, 16);
    let items = Items::parse(&bytes).expect("own output");
    let mut list = events(&mut Random(3), 20, 120);
    let solve = |events: &[LiveEvent]| {
        let mut visit = Visit::new();
        visit.load(shop::permit(), &items, None, events, 1_000_000).expect("few events");
        let mut fold_in = FoldIn::new();
        fold_in.solve(&items, &visit).expect("a solution");
        fold_in.taste().iter().map(|x| x.to_bits()).collect::<Vec<_>>()
    };
    let straight = solve(&list);
    list.reverse();
    assert_eq!(solve(&list), straight);
    let mut random = Random(5);
    for i in (1..list.len()).rev() {
        list.swap(i, random.below(i + 1));
    }
    assert_eq!(solve(&list), straight);
}

#[test]
fn a_visit_merges_history_and_events() {
    let bytes = shop::items(9, 100, 16);
    let items = Items::parse(&bytes).expect("own output");
    let input = UserRowInput {
        history: [(3, 2.0), (5, 0.5), (9, 1.0)].map(|(index, c)| shop::entry(index, c)).to_vec(),
        bought: vec![shop::item(5)],
        ..UserRowInput::default()
    };
    let row = write_row(&input, 100).expect("a good row");
    let row = UserRow::parse(&row, 100).expect("own output");
    let now = 10_000_000;
    let half_life = 30 * 86_400;
    let event = |index, age, kind| LiveEvent { item: shop::item(index), at_s: now - age, kind };
    let live = [
        event(3, 0, EventKind::View),
        event(4, half_life, EventKind::Purchase),
        event(9, 0, EventKind::CartAdd),
        event(7, 0, EventKind::CartRemove),
        LiveEvent { item: shop::item(1), at_s: now + 500, kind: EventKind::View },
        LiveEvent { item: shop::item(5000), at_s: now, kind: EventKind::View },
    ];
    let mut visit = Visit::new();
    visit.load(shop::permit(), &items, Some(&row), &live, now).expect("few events");
    let seen: Vec<_> = visit.observations().iter().map(|o| (o.item.get(), o.confidence, o.relation)).collect();
    assert_eq!(
        seen,
        [
            (1, 1.0, Relation::Viewed),
            (3, 3.0, Relation::Viewed),
            (4, 2.5, Relation::Bought),
            (5, 0.5, Relation::Bought),
            (9, 4.0, Relation::InCart),
        ],
        "an event from the future counts as now; an item of another bundle and a removal say nothing"
    );
    for (index, hidden) in [(1, true), (3, true), (4, true), (5, false), (7, false), (9, true)] {
        assert_eq!(visit.hides(shop::item(index)), hidden, "{index}: looked at, bought or in the cart");
    }
    visit.load(shop::permit(), &items, Some(&row), &live, now + 1800).expect("few events");
    for (index, hidden) in [(3, false), (4, true), (9, true)] {
        assert_eq!(visit.hides(shop::item(index)), hidden, "{index}, half an hour later");
    }
    visit.clear();
    assert!(visit.observations().is_empty() && !visit.hides(shop::item(4)));
    let many = vec![live[0]; EVENTS_MAX + 1];
    assert_eq!(visit.load(shop::permit(), &items, None, &many, now), Err(TooManyEvents { found: EVENTS_MAX + 1 }));
    assert!(visit.load(shop::permit(), &items, None, &many[1..], now).is_ok());
}

#[test]
fn the_items_dealt_with_last_pull_the_most() {
    let bytes = shop::items(9, 100, 16);
    let items = Items::parse(&bytes).expect("own output");
    let now = 10_000_000;
    let event = |index, age, kind| LiveEvent { item: shop::item(index), at_s: now - age, kind };
    let pulls = |live: &[LiveEvent], page: Option<usize>| {
        let mut visit = Visit::new();
        visit.load(shop::permit(), &items, None, live, now).expect("few events");
        page.into_iter().for_each(|index| visit.on_page_of(shop::item(index)));
        let pulled = visit.observations().iter().filter(|o| o.pull > 0.0);
        pulled.map(|o| (o.item.get(), o.pull)).collect::<Vec<_>>()
    };
    let view = |index, age| event(index, age, EventKind::View);
    let least = 0.6 * 0.5f32.sqrt();
    assert_eq!(pulls(&[view(5, 0)], None), [(5, 0.6)]);
    assert_eq!(pulls(&[view(5, 1800)], None), [(5, 0.3)], "half an hour ago");
    let seven_then_two = [view(7, 3600), view(2, 1800), view(7, 7200)];
    assert_eq!(pulls(&seven_then_two, None), [(2, 0.3), (7, 0.25 * least)], "the newest of an item counts");
    let together = [view(9, 0), view(4, 0), view(6, 0)];
    assert_eq!(pulls(&together, None), [(4, 0.6), (6, least), (9, 0.3)], "at a tie the lower item");
    let taken_out = [view(3, 30), event(3, 20, EventKind::CartAdd), event(3, 10, EventKind::CartRemove), view(8, 0)];
    assert_eq!(pulls(&taken_out, None), [(8, 0.6)], "what left the cart pulls no more");
    let bought = [view(3, 30), event(3, 20, EventKind::Purchase), view(8, 0)];
    assert_eq!(pulls(&bought, None), [(8, 0.6)], "nor does what was bought");
    assert_eq!(pulls(&[view(5, 0), view(8, 0)], Some(8)), [(5, 0.6), (8, 3.0)], "the page's own item leads");
    assert_eq!(pulls(&[view(5, 0)], Some(8)), [(5, 0.6)], "a page that nobody looked at");
    let many: Vec<LiveEvent> = (0..20).map(|index| view(index, 100 - index as u64)).collect();
    assert_eq!(pulls(&many, None).iter().map(|(item, _)| *item).collect::<Vec<_>>(), (12..20).collect::<Vec<_>>());
}

#[test]
fn the_last_click_counts_after_a_long_history() {
    let bytes = shop::items(11, 400, 16);
    let items = Items::parse(&bytes).expect("own output");
    let history = (0..64).map(|index| shop::entry(index, 1.0)).collect();
    let row = write_row(&UserRowInput { history, ..UserRowInput::default() }, 400).expect("a good row");
    let row = UserRow::parse(&row, 400).expect("own output");
    let mut fold_in = FoldIn::new();
    let mut visit = Visit::new();
    let mut score = |clicked: &[usize], of: usize| {
        let now = 10_000_000;
        let view = |index: &usize| LiveEvent { item: shop::item(*index), at_s: now, kind: EventKind::View };
        let live: Vec<LiveEvent> = clicked.iter().map(view).collect();
        visit.load(shop::permit(), &items, Some(&row), &live, now).expect("few events");
        fold_in.solve(&items, &visit).expect("a solution");
        factor(&items, of).iter().zip(fold_in.taste()).map(|(y, x)| y * f64::from(*x)).sum::<f64>()
    };
    for clicked in [70, 100, 222] {
        let (before, after) = (score(&[], clicked), score(&[clicked], clicked));
        assert!(after > before + 0.2, "item {clicked} scored {before}, and {after} when it had been clicked");
    }
}

#[test]
fn what_cannot_be_folded_in_says_why() {
    let mut inputs = shop::item_inputs(4, 5, 4);
    inputs[0].factor = vec![0.0; 4];
    let written = shop::items_of(&inputs, 4);
    let items = Items::parse(&written.bytes).expect("own output");
    let mut visit = Visit::new();
    let mut fold_in = FoldIn::new();
    assert_eq!(fold_in.solve(&items, &visit).err(), Some(FallbackReason::NoHistory));
    let zero = LiveEvent { item: written.index[0], at_s: 0, kind: EventKind::View };
    visit.load(shop::permit(), &items, None, &[zero], 0).expect("one event");
    assert_eq!(fold_in.solve(&items, &visit).err(), Some(FallbackReason::NoHistory));
    assert!(fold_in.taste().is_empty() && fold_in.because(&items, &visit, shop::item(1)).is_none());

    // A gram that no writer writes: with -1 on the diagonal A is not positive definite.
    let mut bytes = written.bytes.clone();
    let at = u32::from_le_bytes(bytes[32 + 8 * 4..][..4].try_into().expect("four")) as usize;
    bytes[at..at + 4].copy_from_slice(&(-1e6f32).to_le_bytes());
    let items = Items::parse(&bytes).expect("finite");
    let seen = LiveEvent { item: shop::item(0), at_s: 0, kind: EventKind::View };
    visit.load(shop::permit(), &items, None, &[seen], 0).expect("one event");
    assert_eq!(fold_in.solve(&items, &visit).err(), Some(FallbackReason::Unsolvable));
}

#[test]
fn a_taste_beyond_the_range_of_scales_is_refused() {
    for x in [&[0.0; 4][..], &[f32::NAN; 4], &[f32::INFINITY], &[1e-30], &[1e30], &[1.0; 257], &[]] {
        assert!(UserVector::quantise(x).is_none(), "{:?}", x.first());
    }
    assert!(UserVector::quantise(&[1.0; 256]).is_some());
}
