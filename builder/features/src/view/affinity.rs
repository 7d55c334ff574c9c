//! What a person's money and attention go to, and when and where they shop: over 365 days.

use kenal_types::{EventKind, Timestamp};

use super::View;
use super::gather::{Buffers, is_bought, local_seconds};
use crate::timeline::Timeline;

/// A category is new when its first purchase is younger.
const NEW_DAYS: i64 = 90;

impl View {
    pub(super) fn gather_affinity(&mut self, timeline: &Timeline) {
        let cut = self.cut;
        let starts = self.starts;
        let recent = |at: Timestamp| starts.is_recent(at);
        let lines = || timeline.purchases().iter().filter(|p| is_bought(p, cut));
        let Buffers { categories, when_category, bought, .. } = &mut self.buffers;

        let views = || {
            let views = timeline.activities().iter();
            let views = views.filter(|a| a.kind == EventKind::ItemViewed && a.when.visible_at(cut));
            views.filter(|a| recent(a.when.happened_at)).filter_map(|a| Some((a.category?, a.when.happened_at)))
        };

        when_category.clear();
        when_category.extend(views());
        when_category.sort_unstable();
        let most_viewed = when_category.chunk_by(|a, b| a.0 == b.0).map(<[_]>::len).max();
        self.affinity.view_top_share = most_viewed.map(|most| most as f64 / when_category.len() as f64);
        when_category.clear();
        when_category.extend(lines().filter_map(|p| Some((p.category?, p.when.happened_at))));
        when_category.sort_unstable();
        let firsts = when_category.chunk_by(|a, b| a.0 == b.0).filter_map(|same| same.first());
        let new_from = cut.plus_days(-NEW_DAYS);
        self.affinity.new_categories = firsts.filter(|first| first.1 >= new_from).count() as u32;

        categories.clear();
        for p in lines().filter(|p| recent(p.when.happened_at)) {
            if let Some(c) = p.category {
                categories.push((c, categories.len() as u32, f64::from(p.price_sgd) * f64::from(p.quantity)));
            }
        }
        // By position within a category, so that the sums run in order of time; a stable sort would allocate.
        categories.sort_unstable_by_key(|c| (c.0, c.1));
        merge_sums(categories);
        let total: f64 = categories.iter().map(|c| c.2).sum();
        // Ties go to the lower category.
        let top = categories.iter().copied().reduce(|best, c| if c.2 > best.2 { c } else { best });
        if let Some((top, _, most)) = top.filter(|_| total > 0.0) {
            let bits = |share: f64| if share > 0.0 { -share * share.log2() } else { 0.0 };
            self.affinity.top_share = Some(most / total);
            // Adding zero makes the −0 of a single category a 0.
            self.affinity.entropy = Some(categories.iter().map(|c| bits(c.2 / total)).sum::<f64>() + 0.0);
            let (same, all) = views().fold((0u32, 0u32), |(s, n), (c, _)| (s + u32::from(c == top), n + 1));
            self.affinity.view_match = (all > 0).then(|| f64::from(same) / f64::from(all));
            let last = lines().next_back().map(|p| p.order);
            let last_lines = lines().filter(|p| Some(p.order) == last);
            self.affinity.last_in_top = Some(last_lines.filter_map(|p| p.category).any(|c| c == top));
        }

        bought.clear();
        bought.extend(lines().filter_map(|p| Some((p.item?, p.order))));
        bought.sort_unstable();
        bought.dedup();
        let distinct = bought.chunk_by(|a, b| a.0 == b.0).count();
        // Of an item's orders all but the first are repeats; lines of one order that name an item twice are one.
        self.affinity.repeat_share =
            (!bought.is_empty()).then(|| (bought.len() - distinct) as f64 / bought.len() as f64);
    }

    pub(super) fn gather_habits(&mut self) {
        let (starts, market) = (self.starts, self.standing.market);
        let orders = self.orders.iter().map(|o| (o.at, o.device, true));
        let sessions = self.sessions.iter().map(|s| (s.start, s.device, false));
        for (at, device, is_order) in orders.chain(sessions).filter(|m| starts.is_recent(m.0)) {
            let local = local_seconds(at, market);
            let weekday = (local.div_euclid(86_400) + 4).rem_euclid(7);
            // 1970 began on a Thursday, so day 0 of this count is a Sunday and day 6 a Saturday.
            let weekend = u32::from(weekday == 0 || weekday == 6);
            let quarter = (local.rem_euclid(86_400) / 21_600) as usize;
            let habits = &mut self.habits;
            habits.moments += 1;
            habits.quarters[quarter] += 1;
            habits.weekend += weekend;
            if is_order {
                habits.orders += 1;
                habits.order_quarters[quarter] += 1;
                habits.order_weekend += weekend;
            }
            if let Some(d) = device {
                let devices = if is_order { &mut habits.order_devices } else { &mut habits.session_devices };
                devices[d as usize] += 1;
            }
        }
    }
}

/// Adds up runs of the same key, in place.
fn merge_sums(sums: &mut Vec<(u16, u32, f64)>) {
    sums.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.2 += next.2;
        }
        same
    });
}
