// The case list that every host answers alike, in workerd, with KV emulated by miniflare.
//   KENAL_WORKER   folder with kenal_cloudflare.js and kenal_cloudflare_bg.wasm, as kenal-bindgen writes them
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe } from "node:test";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { testHost } from "./support/host-tests.mjs";
import { SECRET } from "./support/shop.mjs";

const WORKER = process.env.KENAL_WORKER;
const MODULE = "kenal_cloudflare_bg.wasm";
const notRun = WORKER !== undefined && existsSync(join(WORKER, MODULE)) ? false : "not run: KENAL_WORKER has no worker";
const SHIM = readFileSync(new URL("../../edge/cloudflare/worker.mjs", import.meta.url), "utf8");

describe("workerd", { skip: notRun, timeout: 600_000 }, () => {
  let script;

  testHost(async (bundle, { garbage, key, time, empty, origin }) => {
    script ??= await build({ stdin: { contents: SHIM, resolveDir: WORKER }, bundle: true, format: "esm", external: ["*.wasm", "cloudflare:*"], write: false });
    const worker = new Miniflare({
      modules: [
        { type: "ESModule", path: "worker.mjs", contents: script.outputFiles[0].text },
        { type: "CompiledWasm", path: MODULE, contents: readFileSync(join(WORKER, MODULE)) },
      ],
      compatibilityDate: "2026-04-01",
      kvNamespaces: ["KENAL_KV"],
      bindings: { KENAL_TRUST_KEY: key, KENAL_CALLER_SECRET: SECRET, KENAL_FIXED_TIME: String(time), KENAL_ORIGIN: origin },
    });
    const kv = await worker.getKVNamespace("KENAL_KV");
    for (const name of empty ? [] : bundle.names) {
      await kv.put(name, garbage(name) ? new Uint8Array(100) : new Uint8Array(readFileSync(join(bundle.folder, name))));
    }
    return {
      undoesGzip: true,
      fetch: (path, init) => worker.dispatchFetch(`http://shop.test${path}`, init),
      stop: () => worker.dispose(),
    };
  });
});
