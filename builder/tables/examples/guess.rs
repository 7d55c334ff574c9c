//! The mapping that is guessed for files: `cargo run -p kenal-tables --example guess -- FILE…`.

use std::path::Path;

use kenal_tables::guess::{Sample, guess};
use kenal_tables::read::Reader;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let samples: Result<Vec<Sample>, _> =
        std::env::args().skip(1).map(|file| Sample::take(Reader::open(Path::new(&file))?)).collect();
    println!("{}", guess(&samples?)?.to_toml());
    Ok(())
}
