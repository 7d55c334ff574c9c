import { K_MAX } from "./lib/limits.js";
import { rankAtEdge } from "./lib/rank-at-edge.js";
import { rankInBrowser } from "./lib/rank-in-browser.js";
import type { Outcome } from "./types/outcome.js";
import type { Ranked, RankQuery } from "./types/ranking.js";
import type { Session } from "./types/session.js";

/**
 * A ranked list, from where it was asked for, or else from the other place: a browser that cannot run wasm asks the
 * edge, and a page that lost the network ranks with the bundle it holds. `mode` in the answer says which it was.
 */
export async function rank(session: Session, query: RankQuery): Promise<Outcome<Ranked>> {
  const bounded = { ...query, k: Math.min(Math.max(1, Math.trunc(query.k)), K_MAX) };
  const first = query.mode === "browser" ? await rankInBrowser(session, bounded) : await rankAtEdge(session, bounded);
  if (first.ok || first.failure.kind === "aborted") return first;
  const second = query.mode === "browser" ? await rankAtEdge(session, bounded) : await rankIfHeld(session, bounded);
  return second?.ok === true ? second : first;
}

/** Loading a bundle from a server that just failed would only double the wait, so only one already here, or on its way, is used. */
async function rankIfHeld(session: Session, query: RankQuery): Promise<Outcome<Ranked> | null> {
  return session.held === null && session.loading === null ? null : rankInBrowser(session, query);
}
