import type { Outcome } from "../types/outcome.js";
import { fail, succeed } from "../types/outcome.js";
import type { LoadedBundle, Session } from "../types/session.js";
import type { OpenEdge } from "../wasm.js";
import { init } from "../wasm.js";
import { BUNDLE_FRESH_MS_MAX } from "./limits.js";
import { nowS } from "./now-s.js";
import { readHex } from "./read-hex.js";
import { request } from "./request.js";

/**
 * The bundle in this browser: the core, the signed manifest and the sections it names, none of which is about anybody.
 * Loaded on first use, and again when it has grown old: then only what changed in its sections is fetched.
 */
export async function loadBundle(session: Session): Promise<Outcome<LoadedBundle>> {
  const held = session.bundle === null ? null : await session.bundle;
  if (held?.ok === true && Date.now() - held.value.fetchedAtMs < BUNDLE_FRESH_MS_MAX) return held;
  const loading = fetchBundle(session, held?.ok === true ? held.value.edge : null);
  session.bundle = loading;
  const loaded = await loading;
  if (loaded.ok) return loaded;
  // An older bundle that still opens beats none; the core itself refuses to personalise from an expired one.
  session.bundle = held?.ok === true ? Promise.resolve(held) : null;
  return held?.ok === true ? held : loaded;
}

async function fetchBundle(session: Session, before: OpenEdge | null): Promise<Outcome<LoadedBundle>> {
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
  const added = await Promise.all(needs.value.map((hash) => addSection(session.endpoint, edge.value, before, hash)));
  for (const section of added) if (!section.ok) return section;
  const missing = edge.value.needs();
  if (!missing.ok) return missing;
  if (missing.value.length > 0) return fail("malformed", `${missing.value.length} sections are still missing`);
  return succeed({ edge: edge.value, fetchedAtMs: Date.now() });
}

/** A section from the bundle before if it has not changed, by a delta if there is one, or else whole. */
async function addSection(endpoint: string, edge: OpenEdge, before: OpenEdge | null, hash: string): Promise<Outcome<null>> {
  const old = before === null ? null : edge.hashBefore(before, hash);
  if (before !== null && old?.ok === true && old.value !== null) {
    const delta = old.value === hash ? null : await request(`${endpoint}/v1/bundle/deltas/${hash}/${old.value}`, {});
    if (delta === null || delta.ok) {
      const bytes = delta === null ? null : new Uint8Array(await delta.value.arrayBuffer());
      const changed = edge.addChanged(before, hash, bytes);
      if (changed.ok) return changed;
    }
  }
  const section = await request(`${endpoint}/v1/bundle/sections/${hash}`, {});
  if (!section.ok) return section;
  return edge.addSection(new Uint8Array(await section.value.arrayBuffer()));
}

async function findTrustKey(session: Session): Promise<Outcome<Uint8Array>> {
  if (session.trustKey !== null) return succeed(session.trustKey);
  const answer = await request(`${session.endpoint}/v1/bundle/signer`, { cache: "no-cache" });
  if (!answer.ok) return answer;
  const key = readHex((await answer.value.text()).trim());
  return key === null ? fail("malformed", "the signer's key is not hexadecimal") : succeed(key);
}
