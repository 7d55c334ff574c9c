// A bundle that has grown old is fetched again for what changed in it.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { before, test } from "node:test";
import { identify, init, openSession, rank } from "@kenal/web";
import { readWasm, serve } from "./support/server.mjs";

const HOME = { market: "SG", slot: "home", k: 5, mode: "browser" };
const NEWER = new URL("../../../core/bundle/tests/fixtures/v2/", import.meta.url);
const DAY_MS = 86_400_000;

before(async () => {
  const core = await init(readWasm());
  assert.equal(core.ok, true);
});

/** Ranks now and a day later, when `routes` answer; the paths asked for the second time. */
async function renew(t, endpoint, routes) {
  serve();
  const session = openSession({ endpoint });
  const first = await rank(session, HOME);
  assert.equal(first.ok && first.value.mode, "browser");
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() + DAY_MS });
  const calls = serve(routes);
  const second = await rank(session, HOME);
  assert.equal(second.ok && second.value.mode, "browser");
  return calls.map((call) => call.path).filter((path) => path.startsWith("/v1/bundle/"));
}

test("what has not changed is not fetched again", async (t) => {
  const asked = await renew(t, "https://same.example", {});
  assert.deepEqual(asked.filter((path) => path.includes("sections") || path.includes("deltas")), []);
});

/** A delta that brings all of the new section: the format's simplest. */
function delta(oldHash, section) {
  const length = [];
  for (let n = section.length; ; n >>>= 7) {
    length.push(n < 0x80 ? n : (n & 0x7f) | 0x80);
    if (n < 0x80) break;
  }
  const head = Buffer.alloc(16);
  head.write("KENALDEL", 0);
  head.writeUInt16LE(1, 8);
  head.writeUInt32LE(section.length, 12);
  return Buffer.concat([head, Buffer.from(oldHash, "hex"), Buffer.from([0, 0, 0, ...length]), section]);
}

/** Routes of the newer bundle; `deltas` answers for those that are asked for. */
function newer(deltas) {
  const routes = { "/v1/bundle/manifest": () => new Response(readFileSync(new URL("manifest.kenal", NEWER))) };
  for (const hash of readdirSync(new URL("sections/", NEWER))) {
    routes[`/v1/bundle/sections/${hash}`] = () => new Response(readFileSync(new URL(`sections/${hash}`, NEWER)));
  }
  return new Proxy(routes, {
    get: (known, path) => {
      const [, hash, old] = String(path).match(/^\/v1\/bundle\/deltas\/([0-9a-f]{64})\/([0-9a-f]{64})$/) ?? [];
      return hash === undefined ? known[path] : () => deltas(hash, old);
    },
  });
}

test("what has changed comes as deltas", async (t) => {
  const section = (hash) => readFileSync(new URL(`sections/${hash}`, NEWER));
  const asked = await renew(t, "https://deltas.example", newer((hash, old) => new Response(delta(old, section(hash)))));
  assert.ok(asked.some((path) => path.includes("/deltas/")));
  // The blend is new: there is nothing that a delta could change.
  assert.equal(asked.filter((path) => path.includes("/sections/")).length, 1);
});

test("without deltas, or with wrong ones, sections come whole", async (t) => {
  const none = await renew(t, "https://none.example", newer(() => new Response("{}", { status: 404 })));
  t.mock.timers.reset();
  const wrong = await renew(t, "https://wrong.example", newer((_, old) => new Response(delta(old, Buffer.from("?")))));
  for (const asked of [none, wrong]) {
    const deltas = asked.filter((path) => path.includes("/deltas/")).length;
    assert.equal(asked.filter((path) => path.includes("/sections/")).length, deltas + 1);
  }
});

test("a visitor's row is asked for again, for the bundle that is held", async (t) => {
  const asked = serve();
  const session = openSession({ endpoint: "https://row.example" });
  identify(session, { visitor: "p0000000000000001", consent: "granted" });
  await rank(session, HOME);
  await rank(session, HOME);
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() + DAY_MS });
  const later = serve(newer(() => new Response("{}", { status: 404 })));
  await rank(session, HOME);
  const bundles = (calls) =>
    calls.filter((call) => call.path === "/v1/visitor-row").map((call) => new URL(call.url).searchParams.get("bundle"));
  const [before, after] = [bundles(asked), bundles(later)];
  assert.deepEqual([before.length, after.length], [1, 1], "once for each bundle");
  assert.match(before[0], /^[0-9a-f]{16}$/);
  assert.match(after[0], /^[0-9a-f]{16}$/);
  assert.notEqual(before[0], after[0]);
});
