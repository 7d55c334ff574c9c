// The core in this process, on the golden bundle: the same bits as every other host, and a failure that stays useful.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";
import { browseCatalogue, identify, init, openSession, rank, scoreBits } from "@kenal/web";
import { answer, readWasm, serve, trending } from "./support/server.mjs";

const HOME = { market: "SG", slot: "home", k: 5, mode: "browser" };
let shops = 0;
const open = (options = {}) => openSession({ endpoint: `https://wasm-${(shops += 1)}.example`, ...options });
const bits = ({ items }) => items.map((item) => `${item.id}:${scoreBits(item.score)}`).join(" ");
/** The list that the fixture's writer recorded for a visitor it knows nothing of, by market. */
const recorded = readFileSync(new URL("../../../core/bundle/tests/fixtures/v1/answers.txt", import.meta.url), "utf8").trim().split("\n");
const recordedFor = (visitor) => recorded.find((line) => line.startsWith(`${visitor} `)).split(" ").slice(2).join(" ");

before(async () => {
  serve();
  const core = await init(readWasm());
  assert.equal(core.ok, true, core.ok ? "" : core.failure.detail);
});

test("init is idempotent", async () => {
  assert.equal(init(), init());
});

test("trending has the bits that the fixture recorded, in both markets", async () => {
  const calls = serve();
  const session = open();
  const singapore = await rank(session, { ...HOME, market: "SG" });
  const malaysia = await rank(session, { ...HOME, market: "MY" });
  assert.equal(singapore.ok && singapore.value.mode, "browser");
  assert.equal(bits(singapore.value.ranking), recordedFor("p0000000000000003"));
  assert.equal(bits(malaysia.value.ranking), recordedFor("nobody-we-know"));
  assert.equal(singapore.value.ranking.bundle.version, 41);
  assert.equal(calls.filter((call) => call.path === "/v1/bundle/manifest").length, 1, "the bundle is fetched once");
  assert.deepEqual(calls.filter((call) => /recommendations|events|visitor-row/.test(call.path)), []);
});

test("a row that may not be given out any more is a withdrawal", async () => {
  serve({ "/v1/visitor-row": () => new Response("{}", { status: 403 }) });
  const session = open();
  identify(session, { visitor: "p0000000000000001", consent: "granted" });
  const ranked = await rank(session, HOME);
  assert.equal(ranked.value.ranking.personalised, false);
  assert.ok(["revoked", "bundle_expired"].includes(ranked.value.ranking.fallbackReason));
});

test("the catalogue comes in pages and categories", async () => {
  serve();
  const session = open();
  const all = (await browseCatalogue(session, { market: "SG", offset: 0, count: 200 })).value;
  assert.equal(all.items.length, all.total);
  assert.equal(new Set(all.items.map((item) => item.id)).size, all.total, "no item twice");
  const paged = [];
  for (let offset = 0; offset < all.total; offset += 3) {
    paged.push(...(await browseCatalogue(session, { market: "SG", offset, count: 3 })).value.items);
  }
  assert.deepEqual(paged, all.items);
  assert.equal(all.categories.reduce((sum, category) => sum + category.count, 0), all.total);
  for (const { name, count } of all.categories) {
    const of = (await browseCatalogue(session, { market: "SG", category: name, offset: 0, count: 200 })).value;
    assert.equal(of.total, count);
    assert.ok(of.items.every((item) => item.category === name && item.price.currency === "SGD"));
  }
  const beyond = (await browseCatalogue(session, { market: "SG", offset: 10_000, count: 3 })).value;
  assert.deepEqual(beyond.items, []);
  assert.equal((await browseCatalogue(session, { market: "XX", offset: 0, count: 3 })).failure.kind, "wasm");
});

test("a bundle with one byte changed is refused, and the edge answers instead", async () => {
  const calls = serve({
    "/v1/bundle/manifest": () => {
      const manifest = readFileSync(new URL("../../../core/bundle/tests/fixtures/v1/manifest.kenal", import.meta.url));
      manifest[100] ^= 1;
      return new Response(manifest);
    },
    "/v1/recommendations": () => answer(trending, { "server-timing": "core;dur=0.25, total;dur=3" }),
  });
  const ranked = await rank(open(), HOME);
  assert.equal(ranked.value.mode, "edge");
  assert.equal(ranked.value.coreMs, 0.25);
  assert.equal(calls.some((call) => call.path.includes("/sections/")), false, "nothing is fetched on an untrusted word");
});

test("another signer's bundle is refused", async () => {
  serve();
  // A point of the curve that is not the fixture's key: the base point.
  const stranger = Uint8Array.from([0x58, ...Array(31).fill(0x66)]);
  const listed = await browseCatalogue(open({ trustKey: stranger }), { market: "SG", offset: 0, count: 3 });
  assert.equal(listed.ok, false);
  assert.match(listed.failure.detail, /key/);
});

test("without network the bundle at hand ranks, and without either there is a failure", async () => {
  serve();
  const session = open();
  await rank(session, HOME);
  serve({ "/v1/recommendations": () => Promise.reject(new TypeError("offline")) });
  const ranked = await rank(session, { ...HOME, mode: "edge" });
  assert.equal(ranked.value.mode, "browser");
  const nothing = await rank(open(), { ...HOME, mode: "edge" });
  assert.deepEqual(nothing.failure, { kind: "network", detail: "offline" });
});

for (const [what, body] of [
  ["no JSON", "<html>"],
  ["a list", "[]"],
  ["an item without a score", JSON.stringify({ ...trending, items: [{ ...trending.items[0], score: null }] })],
  ["an unknown reason", JSON.stringify({ ...trending, items: [{ ...trending.items[0], reason: { kind: "because", item: null, title: null } }] })],
  ["personalised as a word", JSON.stringify({ ...trending, personalised: "yes" })],
]) {
  test(`an answer that is ${what} is malformed, not shown`, async () => {
    serve({ "/v1/recommendations": () => new Response(body) });
    const ranked = await rank(open(), { ...HOME, mode: "edge" });
    assert.equal(ranked.ok, false);
    assert.equal(ranked.failure.kind, "malformed");
  });
}
