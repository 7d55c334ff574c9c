//! Made-up customers: a few tastes each, of many; what is popular in a taste is bought far more than the rest of it, and
//! so are popular tastes.

use anyhow::Result;
use kenal_models::Interactions;
use kenal_models::eval::Case;
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64Mcg;

/// Items of a taste.
const TASTE_ITEMS: usize = 100;
/// Tastes of a customer.
const TASTES: usize = 3;
/// Share of purchases that are of no taste of theirs.
const STRAY: f64 = 0.2;
/// Items of a visit, at most; 1 to as many.
const VISIT_ITEMS: usize = 4;
const DAYS: f32 = 365.0;
/// Of so many customers one has a purchase hidden.
const HIDDEN_EVERY: usize = 500;

/// Who bought what, on which day, and what is hidden.
pub struct People {
    pub matrix: Interactions,
    /// Of each pair, in the order of the rows.
    pub days: Vec<f32>,
    pub cases: Vec<Case>,
}

/// The same people for the same numbers.
pub fn people(users: usize, items: usize, each: usize) -> Result<People> {
    let mut random = Pcg64Mcg::seed_from_u64(17);
    let tastes = items.div_ceil(TASTE_ITEMS);
    let (mut of, mut what, mut days, mut cases) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut basket: Vec<(u32, f32)> = Vec::new();
    for user in 0..users {
        let own: [usize; TASTES] = std::array::from_fn(|_| power_law(&mut random, tastes));
        // Exponential with the mean `each`, a purchase at least.
        let count = 1 + (-(1.0 - random.random::<f64>()).ln() * (each as f64 - 1.0)) as usize;
        basket.clear();
        while basket.len() < count {
            let day = random.random::<f32>() * DAYS;
            let taste = own[random.random_range(0..TASTES)];
            for _ in 0..random.random_range(1..=VISIT_ITEMS) {
                let taste = if random.random::<f64>() < STRAY { power_law(&mut random, tastes) } else { taste };
                let item = taste * TASTE_ITEMS + power_law(&mut random, TASTE_ITEMS);
                basket.push((item.min(items - 1) as u32, day));
            }
        }
        basket.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
        basket.dedup_by_key(|pair| pair.0);
        let last = (0..basket.len()).max_by(|&a, &b| basket[a].1.total_cmp(&basket[b].1));
        if let Some(last) = last.filter(|_| user % HIDDEN_EVERY == 0 && basket.len() > 2) {
            let (hidden, _) = basket.remove(last);
            let history = basket.iter().map(|pair| (pair.0, 1.0)).collect();
            cases.push(Case { user: user as u32, history, relevant: vec![hidden] });
        }
        of.extend(basket.iter().map(|_| user as u32));
        what.extend(basket.iter().map(|pair| pair.0));
        days.extend(basket.iter().map(|pair| pair.1));
    }
    let matrix = Interactions::from_columns(users, items, of, what, None)?;
    Ok(People { matrix, days, cases })
}

/// 0 to below `n`, each as likely as one over its number: the logarithm is evenly spread.
fn power_law(random: &mut Pcg64Mcg, n: usize) -> usize {
    let drawn = ((n as f64 + 1.0).ln() * random.random::<f64>()).exp() as usize;
    drawn.clamp(1, n) - 1
}
