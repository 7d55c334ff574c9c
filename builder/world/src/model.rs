//! Purchases by a stated generative model, for worlds without a file of real ones.
//!
//! For person i, category c, item j in c, day t of the last year:
//! - **tastes**: θ_ic ∝ share_c · exp(1.1 z_ic), z standard normal; two preferred styles S_i out of six.
//! - **orders**: a Poisson process of rate λ_i · s(t) while the person is a customer, λ_i = λ̄ · exp(0.8 z − 0.32)
//!   (mean λ̄), s(t) the season of the month with mean 1, highest in November (11.11) and December (12.12).
//! - **lines** an order: 1 + geometric, mean 2.4.
//! - **choice**: c ~ θ_ic · peak_c(month); j by popularity within c (Zipf, exponent 0.9), accepted with probability
//!   a = [style_j ∈ S_i, else 0.35] · exp(−γ_i · max(0, ln price_j / median)), γ_i exponential with mean 0.5 (price
//!   sensitivity); at most eight tries.
//! - **repeats**: a consumable bought before is due when the days since exceed its rhythm ρ_j, fixed for each item
//!   between 20 and 70 days; a line takes a due item with probability 0.5.
//! - **churn**: hazard h_i = exp(0.7 z) / 900 a day from the start of the year or of custom; three people in four are
//!   customers already when the year begins, the others join evenly during it.
//! - **returns**: 2 % of orders are cancelled within two days, 4 % have a line returned within three weeks.
//!
//! λ̄ is set so that a person makes 15.6 order lines a year on average, 64 million over 4.1 million people.

use kenal_types::{Date, Market, Timestamp};

use crate::catalogue::{Catalogue, MODEL_CATEGORIES, STYLES};
use crate::dice::{Dice, For, mix};
use crate::orders::{History, Line, Order, Outcome, Place, What};
use crate::rates;

/// Most orders of one person; it bounds order numbers.
pub(crate) const ORDERS_MAX: u64 = 64;
const LINES_PER_ORDER: f64 = 2.4;
/// λ̄, orders a year: 15.6 = λ̄ · the 2.2 lines that are left of 2.4 when an item comes up twice · the 0.73 of the year
/// that people are customers.
const ORDERS_PER_YEAR: f64 = 9.6;
/// s(t) by month, mean 1.
const SEASON: [f64; 12] = [0.90, 0.85, 0.90, 0.90, 0.95, 0.95, 0.90, 0.95, 1.00, 1.05, 1.35, 1.30];
const YEAR_DAYS: i64 = 365;

/// Draws the year of person `i`.
pub(crate) fn history(seed: u64, i: u64, market: Market, end: Date, catalogue: &Catalogue) -> History {
    let mut dice = Dice::new(seed, For::History, i);
    let person = Person::draw(&mut dice, end);
    let mut orders: Vec<Order> = Vec::new();
    let mut bought: Vec<(u32, u8, Timestamp)> = Vec::new();
    let season_max = SEASON.iter().copied().fold(0.0, f64::max);
    let mut at = person.from;
    // Thinning (Lewis and Shedler, 1979): candidates at the highest rate, kept with the season's share of it.
    loop {
        let gap_days = dice.exponential(YEAR_DAYS as f64 / (person.orders_per_year * season_max));
        at = Timestamp(at.0.saturating_add((gap_days * Timestamp::US_PER_DAY as f64) as i64));
        if at >= person.until || orders.len() as u64 == ORDERS_MAX {
            break;
        }
        let month = month(at);
        if !dice.chance(SEASON[month] / season_max) {
            continue;
        }
        let at = awake(at, market, &mut dice);
        let lines = basket(&person, seed, at, month, catalogue, &mut bought, &mut dice);
        let serial = i * ORDERS_MAX + orders.len() as u64;
        let place = [Place::Web, Place::App, Place::Store][dice.weighted(&person.places)];
        // Only web orders can be a guest's, so of those as many more, as they are fewer. Their share is 0.08 or more.
        let web = person.places[0] / person.places.iter().sum::<f64>();
        let guest = place == Place::Web && dice.chance(rates::GUEST_ORDER / web);
        let mut order = Order { serial, at, place, guest, lines, outcome: Outcome::Completed };
        send_back(&mut order, &mut dice);
        if dice.chance(rates::CUSTOM_ITEM) {
            order.lines.push(Line { what: What::Custom("GIFTWRAP"), quantity: 1, returned: 0, pence: 150 });
        }
        orders.push(order);
    }
    // Moving an order to waking hours may have put it before the previous one.
    orders.sort_by_key(|o| (o.at, o.serial));
    History { orders, tastes: person.tastes, left_at: person.left_at, hazard: person.hazard, joined: person.joined }
}

