// A shop's own bundler makes of `@kenal/web` what `dist/` is without one: the core starts in a worker, under the policy that
// shops must be able to have. Vite builds the shop page of the other tests.
import assert from "node:assert/strict";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import webpack from "webpack";
import { notFound, openBrowser } from "./support/chromium.mjs";

const WEB = fileURLToPath(new URL("../../web/", import.meta.url));
const DIST = join(WEB, "sdk/dist");
const notBuilt = existsSync(join(DIST, "index.js")) ? false : "not run: web/sdk/dist is not built";
const MODULES = ["kenal_browser_bg.wasm", "kenal_browser_scalar_bg.wasm"];
const TYPES = { js: "text/javascript", wasm: "application/wasm", html: "text/html" };
const HEADERS = { "content-security-policy": "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; img-src data:" };
const ENTRY = 'import { init } from "@kenal/web";\nglobalThis.started = init();\n';
const PAGE = '<!doctype html><link rel="icon" href="data:,"><title>shop</title><script type="module" src="app.js"></script>';

/** Each bundler as its own manual has it; what `web/README.md` says beyond that, and nothing more. */
const BUNDLERS = {
  async webpack(entry, out) {
    const compiler = webpack({ mode: "production", context: WEB, entry: { app: entry }, output: { path: out } });
    const stats = await new Promise((done, failed) => compiler.run((error, stats) => (error ? failed(error) : done(stats))));
    await new Promise((done) => compiler.close(done));
    assert.deepEqual(stats.toJson({ all: false, errors: true }).errors, []);
  },
  async esbuild(entry, out) {
    const entryPoints = { app: entry, worker: "@kenal/web/worker" };
    const built = await esbuild.build({ entryPoints, absWorkingDir: WEB, outdir: out, bundle: true, minify: true, format: "esm" });
    assert.deepEqual(built.warnings, []);
    for (const module of MODULES) cpSync(join(DIST, module), join(out, module));
  },
};

function serve(root) {
  return createServer(({ url }, response) => {
    const name = url === "/" ? "index.html" : url.slice(1);
    if (!/^[\w.-]+$/.test(name) || !existsSync(join(root, name))) return response.writeHead(404).end();
    const headers = { "content-type": TYPES[name.split(".").pop()] ?? "application/octet-stream", ...HEADERS };
    return response.writeHead(200, headers).end(readFileSync(join(root, name)));
  });
}

describe("the package in a shop's bundler", { skip: notFound || notBuilt, timeout: 600_000 }, () => {
  let browser;
  let shop;
  before(async () => {
    browser = await openBrowser();
    // Within `web`, so that the package is found as a shop finds it that has installed it.
    mkdirSync(join(WEB, "node_modules"), { recursive: true });
    shop = mkdtempSync(join(WEB, "node_modules/.shop-"));
    writeFileSync(join(shop, "entry.js"), ENTRY);
  });
  after(async () => {
    await browser?.close();
    await esbuild.stop();
    if (shop !== undefined) rmSync(shop, { recursive: true, force: true });
  });

  for (const [name, bundle] of Object.entries(BUNDLERS)) {
    test(`${name} finds the worker and both modules`, async (t) => {
      const out = join(shop, name);
      await bundle(join(shop, "entry.js"), out);
      writeFileSync(join(out, "index.html"), PAGE);
      assert.equal(readdirSync(out).filter((file) => file.endsWith(".wasm")).length, MODULES.length);

      const server = serve(out).listen(0, "127.0.0.1");
      t.after(() => server.close());
      await once(server, "listening");
      const page = await browser.context.newPage();
      const troubles = [];
      page.on("console", (message) => message.type() === "error" && troubles.push(message.text()));
      page.on("pageerror", (error) => troubles.push(String(error)));
      await page.goto(`http://127.0.0.1:${server.address().port}/`);
      const started = await page.evaluate(() => globalThis.started.then(({ ok, value, failure }) => ({ ok, where: value?.where, failure })));
      assert.deepEqual({ started, troubles }, { started: { ok: true, where: "worker", failure: undefined }, troubles: [] });
      assert.equal(page.workers().length, 1);
      await page.close();
    });
  }
});
