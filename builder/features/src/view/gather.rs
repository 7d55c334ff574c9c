//! Fills a [`View`] from a [`Timeline`]: one pass over each kind of element, visible ones only.

use kenal_types::{EventKind, Market, Satisfaction, TicketChannel, TicketPriority, Timestamp};

use super::sessions::cut_sessions;
use super::{Affinity, Habits, OrderSum, Span, Standing, View, Window};
use crate::timeline::{Purchase, Timeline};

/// Space to work in, kept between people.
#[derive(Debug, Clone, Default)]
pub(super) struct Buffers {
    /// (key, time) of what is counted once per window.
    seen: Vec<(u32, Timestamp)>,
    /// Category, position of the line, spend.
    categories: Vec<(u16, u32, f64)>,
    /// Items bought, with their order.
    bought: Vec<(u32, u32)>,
    /// Cancelled orders already counted.
    cancelled: Vec<u32>,
}

impl View {
    /// Forgets the person before and looks at this one.
    pub(crate) fn fill(&mut self, timeline: &Timeline, cut: Timestamp) {
        self.cut = cut;
        self.windows = [Window::default(); 6];
        self.orders.clear();
        self.sessions.clear();
        self.habits = Habits::default();
        self.affinity = Affinity::default();
        self.last_ticket_at = None;
        self.open_tickets = 0;
        self.last_cart_at = None;
        self.gather_purchases(timeline);
        self.gather_activities(timeline);
        self.gather_tickets(timeline);
        self.gather_affinity(timeline);
        self.gather_habits(timeline.profile().market);
        self.gather_standing(timeline);
    }

    /// Applies `f` to each window that `at` falls into.
    fn each_window(&mut self, at: Timestamp, mut f: impl FnMut(&mut Window)) {
        for w in &mut self.windows[first_window(self.cut, at)..] {
            f(w);
        }
    }

    fn gather_purchases(&mut self, timeline: &Timeline) {
        let cut = self.cut;
        self.buffers.cancelled.clear();
        let mut order = None;
        for p in timeline.purchases().iter().filter(|p| p.when.visible_at(cut)) {
            let at = p.when.happened_at;
            let units = i64::from(p.quantity);
            let spend = f64::from(p.price_sgd) * units as f64;
            if is_cancelled(p, cut) {
                if !self.buffers.cancelled.contains(&p.order) {
                    self.buffers.cancelled.push(p.order);
                    self.each_window(at, |w| w.cancelled_orders += 1);
                }
            } else if units <= 0 {
                self.each_window(at, |w| {
                    w.returned_units -= units;
                    w.returned_sgd -= spend;
                });
            } else {
                let is_new = order != Some(p.order);
                order = Some(p.order);
                match self.orders.last_mut() {
                    Some(sum) if !is_new => {
                        sum.lines += 1;
                        sum.units += units;
                        sum.spend_sgd += spend;
                        sum.device = sum.device.or(p.device);
                    }
                    _ => self.orders.push(OrderSum { at, lines: 1, units, spend_sgd: spend, device: p.device }),
                }
                self.each_window(at, |w| {
                    w.orders += u32::from(is_new);
                    w.lines += 1;
                    w.units += units;
                    w.spend_sgd += spend;
                });
            }
        }
        let bought = |p: &&Purchase| is_bought(p, cut);
        let items = || timeline.purchases().iter().filter(bought);
        self.count_distinct(items().filter_map(|p| Some((p.item?, p.when.happened_at))), |w| w.items += 1);
        let categories = items().filter_map(|p| Some((u32::from(p.category?), p.when.happened_at)));
        self.count_distinct(categories, |w| w.categories += 1);
    }

    /// Counts each key once in every window that holds its latest occurrence.
    fn count_distinct(&mut self, keys: impl Iterator<Item = (u32, Timestamp)>, add: impl Fn(&mut Window)) {
        let mut seen = std::mem::take(&mut self.buffers.seen);
        seen.clear();
        seen.extend(keys);
        seen.sort_unstable();
        for same in seen.chunk_by(|a, b| a.0 == b.0) {
            if let Some(&(_, latest)) = same.last() {
                self.each_window(latest, &add);
            }
        }
        self.buffers.seen = seen;
    }

    fn gather_activities(&mut self, timeline: &Timeline) {
        let cut = self.cut;
        let visible = || timeline.activities().iter().filter(|a| a.when.visible_at(cut));
        cut_sessions(visible(), &mut self.sessions);
        for place in 0..self.sessions.len() {
            let session = self.sessions[place];
            self.each_window(session.start, |w| {
                w.sessions += 1;
                w.session_minutes += session.minutes();
            });
        }
        for a in visible() {
            let at = a.when.happened_at;
            match a.kind {
                EventKind::ItemViewed => self.each_window(at, |w| w.views += 1),
                EventKind::Searched => self.each_window(at, |w| w.searches += 1),
                EventKind::CartAdded => {
                    self.last_cart_at = Some(at);
                    self.each_window(at, |w| w.carts += 1);
                }
                EventKind::CartRemoved => self.each_window(at, |w| w.cart_removals += 1),
                EventKind::WishlistAdded => self.each_window(at, |w| w.wishlists += 1),
                EventKind::CheckoutStarted => self.each_window(at, |w| w.checkouts += 1),
                EventKind::ScreenViewed
                | EventKind::ListViewed
                | EventKind::CartViewed
                | EventKind::Purchased
                | EventKind::SignedIn
                | EventKind::ConsentChanged
                | EventKind::Other => {}
            }
        }
        let viewed = visible().filter(|a| a.kind == EventKind::ItemViewed);
        self.count_distinct(viewed.filter_map(|a| Some((a.item?, a.when.happened_at))), |w| w.viewed_items += 1);
    }

