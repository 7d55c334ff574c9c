//! Scores one table of labels against another: `… --example score -- CLUSTERS ID CLUSTER TRUTH ID CLUSTER`.

use std::path::Path;
use std::time::Instant;

use kenal_tables::score::{LabelColumns, Labels, Unjoined, score};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [clusters, id, cluster, truth, true_id, true_cluster] = args.as_slice() else {
        return Err("six arguments: CLUSTERS ID CLUSTER TRUTH ID CLUSTER".into());
    };
    let begun = Instant::now();
    let clusters = Labels::read(Path::new(clusters), LabelColumns { id, cluster, source: None })?;
    let truth = Labels::read(Path::new(truth), LabelColumns { id: true_id, cluster: true_cluster, source: None })?;
    let read = begun.elapsed();
    print!("{}", score(&clusters, &truth, Unjoined::LeaveOut)?);
    eprintln!("{read:.2?} to read, {:.2?} to score", begun.elapsed() - read);
    Ok(())
}
