//! How many rows a second are read: `cargo run --release -p kenal-tables --example throughput -- FILE…`.

use std::path::Path;
use std::time::Instant;

use kenal_tables::read::{Batch, ReadError, Reader};

fn main() -> Result<(), ReadError> {
    let mut batch = Batch::new();
    for file in std::env::args().skip(1) {
        let begun = Instant::now();
        let mut reader = Reader::open(Path::new(&file))?;
        let mut filled = 0_u64;
        while reader.next_batch(&mut batch)? {
            for row in 0..batch.rows_count() {
                filled += (0..batch.columns_count()).filter(|&c| batch.get(row, c).is_some()).count() as u64;
            }
        }
        let (counts, s) = (reader.counts(), begun.elapsed().as_secs_f64());
        println!(
            "{}: {}; {} rows read, {} rejected, {filled} values; {s:.2} s, {:.2} M rows/s",
            reader.name(),
            reader.format(),
            counts.read,
            counts.rejected,
            counts.read as f64 / s / 1e6
        );
    }
    Ok(())
}
