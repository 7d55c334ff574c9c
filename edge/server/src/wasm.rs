//! The core as a WebAssembly module: one compiled [`Module`], and instances of it that answer requests.
//!
//! The module imports nothing, so it can reach nothing: no file, clock, network or memory but its own. Each call has a
//! deadline and the memory a limit. An instance that stopped is not used again.
//!
//! Instances come from a pool of address space. The module is compiled once when the server starts, or taken from a folder
//! (`ahead`).

use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kenal_edge::Edge;
use wasmtime::{
    Config, Engine, Instance, InstanceAllocationStrategy, Memory, Module, PoolingAllocationConfig, Store, StoreLimits,
    StoreLimitsBuilder, TypedFunc,
};

use crate::ahead;

/// The version of the C interface this host speaks, as `kenal_abi_version` must answer.
const ABI_VERSION: i32 = 1;

/// How often deadlines are looked at.
const TICK: Duration = Duration::from_millis(10);

/// Ticks for one request. A request takes well under a millisecond; two seconds are for a machine that is swapping.
const REQUEST_TICKS: u64 = 200;

/// Ticks for taking in a bundle: hashing and checking a gigabyte.
const LOAD_TICKS: u64 = 3_000;

/// Memory beside the sections: code's data, scratch, requests and answers.
const MEMORY_BASE: usize = 64 << 20;

/// Instances at once, in all servers of a process: the workers of two versions and of one that is being loaded, five
/// times over. Each is 4 GiB of addresses, of which what is written becomes memory.
const INSTANCES_MAX: u32 = 64;

/// The core could not be started, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum CoreError {
    /// The module does not compile, lacks an export, or asks for an import.
    #[error("the WebAssembly module cannot be used: {0}")]
    Module(wasmtime::Error),
    /// The module is of another release.
    #[error(
        "the module speaks version {found} of the interface, this host version {ABI_VERSION}; build both from one source"
    )]
    Abi { found: i32 },
    /// The module stopped: a bug in it, its deadline, or its memory limit.
    #[error("the core stopped: {0}")]
    Stopped(wasmtime::Error),
    /// The module refused what it was given.
    #[error("the core refuses {what}: {message} (code {code})")]
    Refused { what: &'static str, code: i32, message: String },
    /// An answer lies outside of the module's memory.
    #[error("the core answered with an address outside of its memory")]
    Address,
    /// The thread of the deadlines cannot be started.
    #[error("cannot start the clock thread: {0}")]
    Clock(std::io::Error),
    /// All workers have ended.
    #[error("no worker is left")]
    NoWorker,
}

/// What an instance is loaded with: the verified bytes of one bundle.
#[derive(Debug)]
pub struct Load {
    /// The signed manifest.
    pub manifest: Vec<u8>,
    /// The key it is checked with, once more, inside.
    pub key: [u8; 32],
    /// Unix time, seconds.
    pub now: i64,
    /// The bundle, opened natively: its sections' bytes are handed on.
    pub edge: Arc<Edge>,
    /// A revocation update, if one was published.
    pub revocations: Option<Vec<u8>>,
}

/// The compiled module; instances share its code, and clones are the same core.
#[derive(Clone)]
pub struct Core {
    engine: Engine,
    module: Module,
    /// Stops the clock of the deadlines when the last clone goes.
    _ticking: Arc<SyncSender<()>>,
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core").finish_non_exhaustive()
    }
}

impl Core {
    /// Compiles `module`, the bytes of a `.wasm` file.
    ///
    /// # Errors
    /// [`CoreError::Module`] when it is not valid.
    pub fn compile(module: &[u8]) -> Result<Self, CoreError> {
        Core::make(|engine| Module::new(engine, module))
    }

    fn make(module: impl FnOnce(&Engine) -> wasmtime::Result<Module>) -> Result<Self, CoreError> {
        let mut config = Config::new();
        config.epoch_interruption(true);
        let engine = match pooled(&config) {
            Some(engine) => engine,
            None => Engine::new(&config).map_err(CoreError::Module)?,
        };
        let module = module(&engine).map_err(CoreError::Module)?;
        let ticking = Arc::new(start_ticking(engine.clone())?);
        Ok(Core { engine, module, _ticking: ticking })
    }

