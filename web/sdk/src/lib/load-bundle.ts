import type { Core, OpenEdge } from "../types/core.js";
import type { Outcome } from "../types/outcome.js";
import { fail, succeed } from "../types/outcome.js";
import type { LoadedBundle, Session } from "../types/session.js";
import { init } from "../init.js";
import { closeReplaced } from "./close-replaced.js";
import { BUNDLE_FRESH_MS_MAX } from "./limits.js";
import { nowS } from "./now-s.js";
import { readHex } from "./read-hex.js";
import { request } from "./request.js";

/**
 * The bundle in this browser: the core, the signed manifest and the sections it names, none of which is about anybody.
 * Loaded on first use, and again when it has grown old: then only what changed in its sections is fetched.
 */
export function loadBundle(session: Session): Promise<Outcome<LoadedBundle>> {
  session.loading ??= refresh(session).finally(() => {
    session.loading = null;
  });
  return session.loading;
}

async function refresh(session: Session): Promise<Outcome<LoadedBundle>> {
  const starting = init();
  if (session.held === null) return replace(session, starting);
  const core = await starting;
  if (!core.ok) return core;
  // What a worker held died with it.
  if (session.held.core !== core.value) session.held = null;
  const { held } = session;
  if (held !== null && Date.now() - held.fetchedAtMs < BUNDLE_FRESH_MS_MAX) return succeed(held);
  const newer = await replace(session, starting);
  // An older bundle that still opens beats none; the core itself refuses to personalise from an expired one.
  return newer.ok || held === null ? newer : succeed(held);
}

async function replace(session: Session, starting: Promise<Outcome<Core>>): Promise<Outcome<LoadedBundle>> {
  const before = session.held;
  // The core starts while the manifest is on its way.
  const [core, key, manifest] = await Promise.all([
    starting,
    findTrustKey(session),
    request(`${session.endpoint}/v1/bundle/manifest`, { cache: "no-cache" }),
  ]);
  if (!core.ok) return core;
  if (!key.ok) return key;
  if (!manifest.ok) return manifest;
  const edge = await core.value.open(await manifest.value.arrayBuffer(), key.value, nowS());
  if (!edge.ok) return edge;
  const filled = await fill(edge.value, session.endpoint, before?.edge ?? null);
  if (!filled.ok) {
    edge.value.close();
    return filled;
  }
  session.held = { edge: edge.value, core: core.value, fetchedAtMs: Date.now(), users: 0 };
  if (before !== null) closeReplaced(session, before);
  return succeed(session.held);
}

async function fill(edge: OpenEdge, endpoint: string, before: OpenEdge | null): Promise<Outcome<null>> {
  const needs = await edge.needs();
  if (!needs.ok) return needs;
  const added = await Promise.all(needs.value.map((hash) => addSection(endpoint, edge, before, hash)));
  for (const section of added) if (!section.ok) return section;
  const missing = await edge.needs();
  if (!missing.ok) return missing;
  return missing.value.length > 0 ? fail("malformed", `${missing.value.length} sections are still missing`) : succeed(null);
}

/** A section from the bundle before if it has not changed, by a delta if there is one, or else whole. */
async function addSection(endpoint: string, edge: OpenEdge, before: OpenEdge | null, hash: string): Promise<Outcome<null>> {
  const old = before === null ? null : await edge.hashBefore(before, hash);
  if (before !== null && old?.ok === true && old.value !== null) {
    const delta = old.value === hash ? null : await request(`${endpoint}/v1/bundle/deltas/${hash}/${old.value}`, {});
    if (delta === null || delta.ok) {
      const bytes = delta === null ? null : await delta.value.arrayBuffer();
      const changed = await edge.addChanged(before, hash, bytes);
      if (changed.ok) return changed;
    }
  }
  const url = `${endpoint}/v1/bundle/sections/${hash}`;
  // The address as this page's own `fetch` would resolve it.
  const there = await edge.fetchSection(new Request(url).url);
  if (there.ok) return there;
  // A worker may be kept from what the page can reach, by a policy of its own; and the page says best what is wrong.
  const section = await request(url, {});
  if (!section.ok) return section;
  return edge.addSection(await section.value.arrayBuffer());
}

async function findTrustKey(session: Session): Promise<Outcome<Uint8Array>> {
  if (session.trustKey !== null) return succeed(session.trustKey);
  const answer = await request(`${session.endpoint}/v1/bundle/signer`, { cache: "no-cache" });
  if (!answer.ok) return answer;
  const key = readHex((await answer.value.text()).trim());
  return key === null ? fail("malformed", "the signer's key is not hexadecimal") : succeed(key);
}
