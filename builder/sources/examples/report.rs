//! Reads the exports in a folder and prints what became of every file: `report EXPORTS [SYSTEM…]`.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use kenal_sources::{Quiet, RowSink, SinkError, read_system};
use kenal_types::{Entity, Origin, Rejection, System};

/// Counts entities by kind, and keeps one rejection of each kind to show.
#[derive(Default)]
struct Counts {
    entities: BTreeMap<&'static str, u64>,
    rejections: BTreeMap<String, (u64, Origin, String)>,
}

impl RowSink for Counts {
    fn accepted(&mut self, _origin: &Origin, _raw: &[u8], entities: Vec<Entity>) -> Result<(), SinkError> {
        for entity in entities {
            let name = match entity {
                Entity::Customer(_) => "customers",
                Entity::Consent(_) => "consents",
                Entity::Item(_) => "items",
                Entity::Variant(_) => "variants",
                Entity::Order(_) => "orders",
                Entity::OrderLine(_) => "order lines",
                Entity::Ticket(_) => "tickets",
                Entity::Event(_) => "events",
            };
            *self.entities.entry(name).or_default() += 1;
        }
        Ok(())
    }

    fn rejected(&mut self, r: Rejection) -> Result<(), SinkError> {
        let key = format!("{} {}", r.reason, r.field);
        self.rejections.entry(key).or_insert((0, r.origin, r.detail)).0 += 1;
        Ok(())
    }
}

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let Some(dir) = args.next() else {
        eprintln!("usage: report EXPORTS [SYSTEM…]");
        return ExitCode::FAILURE;
    };
    let wanted: Vec<String> = args.collect();
    let mut code = ExitCode::SUCCESS;
    for system in System::ALL.into_iter().filter(|s| wanted.is_empty() || wanted.iter().any(|w| w == s.name())) {
        let mut counts = Counts::default();
        let start = std::time::Instant::now();
        match read_system(system, &Path::new(&dir).join(system.name()), &mut counts, &Quiet) {
            Ok(report) => {
                println!("{system}: {} rows in {:.1} s", report.read(), start.elapsed().as_secs_f64());
                for file in &report.files {
                    println!("  {file}{}", file.watermark.map_or(String::new(), |w| format!(", complete to {w}")));
                }
                println!("  {:?}", counts.entities);
                for (what, (count, origin, detail)) in counts.rejections {
                    println!("  {count} × {what}: {detail} (first {origin})");
                }
            }
            Err(error) => {
                println!("{error}");
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}
