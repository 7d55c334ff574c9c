//! People to give a demonstration to: spread over markets and tastes, known by visitor token and habit alone.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use compact_str::CompactString;
use kenal_lake::Lake;
use kenal_types::{Market, OrderStatus, PersonId};
use serde::Serialize;

use crate::gold::{ChurnScoreRow, GoldRow, PurchaseRow, RecommendationRow, RulingRow};
use crate::stage::compile::Tokens;
use crate::ui::{Align, Table};

#[derive(clap::Args)]
pub struct VisitorsArgs {
    #[arg(long, value_name = "DIR")]
    lake: PathBuf,
    /// Where `kenal build` keeps the visitor tokens, if not in the lake's folder.
    #[arg(long, value_name = "FILE")]
    tokens: Option<PathBuf>,
    #[arg(long, default_value_t = 12)]
    limit: usize,
    /// One JSON array, as the storefront reads it.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Visitor {
    id: String,
    label: String,
    market: Market,
    note: String,
}

#[derive(Default)]
struct Habits {
    orders: BTreeSet<CompactString>,
    categories: BTreeMap<CompactString, u32>,
}

impl VisitorsArgs {
    pub fn run(&self) -> Result<()> {
        let lake = Lake::open_existing(&self.lake)?;
        let path = self.tokens.clone().unwrap_or_else(|| Tokens::path(&crate::keys::default_path(&self.lake)));
        let tokens = Tokens::read(&path).context("has `kenal build` finished on this lake?")?;
        let visitors = pick(&lake, &tokens, self.limit)?;
        if self.json {
            println!("{}", serde_json::to_string_pretty(&visitors)?);
            return Ok(());
        }
        let columns =
            [("visitor", Align::Left), ("market", Align::Left), ("known as", Align::Left), ("habits", Align::Left)];
        let mut table = Table::new(&columns);
        for v in &visitors {
            table.row([&v.id, v.market.code(), &v.label, &v.note]);
        }
        println!("{table}");
        Ok(())
    }
}

/// People who get recommendations, the most faithful first, a new pair of market and favourite category each time.
fn pick(lake: &Lake, tokens: &Tokens, limit: usize) -> Result<Vec<Visitor>> {
    let shown: BTreeSet<PersonId> = lake
        .read_gold::<RecommendationRow>(RecommendationRow::TABLE)
        .context("reading recommendations; has `kenal build` finished on this lake?")?
        .into_iter()
        .map(|r| r.person)
        .collect();
    let mut markets: HashMap<PersonId, Vec<Market>> = HashMap::new();
    for ruling in lake.read_gold::<RulingRow>(RulingRow::TABLE)? {
        markets.entry(ruling.person).or_default().push(ruling.market);
    }
    let scores = lake.read_gold::<ChurnScoreRow>(ChurnScoreRow::TABLE)?;
    let deciles: HashMap<PersonId, u8> = scores.into_iter().map(|s| (s.person, s.decile)).collect();
    let mut habits: BTreeMap<PersonId, Habits> = BTreeMap::new();
    for row in lake.read_gold::<PurchaseRow>(PurchaseRow::TABLE)? {
        if shown.contains(&row.person) && row.status == OrderStatus::Completed && !row.doubtful {
            let habits = habits.entry(row.person).or_default();
            habits.orders.insert(row.order_number);
            *habits.categories.entry(row.category.unwrap_or_else(|| "other things".into())).or_default() += 1;
        }
    }
    let mut people: Vec<(PersonId, Habits)> = habits.into_iter().collect();
    people.sort_by_key(|(person, h)| (std::cmp::Reverse(h.orders.len().min(12)), *person));
    let (mut taken, mut visitors) = (BTreeSet::new(), Vec::new());
    for (person, habits) in people {
        let Some(&[market]) = markets.get(&person).map(Vec::as_slice) else { continue };
        let Some(favourite) = favourite(&habits.categories) else { continue };
        let Some(token) = tokens.of(&person.to_string()) else { continue };
        if visitors.len() < limit && taken.insert((market, favourite.to_owned())) {
            let staying = match deciles.get(&person) {
                Some(9..) => "; likely to leave",
                Some(..=2) => "; likely to stay",
                _ => "",
            };
            let orders = habits.orders.len();
            let plural = if orders == 1 { "" } else { "s" };
            visitors.push(Visitor {
                id: token.to_owned(),
                label: format!("{favourite}, {}", market.name()),
                market,
                note: format!("{orders} order{plural}{staying}"),
            });
        }
    }
    Ok(visitors)
}

fn favourite(categories: &BTreeMap<CompactString, u32>) -> Option<&str> {
    let best = categories.iter().max_by_key(|(name, n)| (**n, std::cmp::Reverse(*name)));
    best.map(|(name, _)| name.as_str())
}
