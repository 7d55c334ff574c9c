//! Time and memory of this process, as the operating system counts them.

use std::fmt;
use std::fs;
use std::time::{Duration, Instant};

/// Kernel ticks a second, which Linux fixes for `/proc`.
const TICKS_PER_S: f64 = 100.0;

/// What a piece of work cost.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    pub wall: Duration,
    /// Of all threads, in user and system mode.
    pub cpu_s: f64,
    /// Highest resident memory of the process so far.
    pub peak_bytes: u64,
}

/// A moment, and the CPU time of this process until then.
pub fn moment() -> (Instant, f64) {
    (Instant::now(), cpu_s())
}

/// Runs `work` and says what it cost.
pub fn measured<T>(work: impl FnOnce() -> T) -> (T, Cost) {
    let (started, cpu) = moment();
    let done = work();
    (done, Cost { wall: started.elapsed(), cpu_s: cpu_s() - cpu, peak_bytes: peak_bytes() })
}

fn cpu_s() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // After the name, which may hold anything, utime and stime are the 12th and 13th fields.
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
    let ticks: f64 = fields.skip(11).take(2).filter_map(|t| t.parse::<f64>().ok()).sum();
    ticks / TICKS_PER_S
}

fn peak_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.and_then(|l| l.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) * 1024
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cost { wall, cpu_s, peak_bytes } = self;
        write!(
            f,
            "{:.1} s, {cpu_s:.1} CPU-s, peak {:.2} GiB",
            wall.as_secs_f64(),
            *peak_bytes as f64 / f64::from(1 << 30)
        )
    }
}