    /// The core that is embedded here ([`crate::MODULE`]). It is compiled once, however many servers a process runs, or not
    /// at all when it lies compiled in the folder `ahead`; if it does not, it is put there.
    ///
    /// # Errors
    /// As [`Core::compile`].
    pub fn embedded(ahead: Option<&Path>) -> Result<Self, CoreError> {
        static EMBEDDED: Mutex<Option<Core>> = Mutex::new(None);
        let mut embedded = EMBEDDED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(core) = &*embedded {
            return Ok(core.clone());
        }
        let core = match ahead {
            Some(folder) => Core::make(|engine| ahead::module(engine, crate::MODULE, folder))?,
            None => Core::compile(crate::MODULE)?,
        };
        *embedded = Some(core.clone());
        Ok(core)
    }

    /// A new instance with the bundle in it.
    ///
    /// # Errors
    /// When the module does not start, speaks another version, or refuses the bundle.
    pub fn instantiate(&self, load: &Load) -> Result<Worker, CoreError> {
        let sections: usize = load.edge.section_bytes().map(<[u8]>::len).sum();
        // A section is in memory twice while it is taken in.
        let limits = StoreLimitsBuilder::new().memory_size(MEMORY_BASE + 2 * sections).instances(1).memories(1).build();
        let mut store = Store::new(&self.engine, limits);
        store.limiter(|limits| limits);
        store.set_epoch_deadline(LOAD_TICKS);
        let instance = Instance::new(&mut store, &self.module, &[]).map_err(CoreError::Module)?;
        let mut worker = Worker::link(store, &instance)?;
        worker.load(load)?;
        Ok(worker)
    }
}

/// An engine whose instances come from a pool; `None` where there is no room for its addresses.
fn pooled(config: &Config) -> Option<Engine> {
    let mut pool = PoolingAllocationConfig::default();
    pool.total_core_instances(INSTANCES_MAX).total_memories(INSTANCES_MAX).total_tables(INSTANCES_MAX);
    let mut config = config.clone();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    let engine = Engine::new(&config);
    if let Err(error) = &engine {
        tracing::warn!(%error, "there is no pool of instances; each is allocated on its own");
    }
    engine.ok()
}

/// Runs the clock of the deadlines until the returned sender is dropped.
fn start_ticking(engine: Engine) -> Result<SyncSender<()>, CoreError> {
    let (keep, gone) = sync_channel(0);
    std::thread::Builder::new()
        .name("kenal-clock".to_owned())
        .spawn(move || {
            while gone.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                engine.increment_epoch();
            }
        })
        .map_err(CoreError::Clock)?;
    Ok(keep)
}

type Call<P, R> = TypedFunc<P, R>;

/// One instance: a bundle's core with memory of its own. Addresses are the module's, 32 bits.
pub struct Worker {
    store: Store<StoreLimits>,
    memory: Memory,
    handle: i32,
    alloc: Call<i32, i32>,
    free: Call<(i32, i32), ()>,
    manifest: Call<(i32, i32, i32, i32, i64), i32>,
    section: Call<(i32, i32, i32), i32>,
    revocations: Call<(i32, i32, i32), i32>,
    recommend: Call<(i32, i32, i32, i32, i32), i32>,
    output: Call<i32, i32>,
    output_len: Call<i32, i32>,
    message: Call<i32, i32>,
    message_len: Call<i32, i32>,
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Worker").finish_non_exhaustive()
    }
}

impl Worker {
    fn link(mut store: Store<StoreLimits>, instance: &Instance) -> Result<Self, CoreError> {
        let memory = instance
            .get_memory(&mut store, "memory")
            .ok_or_else(|| CoreError::Module(wasmtime::Error::msg("it exports no memory")))?;
        let version: Call<(), i32> = export(&mut store, instance, "kenal_abi_version")?;
        let found = version.call(&mut store, ()).map_err(CoreError::Stopped)?;
        if found != ABI_VERSION {
            return Err(CoreError::Abi { found });
        }
        let new: Call<(), i32> = export(&mut store, instance, "kenal_new")?;
        let handle = new.call(&mut store, ()).map_err(CoreError::Stopped)?;
        Ok(Worker {
            memory,
            handle,
            alloc: export(&mut store, instance, "kenal_alloc")?,
            free: export(&mut store, instance, "kenal_free")?,
            manifest: export(&mut store, instance, "kenal_manifest")?,
            section: export(&mut store, instance, "kenal_section")?,
            revocations: export(&mut store, instance, "kenal_revocations")?,
            recommend: export(&mut store, instance, "kenal_recommend")?,
            output: export(&mut store, instance, "kenal_output")?,
            output_len: export(&mut store, instance, "kenal_output_len")?,
            message: export(&mut store, instance, "kenal_message")?,
            message_len: export(&mut store, instance, "kenal_message_len")?,
            store,
        })
    }

