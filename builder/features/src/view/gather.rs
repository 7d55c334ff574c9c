//! Fills a [`View`] from a [`Timeline`]: one pass over each kind of element, visible ones only.

use kenal_types::{EventKind, Market, TicketChannel, TicketPriority, Timestamp};

use super::sessions::cut_sessions;
use super::window::{Starts, Window, close};
use super::{Affinity, Habits, OrderSum, Standing, Support, View};
use crate::timeline::{Purchase, Timeline, When};

/// Space to work in, kept between people.
#[derive(Debug, Clone, Default)]
pub(super) struct Buffers {
    /// (key, time) of what is counted once per window.
    seen: Vec<(u32, Timestamp)>,
    /// Category, position of the line, spend.
    pub(super) categories: Vec<(u16, u32, f64)>,
    /// Category and time of each line bought, or of each item viewed.
    pub(super) when_category: Vec<(u16, Timestamp)>,
    /// Items bought, with their order.
    pub(super) bought: Vec<(u32, u32)>,
    /// Cancelled orders already counted.
    cancelled: Vec<u32>,
}

impl View {
    /// Forgets the person before and looks at this one.
    pub(crate) fn fill(&mut self, timeline: &Timeline, cut: Timestamp) {
        self.cut = cut;
        self.starts = Starts::of(cut);
        self.windows = [Window::default(); 6];
        self.orders.clear();
        self.sessions.clear();
        self.habits = Habits::default();
        self.affinity = Affinity::default();
        self.support = Support::default();
        self.standing = Standing::default();
        self.last_cart_at = None;
        self.last_return_at = None;
        self.gather_standing(timeline);
        self.gather_purchases(timeline);
        self.gather_activities(timeline);
        self.gather_tickets(timeline);
        close(&mut self.windows);
        self.gather_affinity(timeline);
        self.gather_habits();
    }

    /// The shortest window that `at` falls into; the longer ones follow when all is gathered.
    fn window_at(&mut self, at: Timestamp) -> &mut Window {
        &mut self.windows[self.starts.shortest(at) as usize]
    }

    fn gather_purchases(&mut self, timeline: &Timeline) {
        let cut = self.cut;
        self.buffers.cancelled.clear();
        let mut order = None;
        for p in timeline.purchases().iter().filter(|p| p.when.visible_at(cut)) {
            let at = p.when.happened_at;
            let units = i64::from(p.quantity);
            if is_cancelled(p, cut) {
                if !self.buffers.cancelled.contains(&p.order) {
                    self.buffers.cancelled.push(p.order);
                    self.window_at(at).cancelled_orders += 1;
                }
            } else if units <= 0 {
                self.last_return_at = Some(at);
                let w = self.window_at(at);
                w.returned_units -= units;
                w.returned_sgd -= f64::from(p.price_sgd) * units as f64;
            } else {
                let is_new = order != Some(p.order);
                order = Some(p.order);
                self.gather_line(p, is_new);
            }
        }
        self.count_distinct(bought(timeline, cut, |p| p.item), |w| w.items += 1);
        self.count_distinct(bought(timeline, cut, |p| p.category.map(u32::from)), |w| w.categories += 1);
    }

    /// A line that was bought; `is_new` when it is the first of its order.
    fn gather_line(&mut self, p: &Purchase, is_new: bool) {
        let at = p.when.happened_at;
        let units = i64::from(p.quantity);
        let spend = f64::from(p.price_sgd) * units as f64;
        let discount = p.discount_sgd.map_or(0.0, f64::from);
        let reduced_before = self.orders.last().is_some_and(|o| !is_new && o.discount_sgd > 0.0);
        match self.orders.last_mut() {
            Some(sum) if !is_new => {
                sum.lines += 1;
                sum.units += units;
                sum.spend_sgd += spend;
                sum.discount_sgd += discount;
                sum.device = sum.device.or(p.device);
            }
            _ => self.orders.push(OrderSum {
                at,
                lines: 1,
                units,
                spend_sgd: spend,
                discount_sgd: discount,
                device: p.device,
            }),
        }
        if let Some(since) = self.standing.member_since
            && at >= since
        {
            self.standing.member_orders += u32::from(is_new);
            self.standing.member_spend_sgd += spend;
        }
        let w = self.window_at(at);
        w.orders += u32::from(is_new);
        w.lines += 1;
        w.lines_unknown += u32::from(p.item.is_none());
        w.lines_uncategorised += u32::from(p.category.is_none());
        w.units += units;
        w.spend_sgd += spend;
        w.discount_sgd += discount;
        w.spend_told_sgd += if p.discount_sgd.is_some() { spend } else { 0.0 };
        w.discounted_orders += u32::from(discount > 0.0 && !reduced_before);
        w.unit_price_sgd_max = w.unit_price_sgd_max.max(f64::from(p.price_sgd));
    }

    /// Counts each key once in every window that holds its latest occurrence.
    fn count_distinct(&mut self, keys: impl Iterator<Item = (u32, Timestamp)>, add: impl Fn(&mut Window)) {
        let mut seen = std::mem::take(&mut self.buffers.seen);
        seen.clear();
        seen.extend(keys);
        seen.sort_unstable();
        for same in seen.chunk_by(|a, b| a.0 == b.0) {
            if let Some(&(_, latest)) = same.last() {
                add(self.window_at(latest));
            }
        }
        self.buffers.seen = seen;
    }

