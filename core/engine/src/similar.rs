//! What is like an item, for whoever looks at it: no history, no person, and so no permission that it would need.

use crate::fold_in::UserVector;
use crate::format::items::Items;
use crate::index::ItemIdx;
use crate::limits::DIMS_MAX;
use crate::rank::scan;
use crate::rules::Rules;
use crate::score::Scored;
use crate::topk::TopK;

/// The `k` items whose factors point most in the direction of `item`'s, weighed as all scores are: those with the highest
/// `y_item · y_i · boost_i` above 0, among those that `rules` allow, without the item itself. May be fewer than `k`.
///
/// No allocation. Cost: as of [`mod@crate::rank`].
pub fn similar<'t>(items: &Items<'_>, item: ItemIdx, rules: &Rules<'_>, k: usize, top: &'t mut TopK) -> &'t [Scored] {
    top.start(k);
    let mut y = [0.0; DIMS_MAX];
    if let Some(y) = y.get_mut(..items.dims())
        && k > 0
        && items.dequantise(item, y)
        && let Some(direction) = UserVector::quantise(y)
    {
        scan(items, &direction, 0.0, &|other| other != item && rules.allow(items, other), top);
    }
    top.list()
}
