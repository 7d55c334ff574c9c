//! Scoring allocates nothing: a counting allocator, per thread, so that other tests do not disturb it.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use kenal_core::{
    Bundle, EventKind, LiveEvent, Rules, Scratch, Sections, UserRow, because, personalise, rank, trending,
};

use crate::shop;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call is passed on unchanged to the system's allocator; the counter allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|n| n.set(n.get() + 1));
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        // SAFETY: `ptr` came from `System.alloc` with this layout.
        unsafe { System.dealloc(ptr, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

fn allocations(work: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.with(Cell::get);
    work();
    ALLOCATIONS.with(Cell::get) - before
}

#[test]
fn nothing_is_allocated_from_parsing_to_reasons() {
    assert_eq!(allocations(|| drop(std::hint::black_box(vec![1]))), 1, "the counter counts");
    let (items, lists, revocations) = (shop::items(1, 500, 64), shop::trending(500), shop::revocations(5));
    let (row, blend) = (shop::row(500), shop::blend(500));
    let events: Vec<LiveEvent> =
        (0..40).map(|i| LiveEvent { item: shop::item(i * 3), at_s: i as u64, kind: EventKind::View }).collect();
    let mut scratch = Box::new(Scratch::new());
    let mut shown = 0;
    let count = allocations(|| {
        let sections = Sections {
            items: &items,
            trending: &lists,
            revocations: &revocations,
            users: None,
            churn: None,
            catalogue: None,
            blend: Some(&blend),
        };
        let bundle = Bundle::parse(&sections).expect("own output");
        let row = UserRow::parse(&row, bundle.items.len()).expect("own output");
        let Scratch { visit, fold_in, top, .. } = &mut *scratch;
        visit.load(shop::permit(), &bundle.items, Some(&row), &events, 50).expect("few events");
        let user = fold_in.solve(&bundle.items, visit).expect("a solution");
        let rules = Rules { bought: row.bought(), visit: Some(visit), ..Rules::default() };
        shown += rank(&bundle.items, &user, &rules, 20, top).len();
        for scored in top.list() {
            shown += usize::from(fold_in.because(&bundle.items, visit, scored.item).is_some());
        }
        shown += trending(&bundle.trending, &bundle.items, &rules, 20, top).len();
        let rules = Rules { bought: row.bought(), ..Rules::default() };
        let list = personalise(&bundle, &rules, true, 20, &mut scratch).expect("a solution");
        shown += list.len();
        let first = list.first().map(|scored| scored.item);
        shown += usize::from(first.is_some_and(|first| because(&bundle, true, first, &mut scratch).is_some()));
        scratch.together.clear();
    });
    assert_eq!(count, 0);
    assert!(shown >= 70, "{shown}");
}
