// The worker in workerd, with KV emulated by miniflare.
//   KENAL_WORKER   folder with kenal_cloudflare.js and kenal_cloudflare_bg.wasm, as kenal-bindgen writes them
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { Miniflare, Response } from "miniflare";

const WORKER = process.env.KENAL_WORKER;
const MODULE = "kenal_cloudflare_bg.wasm";
const SHIM = new URL("../../../edge/cloudflare/worker.mjs", import.meta.url);
let script;

export const workerIsThere = WORKER !== undefined && existsSync(join(WORKER, MODULE));

/** Starts it with a bundle; `script` takes the place of the worker, and the store has the names that `keeps` says. */
export async function startCloudflare(bundle, { garbage, key, time, empty, origin, secret, script: other, keeps = () => true }) {
  script ??= await build({ stdin: { contents: readFileSync(SHIM, "utf8"), resolveDir: WORKER }, bundle: true, format: "esm", external: ["*.wasm", "cloudflare:*"], write: false });
  const worker = new Miniflare({
    modules: [
      { type: "ESModule", path: "worker.mjs", contents: other ?? script.outputFiles[0].text },
      { type: "CompiledWasm", path: MODULE, contents: readFileSync(join(WORKER, MODULE)) },
    ],
    compatibilityDate: "2026-04-01",
    kvNamespaces: ["KENAL_KV"],
    bindings: { KENAL_TRUST_KEY: key, KENAL_CALLER_SECRET: secret, KENAL_FIXED_TIME: String(time), KENAL_ORIGIN: origin },
  });
  const kv = await worker.getKVNamespace("KENAL_KV");
  for (const name of empty ? [] : bundle.names.filter(keeps)) {
    await kv.put(name, garbage(name) ? new Uint8Array(100) : new Uint8Array(readFileSync(join(bundle.folder, name))));
  }
  return {
    url: (await worker.ready).origin,
    undoesGzip: true,
    fetch: (path, init) => worker.dispatchFetch(`http://shop.test${path}`, init),
    /** The data centre's cache, emulated. */
    cache: async () => (await worker.getCaches()).default,
    Response,
    stop: () => worker.dispose(),
  };
}