struct Person {
    tastes: Vec<f64>,
    styles: [u8; 2],
    price_sensitivity: f64,
    orders_per_year: f64,
    hazard: f64,
    places: [f64; 3],
    joined: Timestamp,
    from: Timestamp,
    until: Timestamp,
    left_at: Option<Timestamp>,
}

impl Person {
    fn draw(dice: &mut Dice, end: Date) -> Person {
        let weights: Vec<f64> = MODEL_CATEGORIES.iter().map(|c| c.share * libm::exp(1.1 * dice.normal())).collect();
        let sum: f64 = weights.iter().sum();
        let styles = [dice.below(u64::from(STYLES)) as u8, dice.below(u64::from(STYLES)) as u8];
        let price_sensitivity = dice.exponential(0.5);
        let orders_per_year = (ORDERS_PER_YEAR * libm::exp(0.8 * dice.normal() - 0.32)).min(40.0);
        let hazard = libm::exp(0.7 * dice.normal()) / 900.0;
        let app = dice.unit();
        let places = [0.55 * (1.0 - app) + 0.1, 0.9 * app * app, 0.25 * dice.unit() + 0.05];
        let last = end.midnight().plus_days(1);
        let start = last.plus_days(-YEAR_DAYS);
        let day = |days: f64| (days * Timestamp::US_PER_DAY as f64) as i64;
        let (joined, from) = if dice.chance(0.75) {
            (Timestamp(start.0 - day(30.0 + dice.exponential(500.0))), start)
        } else {
            let from = Timestamp(start.0 + day(dice.unit() * YEAR_DAYS as f64));
            (from, from)
        };
        let leaves = Timestamp(from.0.saturating_add(day(dice.exponential(1.0 / hazard))));
        let left_at = (leaves < last).then_some(leaves);
        Person {
            tastes: weights.iter().map(|w| w / sum).collect(),
            styles,
            price_sensitivity,
            orders_per_year,
            hazard,
            places,
            joined,
            from,
            until: leaves.min(last),
            left_at,
        }
    }
}

/// 0 to 11.
pub(crate) fn month(at: Timestamp) -> usize {
    jiff::Timestamp::from_microsecond(at.0).map_or(0, |t| t.to_zoned(jiff::tz::TimeZone::UTC).month() as usize - 1)
}

/// The same day at an hour when the market is awake: 8 to 23 local time, most in the evening.
fn awake(at: Timestamp, market: Market, dice: &mut Dice) -> Timestamp {
    let local = 8.0 + 15.0 * dice.unit().max(dice.unit());
    let ahead = if matches!(market, Market::Singapore | Market::Malaysia) { 8.0 } else { 7.0 };
    let seconds = ((local - ahead) * 3600.0) as i64;
    Timestamp(at.date().midnight().0 + seconds.clamp(0, 86_399) * Timestamp::US_PER_S)
}

fn basket(
    person: &Person,
    seed: u64,
    at: Timestamp,
    month: usize,
    catalogue: &Catalogue,
    bought: &mut Vec<(u32, u8, Timestamp)>,
    dice: &mut Dice,
) -> Vec<Line> {
    let weights: Vec<f64> = MODEL_CATEGORIES
        .iter()
        .zip(&person.tastes)
        .map(|(c, taste)| taste * c.peak.filter(|(m, _)| usize::from(*m) == month + 1).map_or(1.0, |(_, f)| f))
        .collect();
    let count = dice.geometric(LINES_PER_ORDER).min(20);
    let mut lines: Vec<Line> = Vec::with_capacity(count as usize);
    for _ in 0..count {
        let due = bought.iter().position(|(item, _, when)| at.days_since(*when) > rhythm_days(seed, *item));
        let (item, variant) = match due.filter(|_| dice.chance(0.5)) {
            Some(due) => {
                let (item, variant, _) = bought.swap_remove(due);
                (item, variant)
            }
            None => choose(person, &weights, catalogue, dice),
        };
        let chosen = &catalogue.items[item as usize];
        if lines.iter().any(|l| matches!(l.what, What::Item { item: had, .. } if had == item)) {
            continue;
        }
        let consumable = MODEL_CATEGORIES[chosen.category].consumable;
        if consumable {
            bought.push((item, variant, at));
        }
        let quantity = if consumable { dice.geometric(1.6) } else { dice.geometric(1.1) } as i64;
        lines.push(Line { what: What::Item { item, variant }, quantity, returned: 0, pence: chosen.pence });
    }
    lines
}

