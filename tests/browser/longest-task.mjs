// For how long loading a bundle and ranking hold a page up, with the core in a worker and in the page: the longest task
// of the page's main thread by Chromium's own trace, in CPU time, which is what it takes where nothing else runs. And how
// long `init` takes when everything is in the browser's cache. A measurement, not a test.
//
//   node longest-task.mjs BUNDLE [MARKET]   a bundle's folder, as `kenal serve --bundle` takes it
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openBrowser } from "./support/chromium.mjs";

const [bundle, market = "SG"] = process.argv.slice(2);
const DIST = fileURLToPath(new URL("../../web/sdk/dist/", import.meta.url));
const RUNS = 11;
const CACHED = { "cache-control": "max-age=3600" };
const TYPES = { js: "text/javascript", wasm: "application/wasm", html: "text/html" };
const FILES = { "/v1/bundle/manifest": "manifest.kenal", "/v1/bundle/signer": "signer.pub" };

const server = createServer(({ url }, response) => {
  if (url === "/") return response.writeHead(200, { "content-type": TYPES.html }).end("<!doctype html><title>tasks</title>");
  const section = url.match(/^\/v1\/bundle\/sections\/([0-9a-f]{64})$/)?.[1];
  const path = url in FILES ? join(bundle, FILES[url]) : section === undefined ? join(DIST, url) : join(bundle, "sections", section);
  try {
    const bytes = readFileSync(path);
    return response.writeHead(200, { "content-type": TYPES[path.split(".").pop()] ?? "application/octet-stream", ...CACHED }).end(bytes);
  } catch {
    return response.writeHead(404).end();
  }
});

/** Runs in the page. */
async function load({ where, market }) {
  if (where === "page") delete globalThis.Worker;
  performance.mark("kenal-begins");
  const { init, openSession, rank } = await import("/index.js");
  const ranked = await rank(openSession(), { market, slot: "home", k: 12, mode: "browser" });
  performance.mark("kenal-ends");
  const core = await init();
  if (!ranked.ok || ranked.value.mode !== "browser" || core.value.where !== where) throw new Error(JSON.stringify([ranked, core]));
}

/** Runs in the page: milliseconds until the core has started. */
async function start() {
  const { init } = await import("/index.js");
  const began = performance.now();
  await init();
  return performance.now() - began;
}

/** Median and most of what `measure` finds in new pages. */
async function inPages(measure) {
  const found = [];
  for (let run = 0; run < RUNS; run += 1) {
    const page = await browser.context.newPage();
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    found.push(await measure(page));
    await page.close();
  }
  found.sort((a, b) => a - b);
  return `median ${found[RUNS >> 1].toFixed(1)} ms, most ${found.at(-1).toFixed(1)} ms of ${RUNS} runs`;
}

/** The events of a trace while `act` runs. */
async function traced(page, act) {
  const client = await page.context().newCDPSession(page);
  const events = [];
  client.on("Tracing.dataCollected", ({ value }) => events.push(...value));
  const complete = new Promise((done) => client.once("Tracing.tracingComplete", done));
  await client.send("Tracing.start", { traceConfig: { includedCategories: ["toplevel", "blink.user_timing", "__metadata"] } });
  await act();
  await client.send("Tracing.end");
  await complete;
  await client.detach();
  return events;
}

/** CPU milliseconds of the longest task of the thread that made the marks, between them. */
function longestTask(events) {
  const [begins, ends] = ["kenal-begins", "kenal-ends"].map((name) => events.find((event) => event.name === name));
  const own = ({ pid, tid, ph, tdur, ts }) => pid === begins.pid && tid === begins.tid && ph === "X" && tdur !== undefined && ts >= begins.ts && ts <= ends.ts;
  return Math.max(...events.filter(own).map(({ tdur }) => tdur)) / 1_000;
}

await new Promise((done) => server.listen(0, "127.0.0.1", done));
const browser = await openBrowser();
try {
  for (const where of ["worker", "page"]) {
    const task = async (page) => longestTask(await traced(page, () => page.evaluate(load, { where, market })));
    process.stdout.write(`in the ${where}: longest task, ${await inPages(task)}\n`);
  }
  process.stdout.write(`init from the cache: ${await inPages((page) => page.evaluate(start))}\n`);
} finally {
  await browser.close();
  server.close();
}
