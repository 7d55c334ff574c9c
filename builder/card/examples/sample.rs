//! A card of made-up figures, to look at its page: `cargo run -p kenal-card --example sample -- FILE.html`.

use kenal_card::{Card, Churn, Judged, Ranking, Role, html};
use kenal_models::Threads;
use kenal_models::eval::{Candidates, Case, SameForAll, evaluate};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

fn main() {
    let path = std::env::args().nth(1).expect("the file to write");
    let mut dice = Pcg64Mcg::seed_from_u64(1);
    let mut judged = |name: &str, role, share: f64| {
        let case = |user: u32| {
            let found = dice.random::<f64>() < share;
            Case { user, history: Vec::new(), relevant: vec![if found { user % 20 } else { 150 + user % 50 }] }
        };
        let cases: Vec<Case> = (0..2_000).map(case).collect();
        let scores: Vec<f32> = (0..200).map(|i| -(i as f32)).collect();
        Judged::new(name, role, &evaluate(&SameForAll(scores), 200, &cases, Candidates::All, Threads::ONE))
    };
    let models = vec![
        judged("blend", Role::Model, 0.37),
        judged("without item–item", Role::Part, 0.31),
        judged("without repeats", Role::Part, 0.35),
        judged("ALS alone", Role::Part, 0.28),
        judged("trending", Role::Baseline, 0.12),
    ];
    let mut card = Card::new("Models of 2026-11-24", "the model beats trending: it may be published", true);
    card.recommender = Some(Ranking {
        test: "sample".to_owned(),
        cases: 2_000,
        markets: ["ID", "MY", "SG", "TH"].map(str::to_owned).to_vec(),
        market_of: (0..2_000_u32).map(|n| (n % 7).min(3) as u8).collect(),
        models,
    });
    let (mut said, mut left) = (Vec::new(), Vec::new());
    for _ in 0..3_000 {
        let p: f64 = dice.random::<f64>().powi(2);
        said.push(p);
        left.push(dice.random::<f64>() < 0.05 + 0.9 * p);
    }
    let definition = "Leaving is no purchase in 30 days, among customers who had bought before";
    card.churn = Some(Churn::new("sample".to_owned(), definition.to_owned(), &said, &left));
    card.about.insert("data up to".to_owned(), "2026-11-24T16:00:00Z".to_owned());
    card.about.insert("consent snapshot".to_owned(), "3f".repeat(32));
    std::fs::write(&path, html(&card)).expect("written");
}
