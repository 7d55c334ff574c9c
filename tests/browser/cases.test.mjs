// The case list that every host answers alike, in Chromium: the module that is published, without a page around it.
//
//   KENAL_CASES_BUNDLE  folder with the test shop: cargo run -p kenal-edge --example shop -- FOLDER
//   KENAL_CASES_ROWS    its rows: cargo run -p kenal-browser --example rows -- FOLDER 1767312000 VISITOR… > FILE
//   KENAL_EXPECTED      another file of the list's shape to compare with; the list itself when it is not set
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { notFound, openBrowser } from "./support/chromium.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const LIST = here("../cases/recommend.json");
const MODULE = here("../../web/sdk/wasm/");
const { KENAL_CASES_BUNDLE: BUNDLE, KENAL_CASES_ROWS: ROWS } = process.env;
const skip = BUNDLE === undefined || ROWS === undefined ? "not run: KENAL_CASES_BUNDLE or KENAL_CASES_ROWS is not set" : notFound;

const read = (path) => JSON.parse(readFileSync(path, "utf8"));
const { cases } = read(process.env.KENAL_EXPECTED ?? LIST);

/** Serves the module and the bundle's files, as a static host would. */
function serveFiles() {
  const types = { js: "text/javascript", wasm: "application/wasm" };
  const server = createServer((request, response) => {
    const path = new URL(request.url, "http://localhost").pathname;
    const file = path.startsWith("/bundle/") ? join(BUNDLE, path.slice("/bundle/".length)) : join(MODULE, path);
    if (path === "/") return response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>cases</title>");
    try {
      const bytes = readFileSync(file);
      return response.writeHead(200, { "content-type": types[path.split(".").pop()] ?? "application/octet-stream" }).end(bytes);
    } catch {
      return response.writeHead(404).end();
    }
  });
  return new Promise((done) => server.listen(0, "127.0.0.1", () => done(server)));
}

/** Runs in the page: opens the bundle and answers the cases with the texts of the core. */
async function answerAll({ requests, rows, now }) {
  const bytes = async (path) => new Uint8Array(await (await fetch(path)).arrayBuffer());
  const unhex = (text) => Uint8Array.from(text.trim().match(/../g), (pair) => Number.parseInt(pair, 16));
  const { default: start, Edge } = await import("/kenal_browser.js");
  await start({ module_or_path: await WebAssembly.compileStreaming(fetch("/kenal_browser_bg.wasm")) });
  const key = unhex(new TextDecoder().decode(await bytes("/bundle/signer.pub")));
  const edge = new Edge(await bytes("/bundle/manifest.kenal"), key, now);
  for (const hash of edge.needs()) edge.addSection(await bytes(`/bundle/sections/${hash}`));
  return requests.map(({ text, visitor }) => edge.recommend(text, visitor === null ? undefined : unhex(rows[visitor])));
}

/** Score texts as the module wrote them: JSON.parse alone would lose how a number was spelt. */
function summary(text) {
  const spelt = [...text.matchAll(/"score":([^,}]+)/g)].map((match) => match[1]);
  const { items, fallback_reason } = JSON.parse(text);
  return { fallback_reason, items: items.map(({ id, reason }, at) => `${id} ${spelt[at]} ${reason.kind} ${reason.item ?? "-"}`) };
}

describe("the case list in Chromium", { skip, timeout: 300_000 }, () => {
  let answers = [];
  before(async () => {
    const rows = read(ROWS);
    const server = await serveFiles();
    const browser = await openBrowser();
    try {
      const page = await browser.context.newPage();
      await page.goto(`http://127.0.0.1:${server.address().port}/`);
      const requests = cases.map(({ request, row }) => ({
        text: JSON.stringify(request),
        visitor: row && request.visitor !== null && request.visitor in rows ? request.visitor : null,
      }));
      answers = await page.evaluate(answerAll, { requests, rows, now: cases[0].request.now });
    } finally {
      await browser.close();
      server.close();
    }
  });

  test("there are cases, and files of the bundle", () => {
    assert.ok(cases.length > 0);
    assert.ok(readdirSync(join(BUNDLE, "sections")).length > 3);
  });

  cases.forEach(({ name, expected }, at) => {
    test(name, () => assert.deepEqual(summary(answers[at]), { fallback_reason: expected.fallback_reason, items: expected.items }));
  });
});
