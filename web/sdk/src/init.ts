import { hireWorker } from "./lib/hire-worker.js";
import { WORKER_START_MS_MAX } from "./lib/limits.js";
import { makeCore } from "./lib/make-core.js";
import type { CoreModule } from "./lib/wasm.js";
import { askHere, compileCore } from "./worker.js";
import type { Core } from "./types/core.js";
import type { Outcome } from "./types/outcome.js";
import { succeed } from "./types/outcome.js";

let compiled: CoreModule | null = null;
let ready: Promise<Outcome<Core>> | null = null;

/**
 * Compiles the core and starts it, once: in a worker, or in the page where there can be none. Later calls answer with
 * the first one's outcome. After a failure the next call tries again, since a download can fail today and work in a
 * minute; and so it does when the worker has died, with the core compiled before.
 */
export function init(source?: URL | BufferSource): Promise<Outcome<Core>> {
  if (ready !== null) return ready;
  const again = (): void => {
    if (ready === starting) ready = null;
  };
  const starting = boot(again, source).then((core) => {
    if (!core.ok) again();
    return core;
  });
  ready = starting;
  return starting;
}

async function boot(again: () => void, source?: URL | BufferSource): Promise<Outcome<Core>> {
  // Its script loads while the core compiles.
  const worker = hireWorker();
  const module = compiled === null ? await compileCore(source) : succeed(compiled);
  if (!module.ok) {
    worker.end(module.failure.detail);
    return module;
  }
  compiled = module.value;
  const late = setTimeout(() => worker.end("the worker did not start in time"), WORKER_START_MS_MAX);
  const started = await worker.ask({ ask: "start", build: KENAL_BUILD, module: compiled });
  clearTimeout(late);
  if (started.ok) {
    void worker.ended.then(again);
    return succeed(makeCore(worker.ask, null));
  }
  worker.end(started.failure.detail);
  const here = await askHere({ ask: "start", build: KENAL_BUILD, module: compiled });
  return here.ok ? succeed(makeCore(askHere, started.failure.detail)) : here;
}
