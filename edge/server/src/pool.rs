//! A few threads, each with an instance of the core, behind one bounded queue.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::error::ServeError;
use crate::wasm::{Core, CoreError, Load, Worker};

/// Requests that may wait. At a fraction of a millisecond each, the last one waits some tens of milliseconds.
const QUEUE_MAX: usize = 256;

/// One request on its way to a worker.
struct Job {
    request: Vec<u8>,
    row: Option<Vec<u8>>,
    reply: oneshot::Sender<Result<Answer, CoreError>>,
}

/// An answer and how long the core took over it.
#[derive(Debug)]
pub struct Answer {
    /// The response, JSON.
    pub json: Vec<u8>,
    /// From handing the request over to having the answer, without waiting for a worker.
    pub core: Duration,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum PoolError {
    /// The queue is full.
    Busy,
    /// The core refused or stopped.
    Core(CoreError),
}

/// A revocation update that was published after the bundle was loaded.
type Update = Arc<Vec<u8>>;

/// What the threads of a pool share.
struct Shared {
    core: Core,
    load: Arc<Load>,
    jobs: Mutex<Receiver<Job>>,
    update: RwLock<Option<Update>>,
}

/// The workers. They end when this is dropped.
pub struct Pool {
    queue: SyncSender<Job>,
    shared: Arc<Shared>,
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").finish_non_exhaustive()
    }
}

impl Pool {
    /// Starts `threads` workers, each with the bundle loaded; fails when the first cannot load it.
    ///
    /// # Errors
    /// When the core refuses the bundle or a thread cannot be started.
    pub fn start(core: &Core, load: &Arc<Load>, threads: usize) -> Result<Self, ServeError> {
        let (queue, jobs) = sync_channel(QUEUE_MAX);
        let (core, load) = (core.clone(), Arc::clone(load));
        let shared = Arc::new(Shared { core, load, jobs: Mutex::new(jobs), update: RwLock::default() });
        for _ in 0..threads.max(1) {
            let worker = shared.core.instantiate(&shared.load)?;
            let shared = Arc::clone(&shared);
            std::thread::Builder::new()
                .name("kenal-core".to_owned())
                .spawn(move || work(worker, &shared))
                .map_err(|source| ServeError::Start { what: "a worker thread", source })?;
        }
        Ok(Pool { queue, shared })
    }

    /// Gives every worker a newer revocation update, before the next request that it answers.
    pub fn revoke(&self, update: Arc<Vec<u8>>) {
        *self.shared.update.write().unwrap_or_else(PoisonError::into_inner) = Some(update);
    }

    /// Has one request answered.
    ///
    /// # Errors
    /// [`PoolError::Busy`] at once when the queue is full; else what the core said.
    pub async fn recommend(&self, request: Vec<u8>, row: Option<Vec<u8>>) -> Result<Answer, PoolError> {
        let (reply, answer) = oneshot::channel();
        match self.queue.try_send(Job { request, row, reply }) {
            Ok(()) => answer.await.unwrap_or(Err(CoreError::NoWorker)).map_err(PoolError::Core),
            Err(TrySendError::Full(_)) => Err(PoolError::Busy),
            Err(TrySendError::Disconnected(_)) => Err(PoolError::Core(CoreError::NoWorker)),
        }
    }
}

fn work(mut worker: Worker, shared: &Shared) {
    let mut told: Option<Update> = None;
    loop {
        // One worker waits for a job while holding the lock, the others wait for the lock: the same to them.
        let next = shared.jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        let start = Instant::now();
        let result =
            tell(&mut worker, &mut told, shared).and_then(|()| worker.recommend(&job.request, job.row.as_deref()));
        let core_time = start.elapsed();
        let stopped = !matches!(result, Ok(_) | Err(CoreError::Refused { .. }));
        // A caller that has gone away needs no answer.
        let _ = job.reply.send(result.map(|json| Answer { json, core: core_time }));
        if stopped {
            // What a stopped instance has in its memory is unknown; a new one is loaded from the verified bytes.
            match shared.core.instantiate(&shared.load) {
                Ok(fresh) => (worker, told) = (fresh, None),
                Err(error) => {
                    tracing::error!(%error, "a worker cannot be started again and ends");
                    return;
                }
            }
        }
    }
}

/// Gives the worker the newest revocation update, unless it has it. The host has looked at it too, so one that the module
/// refuses changes no answer, and is not tried again.
fn tell(worker: &mut Worker, told: &mut Option<Update>, shared: &Shared) -> Result<(), CoreError> {
    let newest = shared.update.read().unwrap_or_else(PoisonError::into_inner).clone();
    let Some(newest) = newest else { return Ok(()) };
    if told.as_ref().is_some_and(|told| Arc::ptr_eq(told, &newest)) {
        return Ok(());
    }
    let taken = worker.revoke(&newest);
    *told = Some(newest);
    match taken {
        Err(error @ CoreError::Refused { .. }) => {
            tracing::error!(%error, "the core refuses withdrawals that were accepted natively");
            Ok(())
        }
        taken => taken,
    }
}
