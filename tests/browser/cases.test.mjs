// The case list that every host answers alike, in Chromium: the module that is published, without a page around it.
//
// The bundle of the list and its visitors' rows are written by two examples of the workspace, which cargo runs first.
//   KENAL_EXPECTED   another file of the list's shape to compare with; the list itself when it is not set
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { notFound, openBrowser } from "./support/chromium.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const LIST = here("../cases/recommend.json");
const MODULE = here("../../web/sdk/wasm/");
const { cases } = JSON.parse(readFileSync(process.env.KENAL_EXPECTED ?? LIST, "utf8"));

/** Runs an example of the workspace; what it prints is the answer. */
const example = (crate, name, ...args) =>
  execFileSync("cargo", ["run", "--locked", "--quiet", "-p", crate, "--example", name, "--", ...args], {
    cwd: here("../../"),
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });

/** Serves the module and the bundle's files, as a static host would. */
function serveFiles(bundle) {
  const types = { js: "text/javascript", wasm: "application/wasm" };
  const server = createServer((request, response) => {
    const path = new URL(request.url, "http://localhost").pathname;
    const file = path.startsWith("/bundle/") ? join(bundle, path.slice("/bundle/".length)) : join(MODULE, path);
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
async function answerAll({ module, requests, rows, now }) {
  const bytes = async (path) => new Uint8Array(await (await fetch(path)).arrayBuffer());
  const unhex = (text) => Uint8Array.from(text.trim().match(/../g), (pair) => Number.parseInt(pair, 16));
  const { default: start, Edge } = await import("/kenal_browser.js");
  await start({ module_or_path: await WebAssembly.compileStreaming(fetch(`/${module}`)) });
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

/** A browser chooses one of them; here both must answer alike. */
const MODULES = ["kenal_browser_bg.wasm", "kenal_browser_scalar_bg.wasm"];

describe("the case list in Chromium", { skip: notFound, timeout: 1_800_000 }, () => {
  const answers = {};
  let files = 0;
  before(async () => {
    const bundle = mkdtempSync(join(tmpdir(), "kenal-cases-"));
    const { now } = cases[0].request;
    const visitors = [...new Set(cases.map(({ request }) => request.visitor).filter((visitor) => visitor !== null))];
    example("kenal-edge", "shop", bundle);
    const rows = JSON.parse(example("kenal-browser", "rows", bundle, String(now), ...visitors));
    files = readdirSync(join(bundle, "sections")).length;
    const server = await serveFiles(bundle);
    const browser = await openBrowser();
    try {
      const requests = cases.map(({ request, row }) => ({
        text: JSON.stringify(request),
        visitor: row && request.visitor !== null && request.visitor in rows ? request.visitor : null,
      }));
      for (const module of MODULES) {
        const page = await browser.context.newPage();
        await page.goto(`http://127.0.0.1:${server.address().port}/`);
        answers[module] = await page.evaluate(answerAll, { module, requests, rows, now });
      }
    } finally {
      await browser.close();
      server.close();
      rmSync(bundle, { recursive: true, force: true });
    }
  });

  test("there are cases, and each has been answered from a bundle with sections", () => {
    assert.ok(cases.length > 0 && files > 3);
    for (const module of MODULES) assert.equal(answers[module].length, cases.length, module);
  });

  cases.forEach(({ name, expected }, at) => {
    for (const [module, kind] of [[MODULES[0], "SIMD"], [MODULES[1], "scalar"]]) {
      test(`${kind}: ${name}`, () =>
        assert.deepEqual(summary(answers[module][at]), { fallback_reason: expected.fallback_reason, items: expected.items }));
    }
  });
});
