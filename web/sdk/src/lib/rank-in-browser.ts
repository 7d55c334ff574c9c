import type { Outcome } from "../types/outcome.js";
import { fail, succeed } from "../types/outcome.js";
import type { Ranked, RankQuery } from "../types/ranking.js";
import type { Session } from "../types/session.js";
import { fetchOwn } from "./fetch-own.js";
import { keepEvents } from "./keep-events.js";
import { loadBundle } from "./load-bundle.js";
import { mayIdentify } from "./may-identify.js";
import { nowS } from "./now-s.js";
import { parseJson } from "./parse-json.js";
import { readGpc } from "./read-gpc.js";
import { readRanking } from "./read-ranking.js";

/** Ranks with the same core, here. Nothing about the visitor leaves the page but the question for what is their own. */
export async function rankInBrowser(session: Session, query: RankQuery): Promise<Outcome<Ranked>> {
  const { signal } = session.identified;
  const bundle = await loadBundle(session);
  if (!bundle.ok) return bundle;
  const own = await fetchOwn(session, bundle.value.edge.id);
  if (!own.ok) return own;
  if (signal.aborted) return fail("aborted", "who may be named changed meanwhile");
  const visitor = mayIdentify(session);
  const known = visitor !== null && own.value.kind === "known" ? own.value : null;
  const question = JSON.stringify({
    visitor,
    market: query.market,
    k: query.k,
    slot: query.slot,
    item: query.item ?? null,
    category: query.category ?? null,
    consent: session.consent,
    gpc: readGpc(),
    now: nowS(),
    events: known === null ? [] : keepEvents(known.events, session.events),
    ...(visitor !== null && own.value.kind === "revoked" ? { fallback: "revoked" } : {}),
  });
  const startMs = performance.now();
  const answer = bundle.value.edge.recommend(question, known?.row ?? null);
  const coreMs = performance.now() - startMs;
  if (!answer.ok) return answer;
  const ranking = parseJson(answer.value, "ranking", readRanking);
  return ranking.ok ? succeed({ ranking: ranking.value, mode: "browser", coreMs }) : ranking;
}
