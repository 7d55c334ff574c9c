// The core in a worker: a thread of Node runs the built worker, and the package speaks to it as it does in a browser.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { identify, init, openSession, rank, withdraw } from "@kenal/web";
import { readWasm, serve } from "./support/server.mjs";
import { Worker, started } from "./support/worker.mjs";

const BUNDLE = new URL("../../../core/bundle/tests/fixtures/v1/", import.meta.url);
const HOME = { market: "SG", slot: "home", k: 5, mode: "browser" };
const DAY_MS = 86_400_000;
const NOW_S = 1_800_000_000;
const QUESTION = JSON.stringify({ visitor: null, market: "SG", k: 5, slot: "home", item: null, category: null, consent: "unset", gpc: false, now: NOW_S, events: [] });

before(() => {
  globalThis.Worker = Worker;
});

after(() => started.forEach((worker) => worker.terminate()));

const read = (name) => Uint8Array.from(readFileSync(new URL(name, BUNDLE))).buffer;
const key = () => Uint8Array.from(readFileSync(new URL("signer.pub", BUNDLE), "utf8").trim().match(/../g), (pair) => Number.parseInt(pair, 16));

/** Opens the golden bundle and answers with all that the core said; runs here, and in a process without workers. */
async function speak(start) {
  const core = await start();
  const opened = (await core.value.open(read("manifest.kenal"), key(), NOW_S)).value;
  const needs = await opened.needs();
  const damaged = read(`sections/${needs.value[0]}`);
  new Uint8Array(damaged)[40] ^= 1;
  const refused = await opened.addSection(damaged);
  const added = [];
  for (const hash of needs.value) added.push(await opened.addSection(read(`sections/${hash}`)));
  const answer = await opened.recommend(QUESTION, null);
  const shelf = await opened.browse("SG", null, 0, 5);
  const unknown = await opened.browse("XX", null, 0, 5);
  opened.close();
  const closed = await opened.needs();
  return { where: core.value.where, said: { id: opened.id, needs, refused, added, json: answer.value.json, shelf, unknown, closed } };
}

test("in a worker the core says word for word what it says in the page", async () => {
  const worker = await speak(() => init(readWasm()));
  const script = `
    import { readFileSync } from "node:fs";
    import { init } from "@kenal/web";
    const [BUNDLE, NOW_S, QUESTION] = [new URL("${BUNDLE}"), ${NOW_S}, ${JSON.stringify(QUESTION)}];
    const read = ${read}; const key = ${key}; ${speak}
    console.log(JSON.stringify(await speak(() => init(readFileSync("dist/kenal_browser_bg.wasm")))));`;
  const cwd = new URL("..", import.meta.url);
  const page = JSON.parse(execFileSync(process.execPath, ["--input-type=module", "-e", script], { cwd, encoding: "utf8" }));
  assert.deepEqual([worker.where, page.where], ["worker", "page"]);
  assert.deepEqual(worker.said, page.said);
  assert.equal(worker.said.refused.ok, false);
  assert.ok(worker.said.added.every((section) => section.ok));
  assert.ok(JSON.parse(worker.said.json).items.length > 0);
  assert.equal(worker.said.closed.failure.kind, "wasm");
});

test("what is given to the worker is moved, and what the page keeps is copied", async () => {
  const core = await init();
  const [manifest, trustKey, section] = [read("manifest.kenal"), key(), new ArrayBuffer(8)];
  const opened = (await core.value.open(manifest, trustKey, NOW_S)).value;
  await opened.addSection(section);
  assert.deepEqual([manifest.byteLength, section.byteLength, trustKey.byteLength], [0, 0, 32]);
  assert.equal((await core.value.open(manifest, trustKey, NOW_S)).failure.kind, "wasm", "it cannot be given twice");
  opened.close();
});

test("a list for somebody who says no while the worker ranks is not shown", async () => {
  serve();
  const session = openSession({ endpoint: "https://no.example" });
  identify(session, { visitor: "p0000000000000001", consent: "granted" });
  await rank(session, HOME);
  const asked = started.at(-1).calls;
  const before = asked.length;
  const ranked = rank(session, HOME);
  for (let turns = 0; asked.length === before && turns < 1e6; turns += 1) await null;
  assert.equal(asked.at(-1).ask, "recommend");
  await withdraw(session);
  assert.equal((await ranked).failure?.kind, "aborted");
});

test("a bundle that was replaced is closed, once the calls that use it are done", async (t) => {
  serve();
  const session = openSession({ endpoint: "https://closed.example" });
  await rank(session, HOME);
  const asked = started.at(-1).calls;
  const older = asked.findLast((question) => question.ask === "recommend").bundle;
  // A call that waits for what is the visitor's own while another one renews the bundle.
  let arrive;
  serve({ "/v1/visitor-row": () => new Promise((done) => { arrive = () => done(new Response(null, { status: 204 })); }) });
  identify(session, { visitor: "p0000000000000001", consent: "granted" });
  const slow = rank(session, HOME);
  while (arrive === undefined) await new Promise(setImmediate);
  identify(session, { consent: "granted" });
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() + DAY_MS });
  const { browseCatalogue } = await import("@kenal/web");
  const listed = await Promise.all([0, 3].map((offset) => browseCatalogue(session, { market: "SG", offset, count: 3 })));
  assert.ok(listed.every((page) => page.ok));
  const closed = () => asked.filter((question) => question.ask === "close" && question.bundle === older).length;
  assert.equal(closed(), 0, "it is still in use");
  arrive();
  assert.equal((await slow).value.mode, "browser");
  assert.equal(closed(), 1);
  assert.equal(asked.filter((question) => question.ask === "hashBefore").at(-1).before, older, "renewed once, for both who asked");
});

test("when the worker dies open calls fail, and the next one starts another", async () => {
  serve();
  const session = openSession({ endpoint: "https://dies.example" });
  assert.equal((await rank(session, HOME)).value.mode, "browser");
  const core = await init();
  const count = started.length;
  started.at(-1).die();
  const lost = await core.value.open(read("manifest.kenal"), key(), NOW_S);
  assert.deepEqual(lost.failure, { kind: "wasm", detail: "died on request" });
  assert.equal((await core.value.open(read("manifest.kenal"), key(), NOW_S)).failure.detail, "died on request");
  assert.equal((await rank(session, HOME)).value.mode, "browser");
  assert.equal(started.length, count + 1);
  assert.equal((await init()).value.where, "worker");
});

test("a worker whose script is of another build is not used", async () => {
  globalThis.Worker = class extends Worker {
    postMessage(message, transfer) {
      const { question } = message;
      super.postMessage(question.ask === "start" ? { ...message, question: { ...question, build: "older" } } : message, transfer);
    }
  };
  started.at(-1).die();
  let core = await init();
  for (let turn = 0; turn < 500 && core.value.where === "worker"; turn += 1) {
    await new Promise((done) => setTimeout(done, 10));
    core = await init();
  }
  assert.deepEqual([core.value.where, core.value.whyPage], ["page", "the worker is of another build"]);
});
