import type { Outcome } from "../types/outcome.js";
import { fail, succeed } from "../types/outcome.js";
import type { Ranked, RankQuery } from "../types/ranking.js";
import type { Own, Session } from "../types/session.js";
import { fetchOwn } from "./fetch-own.js";
import { keepEvents } from "./keep-events.js";
import { mayIdentify } from "./may-identify.js";
import { nowS } from "./now-s.js";
import { parseJson } from "./parse-json.js";
import { readGpc } from "./read-gpc.js";
import { readRanking } from "./read-ranking.js";
import { withBundle } from "./with-bundle.js";

const CHANGED = fail("aborted", "who may be named changed meanwhile");

/** Ranks with the same core, here. Nothing about the visitor leaves the page but the question for what is their own. */
export function rankInBrowser(session: Session, query: RankQuery): Promise<Outcome<Ranked>> {
  const { signal } = session.identified;
  return withBundle(session, async (edge) => {
    const own = await fetchOwn(session, edge.id);
    if (!own.ok) return own;
    if (signal.aborted) return CHANGED;
    const row = mayIdentify(session) !== null && own.value.kind === "known" ? own.value.row : null;
    const answer = await edge.recommend(ask(session, query, own.value), row);
    // The page went on while the core ranked: a list for somebody who has said no since then must not be shown.
    if (signal.aborted) return CHANGED;
    if (!answer.ok) return answer;
    const ranking = parseJson(answer.value.json, "ranking", readRanking);
    return ranking.ok ? succeed({ ranking: ranking.value, mode: "browser", coreMs: answer.value.ms }) : ranking;
  });
}

/** The question to the core, as the JSON of the HTTP interface. */
function ask(session: Session, query: RankQuery, own: Own): string {
  const visitor = mayIdentify(session);
  return JSON.stringify({
    visitor,
    market: query.market,
    k: query.k,
    slot: query.slot,
    item: query.item ?? null,
    category: query.category ?? null,
    consent: session.consent,
    gpc: readGpc(),
    now: nowS(),
    events: visitor !== null && own.kind === "known" ? keepEvents(own.events, session.events) : [],
    ...(visitor !== null && own.kind === "revoked" ? { fallback: "revoked" } : {}),
  });
}