    fn gather_tickets(&mut self, timeline: &Timeline) {
        let cut = self.cut;
        for t in timeline.tickets().iter().filter(|t| t.when.visible_at(cut)) {
            let at = t.when.happened_at;
            let outcome = t.outcome.filter(|o| o.when.visible_at(cut));
            self.last_ticket_at = Some(at);
            self.open_tickets += u32::from(outcome.is_none());
            let urgent = matches!(t.priority, TicketPriority::High | TicketPriority::Urgent);
            self.each_window(at, |w| {
                w.tickets += 1;
                w.phone_tickets += u32::from(t.channel == TicketChannel::Phone);
                w.urgent_tickets += u32::from(urgent);
                if let Some(o) = outcome {
                    w.solved_tickets += 1;
                    w.resolution_hours += (o.when.happened_at.days_since(at) * 24.0).max(0.0);
                    w.bad_ratings += u32::from(o.satisfaction == Satisfaction::Bad);
                    w.good_ratings += u32::from(o.satisfaction == Satisfaction::Good);
                }
            });
        }
    }

    fn gather_affinity(&mut self, timeline: &Timeline) {
        let cut = self.cut;
        let recent = |at: Timestamp| first_window(cut, at) <= Span::Days365 as usize;
        let lines = || timeline.purchases().iter().filter(|p| is_bought(p, cut));
        let Buffers { categories, bought, .. } = &mut self.buffers;

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
            let views = timeline.activities().iter();
            let views = views.filter(|a| a.kind == EventKind::ItemViewed && a.when.visible_at(cut));
            let views = views.filter(|a| recent(a.when.happened_at)).filter_map(|a| a.category);
            let (same, all) = views.fold((0u32, 0u32), |(s, n), c| (s + u32::from(c == top), n + 1));
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

    fn gather_habits(&mut self, market: Option<Market>) {
        let cut = self.cut;
        let recent = |at: Timestamp| first_window(cut, at) <= Span::Days365 as usize;
        let orders = self.orders.iter().map(|o| (o.at, o.device, true));
        let sessions = self.sessions.iter().map(|s| (s.start, s.device, false));
        for (at, device, is_order) in orders.chain(sessions).filter(|m| recent(m.0)) {
            let local = local_seconds(at, market);
            let weekday = (local.div_euclid(86_400) + 4).rem_euclid(7);
            self.habits.moments += 1;
            self.habits.quarters[(local.rem_euclid(86_400) / 21_600) as usize] += 1;
            // 1970 began on a Thursday, so day 0 of this count is a Sunday and day 6 a Saturday.
            self.habits.weekend += u32::from(weekday == 0 || weekday == 6);
            if let Some(d) = device {
                let devices = if is_order { &mut self.habits.order_devices } else { &mut self.habits.session_devices };
                devices[d as usize] += 1;
            }
        }
    }

    fn gather_standing(&mut self, timeline: &Timeline) {
        let (profile, cut) = (timeline.profile(), self.cut);
        self.standing = Standing::default();
        for p in profile.presences.iter().filter(|p| p.when.visible_at(cut)) {
            self.standing.systems |= 1 << p.system as u8;
            self.standing.records += 1;
            let first = self.standing.first_record_at.get_or_insert(p.when.happened_at);
            *first = (*first).min(p.when.happened_at);
        }
        if let Some(l) = profile.loyalty.filter(|l| l.when.visible_at(cut)) {
            self.standing.member_since = Some(l.when.happened_at);
            self.standing.member_active = Some(l.active);
        }
    }
}

/// Position of the shortest window that `at` falls into: each window holds the days before the cut, its start included.
fn first_window(cut: Timestamp, at: Timestamp) -> usize {
    Span::ALL
        .into_iter()
        .position(|s| s.days().is_none_or(|d| at >= cut.plus_days(-i64::from(d))))
        .unwrap_or(Span::Ever as usize)
}

/// Known at the cut to be cancelled.
fn is_cancelled(p: &Purchase, cut: Timestamp) -> bool {
    p.voided.is_some_and(|v| v.visible_at(cut))
}

/// A visible purchase that is neither a return nor, as far as known, cancelled.
fn is_bought(p: &Purchase, cut: Timestamp) -> bool {
    p.when.visible_at(cut) && p.quantity > 0 && !is_cancelled(p, cut)
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

/// Seconds since 1970 on the clock of the market. None of them changes its clock in summer; Indonesia's is Jakarta's.
fn local_seconds(at: Timestamp, market: Option<Market>) -> i64 {
    let hours = match market {
        Some(Market::Thailand | Market::Indonesia) => 7,
        Some(Market::Singapore | Market::Malaysia) | None => 8,
    };
    at.seconds() + hours * 3600
}
