// For how long loading a bundle and ranking hold a page up, with the core in a worker and in the page: the longest time
// between two turns of an otherwise idle event loop, in Chromium. A measurement, not a test.
//
//   node longest-turn.mjs BUNDLE [MARKET]   a bundle's folder, as `kenal serve --bundle` takes it
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openBrowser } from "./support/chromium.mjs";

const [bundle, market = "SG"] = process.argv.slice(2);
const DIST = fileURLToPath(new URL("../../web/sdk/dist/", import.meta.url));
const RUNS = 11;
const TYPES = { js: "text/javascript", wasm: "application/wasm", html: "text/html" };
const FILES = { "/v1/bundle/manifest": "manifest.kenal", "/v1/bundle/signer": "signer.pub" };

const server = createServer(({ url }, response) => {
  if (url === "/") return response.writeHead(200, { "content-type": TYPES.html }).end("<!doctype html><title>turns</title>");
  const section = url.match(/^\/v1\/bundle\/sections\/([0-9a-f]{64})$/)?.[1];
  const path = url in FILES ? join(bundle, FILES[url]) : section === undefined ? join(DIST, url) : join(bundle, "sections", section);
  try {
    const bytes = readFileSync(path);
    return response.writeHead(200, { "content-type": TYPES[path.split(".").pop()] ?? "application/octet-stream" }).end(bytes);
  } catch {
    return response.writeHead(404).end();
  }
});

/** Runs in the page. */
async function turn({ where, market }) {
  if (where === "page") delete globalThis.Worker;
  const { init, openSession, rank } = await import("/index.js");
  const { port1, port2 } = new MessageChannel();
  let [last, longest] = [performance.now(), 0];
  port1.onmessage = () => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
    port2.postMessage(null);
  };
  port2.postMessage(null);
  const session = openSession();
  const ranked = await rank(session, { market, slot: "home", k: 12, mode: "browser" });
  port1.close();
  const core = await init();
  if (!ranked.ok || ranked.value.mode !== "browser" || core.value.where !== where) throw new Error(JSON.stringify([ranked, core]));
  return longest;
}

await new Promise((done) => server.listen(0, "127.0.0.1", done));
const browser = await openBrowser();
try {
  for (const where of ["worker", "page"]) {
    const longest = [];
    for (let run = 0; run < RUNS; run += 1) {
      const page = await browser.context.newPage();
      await page.goto(`http://127.0.0.1:${server.address().port}/`);
      longest.push(await page.evaluate(turn, { where, market }));
      await page.close();
    }
    longest.sort((a, b) => a - b);
    const [median, most] = [longest[RUNS >> 1], longest.at(-1)].map((ms) => ms.toFixed(1));
    process.stdout.write(`in the ${where}: longest turn, median ${median} ms, most ${most} ms of ${RUNS} runs\n`);
  }
} finally {
  await browser.close();
  server.close();
}