    fn load(&mut self, load: &Load) -> Result<(), CoreError> {
        let manifest = self.put(&load.manifest)?;
        let key = self.put(&load.key)?;
        let code = self
            .manifest
            .call(&mut self.store, (self.handle, manifest.at, manifest.len, key.at, load.now))
            .map_err(CoreError::Stopped)?;
        self.accepted("the manifest", code)?;
        self.take_back(key)?;
        self.take_back(manifest)?;
        for section in load.edge.section_bytes() {
            let put = self.put(section)?;
            let code =
                self.section.call(&mut self.store, (self.handle, put.at, put.len)).map_err(CoreError::Stopped)?;
            self.accepted("a section", code)?;
            self.take_back(put)?;
        }
        load.revocations.as_ref().map_or(Ok(()), |update| self.take_revocations(update))
    }

    /// Takes in a revocation update that is newer than what the instance was loaded with.
    ///
    /// # Errors
    /// [`CoreError::Refused`] for one that does not verify; after any other error this instance must not be used again.
    pub fn revoke(&mut self, update: &[u8]) -> Result<(), CoreError> {
        self.store.set_epoch_deadline(REQUEST_TICKS);
        self.take_revocations(update)
    }

    fn take_revocations(&mut self, update: &[u8]) -> Result<(), CoreError> {
        let put = self.put(update)?;
        let call = (self.handle, put.at, put.len);
        let code = self.revocations.call(&mut self.store, call).map_err(CoreError::Stopped)?;
        self.take_back(put)?;
        self.accepted("the revocation update", code)
    }

    /// Answers one request, JSON to JSON, with the visitor's row when there is one.
    ///
    /// # Errors
    /// [`CoreError::Refused`] for a request that the contract does not allow; after any other error this instance must
    /// not be used again.
    pub fn recommend(&mut self, request: &[u8], row: Option<&[u8]>) -> Result<Vec<u8>, CoreError> {
        self.store.set_epoch_deadline(REQUEST_TICKS);
        let request = self.put(request)?;
        let row = row.map(|bytes| self.put(bytes)).transpose()?;
        let (row_at, row_len) = row.as_ref().map_or((0, 0), |row| (row.at, row.len));
        let code = self
            .recommend
            .call(&mut self.store, (self.handle, request.at, request.len, row_at, row_len))
            .map_err(CoreError::Stopped)?;
        self.take_back(request)?;
        if let Some(row) = row {
            self.take_back(row)?;
        }
        self.accepted("the request", code)?;
        self.text(Text::Output)
    }

    /// Bytes of memory that the module has taken.
    pub fn memory_bytes(&self) -> usize {
        self.memory.data_size(&self.store)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<Put, CoreError> {
        // Lengths are below 2^31: sections are at most 2^30 bytes and everything else is small.
        let len = i32::try_from(bytes.len()).map_err(|_| CoreError::Address)?;
        let at = self.alloc.call(&mut self.store, len).map_err(CoreError::Stopped)?;
        self.memory.write(&mut self.store, at as u32 as usize, bytes).map_err(|_| CoreError::Address)?;
        Ok(Put { at, len })
    }

    fn take_back(&mut self, put: Put) -> Result<(), CoreError> {
        self.free.call(&mut self.store, (put.at, put.len)).map_err(CoreError::Stopped)
    }

    fn accepted(&mut self, what: &'static str, code: i32) -> Result<(), CoreError> {
        if code == 0 {
            return Ok(());
        }
        let message = String::from_utf8_lossy(&self.text(Text::Message)?).into_owned();
        Err(CoreError::Refused { what, code, message })
    }

    fn text(&mut self, which: Text) -> Result<Vec<u8>, CoreError> {
        let (at, len) = match which {
            Text::Output => (&self.output, &self.output_len),
            Text::Message => (&self.message, &self.message_len),
        };
        let at = at.call(&mut self.store, self.handle).map_err(CoreError::Stopped)? as u32 as usize;
        let len = len.call(&mut self.store, self.handle).map_err(CoreError::Stopped)? as u32 as usize;
        let end = at.checked_add(len).ok_or(CoreError::Address)?;
        self.memory.data(&self.store).get(at..end).map(<[u8]>::to_vec).ok_or(CoreError::Address)
    }
}

enum Text {
    Output,
    Message,
}

/// Bytes of ours in the module's memory. Not `Copy`: each is given back once.
struct Put {
    at: i32,
    len: i32,
}

fn export<P, R>(store: &mut Store<StoreLimits>, instance: &Instance, name: &str) -> Result<TypedFunc<P, R>, CoreError>
where
    P: wasmtime::WasmParams,
    R: wasmtime::WasmResults,
{
    instance.get_typed_func(store, name).map_err(CoreError::Module)
}
