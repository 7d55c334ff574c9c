//! Evaluates one model on one file, without the rest of the program: `evaluate FILE strong|new|repeats MODEL [split]`.

use std::error::Error;
use std::path::PathBuf;

use kenal_models::Threads;
use kenal_recommend::{Dataset, Model, Options, Protocol, evaluate};

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    let path = PathBuf::from(word(0));
    let protocol = match word(1) {
        "new" => Protocol::TimeNew,
        "repeats" => Protocol::TimeRepeats,
        _ => Protocol::Strong,
    };
    let model = match word(2) {
        "als" => Model::Als,
        "item-item" => Model::ItemItem,
        "trending" => Model::Trending,
        _ => Model::Blend,
    };
    let data = Dataset::read(&path)?;
    let options = Options {
        split: (word(3) == "split").then(|| path.clone()),
        interactions: path,
        protocol,
        model,
        factors: 64,
        min_count: 5,
        threads: Threads::new(2).ok_or("threads")?,
        seed: 42,
    };
    println!("{}", evaluate(&data, &options)?.json());
    Ok(())
}
