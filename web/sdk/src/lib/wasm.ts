/**
 * The wasm boundary, all of it. No other file imports the generated module; what comes out of it is unknown to the
 * caller until it is parsed, and an exception on the other side is a failure here. It runs in the worker or in the page,
 * and knows not in which.
 */
import start, { Edge } from "../../wasm/kenal_browser.js";
import type { Outcome } from "../types/outcome.js";
import type { Question } from "../types/question.js";
import { guard } from "./guard.js";
import { request } from "./request.js";

/** The compiled core. It can be sent to a worker, and started more than once. */
export type CoreModule = WebAssembly.Module;

/** Compiles the core, from `source` or from beside this script. */
export function compileCore(source?: URL | BufferSource): Promise<Outcome<CoreModule>> {
  return guard(() => (source === undefined || source instanceof URL ? download(source ?? findModule()) : WebAssembly.compile(source)));
}

/** The smallest module that uses SIMD: one function, `i32.const 0; i8x16.splat; drop`. */
const SIMD_PROBE = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 9, 1, 7, 0, 65, 0, 253, 15, 26, 11]);

/** The module for this browser. Both rank alike, to the bit; each address is spelt out, for bundlers to find. */
function findModule(): URL {
  return WebAssembly.validate(SIMD_PROBE)
    ? new URL("./kenal_browser_bg.wasm", import.meta.url)
    : new URL("./kenal_browser_scalar_bg.wasm", import.meta.url);
}

async function download(url: URL): Promise<CoreModule> {
  const response = await fetch(url, { credentials: "omit" });
  if (!response.ok) throw new Error(`${response.status} for the wasm module`);
  // A server that does not say `application/wasm` makes streaming fail; the bytes are fine all the same.
  const streams = response.headers.get("content-type")?.split(";")[0]?.trim() === "application/wasm";
  return streams ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer());
}

/** The open bundles, by the numbers they were given. */
const bundles = new Map<number, Edge>();
let opened = 0;

/** Has the core answer, right here. Questions are carried out in the order in which they are put, but for what is fetched. */
export const askHere = (question: Question): Promise<Outcome<unknown>> => guard(() => carryOut(question));

function carryOut(question: Question): unknown {
  switch (question.ask) {
    case "start":
      // A worker's script may come from a cache when the page's does not, and neither would understand the other.
      if (question.build !== KENAL_BUILD) throw new Error("the worker is of another build");
      return start({ module_or_path: question.module }).then(() => null);
    case "open": {
      const edge = new Edge(new Uint8Array(question.manifest), question.trustKey, question.nowS);
      opened += 1;
      bundles.set(opened, edge);
      return { bundle: opened, id: edge.id() };
    }
    case "needs":
      return find(question.bundle).needs();
    case "addSection":
      find(question.bundle).addSection(new Uint8Array(question.bytes));
      return null;
    case "fetchSection":
      return fetchBytes(question.url).then((bytes) => find(question.bundle).addSection(bytes)).then(() => null);
    case "hashBefore":
      return find(question.bundle).hashBefore(find(question.before), question.section) ?? null;
    case "addChanged": {
      const delta = question.delta === null ? null : new Uint8Array(question.delta);
      find(question.bundle).addChanged(find(question.before), question.section, delta);
      return null;
    }
    case "recommend": {
      const startMs = performance.now();
      const json = find(question.bundle).recommend(question.json, question.row);
      return { json, ms: performance.now() - startMs };
    }
    case "browse":
      return find(question.bundle).browse(question.market, question.category, question.offset, question.count);
    case "close":
      find(question.bundle).free();
      bundles.delete(question.bundle);
      return null;
  }
}

async function fetchBytes(url: string): Promise<Uint8Array> {
  const response = await request(url, {});
  if (!response.ok) throw new Error(response.failure.detail);
  return new Uint8Array(await response.value.arrayBuffer());
}

function find(bundle: number): Edge {
  const edge = bundles.get(bundle);
  if (edge === undefined) throw new Error("the bundle is closed");
  return edge;
}
