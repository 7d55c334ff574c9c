// The case list that every host answers alike, in workerd, with KV emulated by miniflare.
//   KENAL_WORKER   folder with kenal_cloudflare.js and kenal_cloudflare_bg.wasm, as kenal-bindgen writes them
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { NOW, SECRET, TROUBLES, YES, cases, headersHold, makeBundle, reason, summary } from "./support/shop.mjs";

const WORKER = process.env.KENAL_WORKER;
const notRun = WORKER !== undefined && existsSync(join(WORKER, "kenal_cloudflare_bg.wasm")) ? false : "not run: KENAL_WORKER has no worker";
const URL_ = "http://shop.test/v1/recommendations";
const SHIM = `import wasm from "./kenal_cloudflare_bg.wasm";
import { initSync, fetch } from "./kenal_cloudflare.js";
initSync({ module: wasm });
export default { fetch };`;

describe("workerd", { skip: notRun, timeout: 600_000 }, () => {
  let bundle;
  let script;
  let host;
  const start = async ({ garbage = () => false, key = bundle.key, time = NOW, empty = false } = {}) => {
    const worker = new Miniflare({
      modules: [
        { type: "ESModule", path: "worker.mjs", contents: script },
        { type: "CompiledWasm", path: "kenal_cloudflare_bg.wasm", contents: readFileSync(join(WORKER, "kenal_cloudflare_bg.wasm")) },
      ],
      compatibilityDate: "2026-04-01",
      kvNamespaces: ["KENAL_KV"],
      bindings: { KENAL_TRUST_KEY: key, KENAL_CALLER_SECRET: SECRET, KENAL_FIXED_TIME: String(time) },
    });
    const kv = await worker.getKVNamespace("KENAL_KV");
    for (const name of empty ? [] : bundle.names) {
      await kv.put(name, garbage(name) ? new Uint8Array(100) : new Uint8Array(readFileSync(join(bundle.folder, name))));
    }
    return worker;
  };
  const post = (worker, body, headers = {}) => worker.dispatchFetch(URL_, { method: "POST", body, headers });
  const get = (worker, query, headers = {}) => worker.dispatchFetch(`${URL_}?${query}`, { headers });

  before(async () => {
    bundle = makeBundle();
    const built = await build({ stdin: { contents: SHIM, resolveDir: WORKER }, bundle: true, format: "esm", external: ["*.wasm", "cloudflare:*"], write: false });
    script = built.outputFiles[0].text;
    host = await start();
  });
  after(async () => {
    await host?.dispose();
    bundle?.remove();
  });

  for (const { name, request, expected } of cases) {
    test(`case: ${name}`, async () => {
      const response = await post(host, JSON.stringify(request), { authorization: `Bearer ${SECRET}` });
      assert.deepEqual(summary(await response.text()), expected);
      headersHold(response);
    });
  }

  test("the cookies say who it is, and only together", async () => {
    assert.equal(await reason(await get(host, "market=SG", YES)), null);
    assert.equal(await reason(await get(host, "market=SG&visitor=visitor-shirts&consent=granted")), "no_visitor");
    assert.equal(await reason(await get(host, "market=SG", { cookie: "kenal_visitor=visitor-shirts" })), "no_visitor");
    assert.equal(await reason(await get(host, "market=SG", { ...YES, "sec-gpc": "1" })), "gpc");
    assert.equal(await reason(await get(host, "market=SG&consent=denied", YES)), "consent_denied");
  });

  test("a body is bounded, and no caller is believed without the secret", async () => {
    assert.equal((await post(host, "x".repeat(70_000))).status, 413);
    assert.equal((await post(host, "{")).status, 400);
    const named = JSON.stringify(cases.find(({ request }) => request.visitor === "visitor-shirts").request);
    assert.equal(await reason(await post(host, named, { authorization: "Bearer wrong" })), "no_visitor");
  });

  for (const [name, options, wanted] of TROUBLES) {
    test(`${name} gives an answer that says ${wanted}`, async () => {
      const worker = await start(options);
      try {
        assert.equal(await reason(await get(worker, "market=SG", YES)), wanted);
      } finally {
        await worker.dispose();
      }
    });
  }
});
