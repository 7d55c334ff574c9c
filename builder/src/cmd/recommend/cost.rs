//! What a command took: seconds, and the most memory that its process had, where the system says it.

use std::fs;
use std::time::Instant;

use serde_json::{Value, json};

use crate::ui::{count, duration};

/// For people.
pub fn told(started: Instant) -> String {
    let memory = peak_mib().map_or(String::new(), |mib| format!(", at most {} MiB of memory", count(mib)));
    format!("{}{memory}", duration(started.elapsed()))
}

/// `seconds` and `peak_mib`, which is null where it is not known, into an object.
pub fn add(report: &mut Value, started: Instant) {
    report["seconds"] = json!(started.elapsed().as_secs_f64());
    report["peak_mib"] = json!(peak_mib());
}

fn peak_mib() -> Option<u64> {
    peak_of(&fs::read_to_string("/proc/self/status").ok()?)
}

/// MiB of the line `VmHWM:   12345 kB`.
fn peak_of(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? >> 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_where_it_is_said() {
        for (status, expected) in [
            ("Name:\tkenal\nVmHWM:\t  204800 kB\nVmRSS:\t  10 kB\n", Some(200)),
            ("VmHWM:\t1023 kB", Some(0)),
            ("VmRSS:\t  10 kB\n", None),
            ("VmHWM:\t2048 MB\n", None),
            ("VmHWM:\tmuch kB\n", None),
            ("", None),
        ] {
            assert_eq!(peak_of(status), expected, "{status}");
        }
    }
}