    fn gather_activities(&mut self, timeline: &Timeline) {
        let cut = self.cut;
        let visible = || timeline.activities().iter().filter(|a| a.when.visible_at(cut));
        cut_sessions(visible(), &mut self.sessions);
        let mut last_day = None;
        for place in 0..self.sessions.len() {
            let session = self.sessions[place];
            let day = local_seconds(session.start, self.standing.market).div_euclid(86_400);
            let another_day = last_day != Some(day);
            last_day = Some(day);
            let w = self.window_at(session.start);
            w.sessions += 1;
            w.session_minutes += session.minutes();
            w.session_minutes_max = w.session_minutes_max.max(session.minutes());
            w.active_days += u32::from(another_day);
        }
        for a in visible() {
            let at = a.when.happened_at;
            match a.kind {
                EventKind::ItemViewed => self.window_at(at).views += 1,
                EventKind::Searched => self.window_at(at).searches += 1,
                EventKind::CartAdded => {
                    self.last_cart_at = Some(at);
                    self.window_at(at).carts += 1;
                }
                EventKind::CartRemoved => self.window_at(at).cart_removals += 1,
                EventKind::WishlistAdded => self.window_at(at).wishlists += 1,
                EventKind::CheckoutStarted => self.window_at(at).checkouts += 1,
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
        let seen = |w: &When| w.visible_at(cut);
        for t in timeline.tickets().iter().filter(|t| t.when.visible_at(cut)) {
            let at = t.when.happened_at;
            let rating = t.rating.filter(|r| seen(&r.when));
            let hours = t.solved.filter(seen).map(|s| (s.happened_at.days_since(at) * 24.0).max(0.0));
            let support = &mut self.support;
            support.last_at = Some(at);
            match hours {
                Some(hours) => support.last_resolution_hours = Some(hours),
                None => {
                    support.open += 1;
                    support.open_since = support.open_since.or(Some(at));
                }
            }
            if let Some(rating) = rating
                && support.last_rated_at.is_none_or(|last| rating.when.happened_at >= last)
            {
                support.last_rated_at = Some(rating.when.happened_at);
                support.last_rating = Some(rating.good);
            }
            let w = self.window_at(at);
            w.tickets += 1;
            w.phone_tickets += u32::from(t.channel == TicketChannel::Phone);
            w.urgent_tickets += u32::from(matches!(t.priority, TicketPriority::High | TicketPriority::Urgent));
            w.escalated_tickets += u32::from(t.escalated.as_ref().is_some_and(seen));
            w.bad_ratings += u32::from(rating.is_some_and(|r| !r.good));
            w.good_ratings += u32::from(rating.is_some_and(|r| r.good));
            if let Some(hours) = hours {
                w.solved_tickets += 1;
                w.resolution_hours += hours;
                w.resolution_hours_max = w.resolution_hours_max.max(hours);
            }
        }
    }

    fn gather_standing(&mut self, timeline: &Timeline) {
        let (profile, cut) = (timeline.profile(), self.cut);
        let standing = &mut self.standing;
        for p in profile.presences.iter().filter(|p| p.when.visible_at(cut)) {
            standing.systems |= 1 << p.system as u8;
            standing.records += 1;
            standing.market = standing.market.or(p.market);
            let first = standing.first_record_at.get_or_insert(p.when.happened_at);
            *first = (*first).min(p.when.happened_at);
        }
        if let Some(l) = profile.loyalty.filter(|l| l.joined.visible_at(cut)) {
            standing.member_since = Some(l.joined.happened_at);
            standing.member_active = l.status.filter(|s| s.when.visible_at(cut)).map(|s| s.active);
        }
    }
}

/// What was bought as a key of the line, with its time.
fn bought(
    timeline: &Timeline,
    cut: Timestamp,
    key: impl Fn(&Purchase) -> Option<u32>,
) -> impl Iterator<Item = (u32, Timestamp)> {
    let lines = timeline.purchases().iter().filter(move |p| is_bought(p, cut));
    lines.filter_map(move |p| Some((key(p)?, p.when.happened_at)))
}

/// Known at the cut to be cancelled.
fn is_cancelled(p: &Purchase, cut: Timestamp) -> bool {
    p.voided.is_some_and(|v| v.visible_at(cut))
}

/// A visible purchase that is neither a return nor, as far as known, cancelled.
pub(super) fn is_bought(p: &Purchase, cut: Timestamp) -> bool {
    p.when.visible_at(cut) && p.quantity > 0 && !is_cancelled(p, cut)
}

/// Seconds since 1970 on the clock of the market. None of them changes its clock in summer; Indonesia's is Jakarta's.
pub(super) fn local_seconds(at: Timestamp, market: Option<Market>) -> i64 {
    let hours = match market {
        Some(Market::Thailand | Market::Indonesia) => 7,
        Some(Market::Singapore | Market::Malaysia) | None => 8,
    };
    at.seconds() + hours * 3600
}
