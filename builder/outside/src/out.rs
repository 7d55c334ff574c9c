//! A resolution as files.

use std::path::Path;

use kenal_identity::{Records, Resolution};
use kenal_tables::write::{ClusterWriter, Link, LinkWriter, WriteError};

/// Records whose clusters are looked up at a time.
const CHUNK_RECORDS: usize = 1024;

fn source(records: &Records, record: u32) -> &str {
    &records.schema().sources[usize::from(records.source(record))].name
}

/// Writes every record with its cluster, which is named after one of its records. With several sources, each row says
/// which, and so does the cluster's name.
///
/// # Errors
/// The name ends in neither `.parquet` nor `.csv`, or the disk fails.
pub fn write_clusters(path: &Path, records: &Records, found: &Resolution) -> Result<(), WriteError> {
    let several = records.schema().sources.len() > 1;
    let mut writer = ClusterWriter::create(path, several)?;
    for (chunk, firsts) in found.clusters.chunks(CHUNK_RECORDS).enumerate() {
        // A first may stand anywhere: read one after another, so that the processor waits for many at a time.
        let names: Vec<&str> = firsts.iter().map(|&first| records.id(first)).collect();
        for (at, (&first, name)) in firsts.iter().zip(names).enumerate() {
            let record = (chunk * CHUNK_RECORDS + at) as u32;
            if several {
                writer.write(source(records, record), records.id(record), &records.key_text(first))?;
            } else {
                writer.write("", records.id(record), name)?;
            }
        }
    }
    writer.finish()?;
    Ok(())
}

/// Writes every pair that was linked, and every doubtful one, with its evidence.
///
/// # Errors
/// The name ends in neither `.parquet` nor `.csv`, or the disk fails.
pub fn write_links(path: &Path, records: &Records, found: &Resolution) -> Result<(), WriteError> {
    let mut writer = LinkWriter::create(path, records.schema().sources.len() > 1)?;
    let linked = found.links.iter().map(|l| (l.a, l.b, l.weight_bits, "linked"));
    let asked = found.review.iter().map(|r| (r.a, r.b, r.weight_bits, "review"));
    for (a, b, weight_bits, decision) in linked.chain(asked) {
        let evidence = found.evidence(records, a, b).to_string();
        writer.write(&Link {
            a: (source(records, a), records.id(a)),
            b: (source(records, b), records.id(b)),
            probability: found.model.probability(weight_bits),
            decision,
            evidence: &evidence,
        })?;
    }
    writer.finish()?;
    Ok(())
}
