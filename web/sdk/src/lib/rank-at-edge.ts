import type { Outcome } from "../types/outcome.js";
import { fail, succeed } from "../types/outcome.js";
import type { Ranked, RankQuery } from "../types/ranking.js";
import type { Session } from "../types/session.js";
import { mayIdentify } from "./may-identify.js";
import { parseJson } from "./parse-json.js";
import { readCoreMs } from "./read-core-ms.js";
import { readRanking } from "./read-ranking.js";
import { request } from "./request.js";

/** Asks the server for a list. The visitor is named only under consent, and what was done so far arrives first. */
export async function rankAtEdge(session: Session, query: RankQuery): Promise<Outcome<Ranked>> {
  const { signal } = session.identified;
  await session.outbox;
  if (signal.aborted) return fail("aborted", "who may be named changed meanwhile");
  const visitor = mayIdentify(session);
  const wanted = new URLSearchParams({ market: query.market, k: String(query.k), slot: query.slot });
  if (visitor !== null) wanted.set("visitor", visitor);
  if (query.item) wanted.set("item", query.item);
  if (query.category) wanted.set("category", query.category);
  wanted.set("consent", session.consent);
  const url = `${session.endpoint}/v1/recommendations?${wanted}`;
  // Not stored by the browser's cache: its key would hold the visitor's id after they said no.
  const answer = await request(url, { cache: "no-store", signal });
  if (!answer.ok) return answer;
  const ranking = parseJson(await answer.value.text(), "ranking", readRanking);
  if (!ranking.ok) return ranking;
  return succeed({ ranking: ranking.value, mode: "edge", coreMs: readCoreMs(answer.value.headers.get("server-timing")) });
}
