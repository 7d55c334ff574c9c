/**
 * The wasm boundary, all of it. No other file imports the generated module; what comes out of it is text or bytes that
 * the caller still parses, and an exception on the other side is a failure here.
 */
import start, { Edge } from "../wasm/kenal_browser.js";
import type { Outcome } from "./types/outcome.js";
import { fail, succeed } from "./types/outcome.js";

/** A bundle opened by the core in this browser. */
export interface OpenEdge {
  /** Names the bundle to the server. */
  readonly id: string;
  /** Hashes of the sections that the manifest promises and that are still missing. */
  needs(): Outcome<readonly string[]>;
  addSection(bytes: Uint8Array): Outcome<null>;
  /** The hash of the section that an older bundle has in the place of this one; null when it has none. */
  hashBefore(before: OpenEdge, section: string): Outcome<string | null>;
  /** Takes in a section made of an older bundle's and a delta; without one it has not changed. */
  addChanged(before: OpenEdge, section: string, delta: Uint8Array | null): Outcome<null>;
  /** Ranks; request and answer are the JSON of the HTTP interface. */
  recommend(requestJson: string, row: Uint8Array | null): Outcome<string>;
  /** Lists a market's catalogue as JSON. */
  browse(market: string, category: string | null, offset: number, count: number): Outcome<string>;
  /** Gives the wasm memory back. The bundle must not be used after. */
  close(): void;
}

/** The core, ready to open bundles. */
export interface Core {
  open(manifest: Uint8Array, trustKey: Uint8Array, nowS: number): Outcome<OpenEdge>;
}

/** The generated objects behind open bundles, for calls that take two of them. */
const inside = new WeakMap<OpenEdge, Edge>();

let ready: Promise<Outcome<Core>> | null = null;

/**
 * Compiles and starts the core, once: later calls answer with the first one's outcome. After a failure the next call
 * tries again, since a download can fail today and work in a minute.
 */
export function init(source?: URL | BufferSource): Promise<Outcome<Core>> {
  ready ??= boot(source).then((core) => {
    if (!core.ok) ready = null;
    return core;
  });
  return ready;
}

async function boot(source?: URL | BufferSource): Promise<Outcome<Core>> {
  try {
    const module = source === undefined || source instanceof URL ? await compile(source) : await WebAssembly.compile(source);
    await start({ module_or_path: module });
    return succeed({ open: openBundle });
  } catch (error) {
    return fail("wasm", describe(error));
  }
}

/** The smallest module that uses SIMD: one function, `i32.const 0; i8x16.splat; drop`. */
const SIMD_PROBE = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 9, 1, 7, 0, 65, 0, 253, 15, 26, 11]);

/** The module for this browser. Both rank alike, to the bit; each address is spelt out, for bundlers to find. */
function findModule(): URL {
  return WebAssembly.validate(SIMD_PROBE)
    ? new URL("./kenal_browser_bg.wasm", import.meta.url)
    : new URL("./kenal_browser_scalar_bg.wasm", import.meta.url);
}

async function compile(source?: URL): Promise<WebAssembly.Module> {
  const url = source ?? findModule();
  const response = await fetch(url, { credentials: "omit" });
  if (!response.ok) throw new Error(`${response.status} for the wasm module`);
  // A server that does not say `application/wasm` makes streaming fail; the bytes are fine all the same.
  const streams = response.headers.get("content-type")?.split(";")[0]?.trim() === "application/wasm";
  return streams ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer());
}

function openBundle(manifest: Uint8Array, trustKey: Uint8Array, nowS: number): Outcome<OpenEdge> {
  return guard(() => {
    const edge = new Edge(manifest, trustKey, nowS);
    const of = (other: OpenEdge): Edge => {
      const found = inside.get(other);
      if (found === undefined) throw new Error("the older bundle is closed");
      return found;
    };
    const open: OpenEdge = {
      id: edge.id(),
      needs: () => guard(() => edge.needs()),
      addSection: (bytes) =>
        guard(() => {
          edge.addSection(bytes);
          return null;
        }),
      hashBefore: (before, section) => guard(() => edge.hashBefore(of(before), section) ?? null),
      addChanged: (before, section, delta) =>
        guard(() => {
          edge.addChanged(of(before), section, delta ?? undefined);
          return null;
        }),
      recommend: (requestJson, row) => guard(() => edge.recommend(requestJson, row ?? undefined)),
      browse: (market, category, offset, count) =>
        guard(() => edge.browse(market, category ?? undefined, offset, count)),
      close: () => {
        inside.delete(open);
        edge.free();
      },
    };
    inside.set(open, edge);
    return open;
  });
}

function guard<T>(call: () => T): Outcome<T> {
  try {
    return succeed(call());
  } catch (error) {
    return fail("wasm", describe(error));
  }
}

const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error));