fn choose(person: &Person, weights: &[f64], catalogue: &Catalogue, dice: &mut Dice) -> (u32, u8) {
    let mut chosen = 0;
    for _ in 0..8 {
        let category = dice.weighted(weights);
        chosen = catalogue.popular(category, dice);
        let item = &catalogue.items[chosen as usize];
        let dear = libm::log(item.pence as f64 / 1500.0).max(0.0);
        let liked = if person.styles.contains(&item.style) { 1.0 } else { 0.35 };
        if dice.chance(liked * libm::exp(-person.price_sensitivity * dear)) {
            break;
        }
    }
    let variants = catalogue.items[chosen as usize].variants.len() as u64;
    (chosen, dice.below(variants) as u8)
}

/// ρ_j: every how many days an item is used up.
fn rhythm_days(seed: u64, item: u32) -> f64 {
    20.0 + (mix(seed, For::Catalogue, 1000 + u64::from(item)) % 51) as f64
}

fn send_back(order: &mut Order, dice: &mut Dice) {
    let after = |days: f64| Timestamp(order.at.0 + (days * Timestamp::US_PER_DAY as f64) as i64);
    let u = dice.unit();
    if u < 0.02 {
        order.outcome = Outcome::Cancelled(after(0.1 + 2.0 * dice.unit()));
        order.lines.iter_mut().for_each(|l| l.returned = l.quantity);
    } else if u < 0.06 && order.lines.len() > 1 {
        order.outcome = Outcome::Returned(after(3.0 + 18.0 * dice.unit()));
        let line = dice.below(order.lines.len() as u64) as usize;
        order.lines[line].returned = order.lines[line].quantity;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn year(people: u64) -> Vec<History> {
        let catalogue = crate::catalogue::model(4);
        (0..people).map(|i| history(4, i, Market::Malaysia, Date(20_000), &catalogue)).collect()
    }

    #[test]
    fn a_person_makes_some_fifteen_lines_a_year() {
        let people = year(6000);
        let lines: usize = people.iter().flat_map(|h| &h.orders).map(|o| o.lines.len()).sum();
        let mean = lines as f64 / 6000.0;
        assert!((14.6..16.6).contains(&mean), "{mean}");
    }

    #[test]
    fn orders_lie_within_the_year_and_before_the_person_left() {
        let start = Date(20_000 - 364).midnight();
        for h in year(800) {
            assert!(h.orders.is_sorted_by_key(|o| o.at));
            for order in &h.orders {
                assert!(order.at >= start && order.at < Date(20_001).midnight());
                // Moved within its day only.
                assert!(h.left_at.is_none_or(|left| order.at.date() <= left.date()));
                assert!(!order.lines.is_empty());
            }
        }
    }

    #[test]
    fn tastes_show_in_baskets_and_december_is_busy() {
        let (mut own, mut others, mut by_month) = (0.0, 0.0, [0_u64; 12]);
        let catalogue = crate::catalogue::model(4);
        for h in year(3000) {
            for order in &h.orders {
                by_month[month(order.at)] += 1;
                for (_, item, _) in order.items() {
                    let category = catalogue.items[item as usize].category;
                    own += h.tastes[category];
                    others += MODEL_CATEGORIES[category].share;
                }
            }
        }
        assert!(own > 1.5 * others, "{own} {others}");
        assert!(by_month[10] > by_month[1], "{by_month:?}");
    }
}
