// The case list that every host answers alike, in workerd, with KV emulated by miniflare.
//   KENAL_WORKER   folder with kenal_cloudflare.js and kenal_cloudflare_bg.wasm, as kenal-bindgen writes them
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { Miniflare } from "miniflare";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { cases } = JSON.parse(readFileSync(here("../cases/recommend.json"), "utf8"));
const WORKER = process.env.KENAL_WORKER;
const notRun = WORKER !== undefined && existsSync(join(WORKER, "kenal_cloudflare_bg.wasm")) ? false : "not run: KENAL_WORKER has no worker";
const SECRET = "a secret for tests, of no other use";
const URL_ = "http://shop.test/v1/recommendations";
const SHIM = `import wasm from "./kenal_cloudflare_bg.wasm";
import { initSync, fetch } from "./kenal_cloudflare.js";
initSync({ module: wasm });
export default { fetch };`;

/** Score texts as the module wrote them: JSON.parse alone would lose how a number was spelt. */
function summary(text) {
  const spelt = [...text.matchAll(/"score":([^,}]+)/g)].map((match) => match[1]);
  const { items, fallback_reason } = JSON.parse(text);
  return { fallback_reason, items: items.map(({ id, reason }, at) => `${id} ${spelt[at]} ${reason.kind} ${reason.item ?? "-"}`) };
}

describe("workerd", { skip: notRun, timeout: 600_000 }, () => {
  let bundle;
  let script;
  let host;
  const start = async ({ without, garbage = [], key, time = cases[0].request.now, empty = false } = {}) => {
    const worker = new Miniflare({
      modules: [
        { type: "ESModule", path: "worker.mjs", contents: script },
        { type: "CompiledWasm", path: "kenal_cloudflare_bg.wasm", contents: readFileSync(join(WORKER, "kenal_cloudflare_bg.wasm")) },
      ],
      compatibilityDate: "2026-04-01",
      kvNamespaces: ["KENAL_KV"],
      bindings: { KENAL_TRUST_KEY: key ?? readFileSync(join(bundle, "signer.pub"), "utf8"), KENAL_CALLER_SECRET: SECRET, KENAL_FIXED_TIME: String(time) },
    });
    const kv = await worker.getKVNamespace("KENAL_KV");
    const names = ["manifest.kenal", ...readdirSync(join(bundle, "sections")).map((name) => `sections/${name}`)];
    for (const name of empty ? [] : names.filter((name) => name !== without)) {
      await kv.put(name, garbage.includes(name) ? new Uint8Array(100) : new Uint8Array(readFileSync(join(bundle, name))));
    }
    return worker;
  };
  const post = (worker, body, headers = {}) => worker.dispatchFetch(URL_, { method: "POST", body, headers });
  const get = (worker, query, headers = {}) => worker.dispatchFetch(`${URL_}?${query}`, { headers });

  before(async () => {
    bundle = mkdtempSync(join(tmpdir(), "kenal-workerd-"));
    execFileSync("cargo", ["run", "--locked", "--quiet", "-p", "kenal-edge", "--example", "shop", "--", bundle], { cwd: here("../../"), stdio: "inherit" });
    const built = await build({ stdin: { contents: SHIM, resolveDir: WORKER }, bundle: true, format: "esm", external: ["*.wasm", "cloudflare:*"], write: false });
    script = built.outputFiles[0].text;
    host = await start();
  });
  after(async () => {
    await host?.dispose();
    rmSync(bundle, { recursive: true, force: true });
  });

  for (const { name, request, expected } of cases) {
    test(`case: ${name}`, async () => {
      const response = await post(host, JSON.stringify(request), { authorization: `Bearer ${SECRET}` });
      assert.deepEqual(summary(await response.text()), expected);
      assert.equal(response.headers.get("cache-control"), "private, no-store");
      assert.match(response.headers.get("server-timing"), /total;dur=\d/);
      assert.equal(response.headers.get("set-cookie"), null);
    });
  }

  const reason = async (response) => {
    assert.equal(response.status, 200);
    return (await response.json()).fallback_reason;
  };
  const yes = { cookie: "kenal_visitor=visitor-shirts; kenal_consent=granted" };

  test("the cookies say who it is, and only together", async () => {
    assert.equal(await reason(await get(host, "market=SG", yes)), null);
    assert.equal(await reason(await get(host, "market=SG&visitor=visitor-shirts&consent=granted")), "no_visitor");
    assert.equal(await reason(await get(host, "market=SG", { cookie: "kenal_visitor=visitor-shirts" })), "no_visitor");
    assert.equal(await reason(await get(host, "market=SG", { ...yes, "sec-gpc": "1" })), "gpc");
    assert.equal(await reason(await get(host, "market=SG&consent=denied", yes)), "consent_denied");
  });

  test("a body is bounded, and no caller is believed without the secret", async () => {
    assert.equal((await post(host, "x".repeat(70_000))).status, 413);
    assert.equal((await post(host, "{")).status, 400);
    const named = JSON.stringify(cases.find(({ request }) => request.visitor === "visitor-shirts").request);
    assert.equal(await reason(await post(host, named, { authorization: "Bearer wrong" })), "no_visitor");
  });

  for (const [name, options, wanted] of [
    ["an empty store", { empty: true }, "section_missing"],
    ["a manifest of garbage", { garbage: ["manifest.kenal"] }, "section_missing"],
    ["an unknown key", { key: "ab".repeat(32) }, "section_missing"],
    ["a clock that is a month ahead", { time: 1_767_312_000 + 31 * 86_400 }, "bundle_expired"],
  ]) {
    test(`${name} gives an answer that says ${wanted}`, async () => {
      const worker = await start(options);
      try {
        assert.equal(await reason(await get(worker, "market=SG", yes)), wanted);
      } finally {
        await worker.dispose();
      }
    });
  }
});
