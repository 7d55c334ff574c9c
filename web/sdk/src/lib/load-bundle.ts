import type { Outcome } from "../types/outcome.js";
import { fail, succeed } from "../types/outcome.js";
import type { LoadedBundle, Session } from "../types/session.js";
import { init } from "../wasm.js";
import { BUNDLE_FRESH_MS_MAX } from "./limits.js";
import { nowS } from "./now-s.js";
import { readHex } from "./read-hex.js";
import { request } from "./request.js";

/**
 * The bundle in this browser: the core, the signed manifest and the sections it names, none of which is about anybody.
 * Loaded on first use, and again when it has grown old; sections that did not change come from the browser's cache.
 */
export async function loadBundle(session: Session): Promise<Outcome<LoadedBundle>> {
  const held = session.bundle === null ? null : await session.bundle;
  if (held?.ok === true && Date.now() - held.value.fetchedAtMs < BUNDLE_FRESH_MS_MAX) return held;
  const loading = fetchBundle(session);
  session.bundle = loading;
  const loaded = await loading;
  if (loaded.ok) return loaded;
  // An older bundle that still opens beats none; the core itself refuses to personalise from an expired one.
  session.bundle = held?.ok === true ? Promise.resolve(held) : null;
  return held?.ok === true ? held : loaded;
}

async function fetchBundle(session: Session): Promise<Outcome<LoadedBundle>> {
  const [core, key, manifest] = await Promise.all([
    init(),
    findTrustKey(session),
    request(`${session.endpoint}/v1/bundle/manifest`, { cache: "no-cache" }),
  ]);
  if (!core.ok) return core;
  if (!key.ok) return key;
  if (!manifest.ok) return manifest;
  const edge = core.value.open(new Uint8Array(await manifest.value.arrayBuffer()), key.value, nowS());
  if (!edge.ok) return edge;
  const needs = edge.value.needs();
  if (!needs.ok) return needs;
  const sections = await Promise.all(needs.value.map((hash) => request(`${session.endpoint}/v1/bundle/sections/${hash}`, {})));
  for (const section of sections) {
    if (!section.ok) return section;
    const added = edge.value.addSection(new Uint8Array(await section.value.arrayBuffer()));
    if (!added.ok) return added;
  }
  const missing = edge.value.needs();
  if (!missing.ok) return missing;
  if (missing.value.length > 0) return fail("malformed", `${missing.value.length} sections are still missing`);
  return succeed({ edge: edge.value, fetchedAtMs: Date.now() });
}

async function findTrustKey(session: Session): Promise<Outcome<Uint8Array>> {
  if (session.trustKey !== null) return succeed(session.trustKey);
  const answer = await request(`${session.endpoint}/v1/bundle/signer`, { cache: "no-cache" });
  if (!answer.ok) return answer;
  const key = readHex((await answer.value.text()).trim());
  return key === null ? fail("malformed", "the signer's key is not hexadecimal") : succeed(key);
}
