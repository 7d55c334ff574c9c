// Which module a browser loads: the one with SIMD where it can run it, and its scalar twin elsewhere.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const DIST = new URL("../dist/", import.meta.url);

/** A fresh process loads the package and starts it: which module it asked for. */
function asked(simd) {
  const script = `
    import { readFileSync } from "node:fs";
    let asked = null;
    globalThis.fetch = async (address) => {
      asked = new URL(address).pathname.split("/").pop();
      return new Response(readFileSync(new URL(asked, "${DIST}")), { headers: { "content-type": "application/wasm" } });
    };
    if (!${simd}) WebAssembly.validate = () => false;
    const { init } = await import("${DIST}index.js");
    const core = await init();
    console.log(core.ok ? asked : core.failure.detail);`;
  return execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" }).trim();
}

test("a browser with SIMD loads the module with it, and starts it", () => {
  assert.equal(asked(true), "kenal_browser_bg.wasm");
});

test("a browser without SIMD loads the scalar twin, and starts it", () => {
  assert.equal(asked(false), "kenal_browser_scalar_bg.wasm");
});

test("the two are two", () => {
  const bytes = (name) => readFileSync(new URL(name, DIST));
  assert.notDeepEqual(bytes("kenal_browser_bg.wasm"), bytes("kenal_browser_scalar_bg.wasm"));
});
