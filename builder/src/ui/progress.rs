//! Progress: a bar on a terminal, a plain line every few seconds anywhere else.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::table::{count, duration};

/// How often a plain line is printed when nobody watches a bar.
const PLAIN_EVERY: Duration = Duration::from_secs(5);

/// Progress of one stage. Cheap to call from a hot loop and from several threads.
pub struct Progress {
    stage: String,
    bar: ProgressBar,
    started: Instant,
    done: AtomicU64,
    said: Mutex<Instant>,
}

impl Progress {
    /// Starts a stage; says so.
    pub fn start(stage: &str) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if let Ok(style) =
            ProgressStyle::with_template("{prefix:>10} {spinner} {wide_bar} {human_pos}/{human_len} {msg}")
        {
            bar.set_style(style);
        }
        bar.set_prefix(stage.to_owned());
        let now = Instant::now();
        if bar.is_hidden() {
            eprintln!("{stage}: started");
        }
        Progress { stage: stage.to_owned(), bar, started: now, done: AtomicU64::new(0), said: Mutex::new(now) }
    }

    /// Sets what is being worked on, and how much there is of it when known (`0` when not).
    pub fn set(&self, what: &str, done: u64, total: u64) {
        self.done.store(done, Ordering::Relaxed);
        if total > 0 {
            self.bar.set_length(total);
        }
        self.bar.set_position(done);
        if !self.bar.is_hidden() {
            self.bar.set_message(what.to_owned());
            return;
        }
        if let Ok(mut said) = self.said.try_lock()
            && said.elapsed() >= PLAIN_EVERY
        {
            *said = Instant::now();
            let of = if total > 0 { format!(" of {}", count(total)) } else { String::new() };
            eprintln!("{}: {what} {}{of}, {}", self.stage, count(done), duration(self.started.elapsed()));
        }
    }

    /// Ends the stage with one line that stays.
    pub fn finish(self, summary: &str) {
        self.bar.finish_and_clear();
        eprintln!("{:>10}  {summary}, {}", self.stage, duration(self.started.elapsed()));
    }
}

/// Progress in bytes of what a source's files hold, over the passes that read them.
pub struct Bytes {
    progress: Progress,
    pass: Mutex<String>,
    done: AtomicU64,
    total: AtomicU64,
}

impl Bytes {
    pub fn start(stage: &str) -> Self {
        let (done, total) = (AtomicU64::new(0), AtomicU64::new(0));
        Bytes { progress: Progress::start(stage), pass: Mutex::new(String::new()), done, total }
    }

    pub fn finish(self, summary: &str) {
        self.progress.finish(summary);
    }
}

impl kenal_sources::Progress for Bytes {
    fn begin(&self, pass: &str, bytes_total: u64) {
        if let Ok(mut name) = self.pass.lock() {
            pass.clone_into(&mut name);
        }
        self.done.store(0, Ordering::Relaxed);
        self.total.store(bytes_total, Ordering::Relaxed);
    }

    fn advance(&self, bytes: u64) {
        let done = self.done.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if let Ok(pass) = self.pass.try_lock() {
            self.progress.set(&format!("{pass}, bytes"), done, self.total.load(Ordering::Relaxed));
        }
    }

    fn end(&self) {}
}
