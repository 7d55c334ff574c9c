import type { LiveEvent } from "../types/live-event.js";
import type { Outcome } from "../types/outcome.js";
import { succeed } from "../types/outcome.js";
import type { Own, Session } from "../types/session.js";
import { mayIdentify } from "./may-identify.js";
import { parseJson } from "./parse-json.js";
import { readEvents } from "./read-events.js";
import { request } from "./request.js";

const FORBIDDEN = 403;
const NOT_FOUND = 404;
const NO_CONTENT = 204;

const NOTHING: Own = { kind: "known", row: null, events: [] };

/**
 * What the server holds of the visitor, fetched once per visitor and bundle and held in memory. Asked for under consent
 * only. A row speaks of items by their place in its own bundle, so it is asked for by the bundle's id.
 */
export function fetchOwn(session: Session, bundle: string): Promise<Outcome<Own>> {
  const visitor = mayIdentify(session);
  if (visitor === null) return Promise.resolve(succeed(NOTHING));
  if (session.own?.bundle === bundle) return session.own.answer;
  const answer: Promise<Outcome<Own>> = fetchBoth(session, visitor, bundle).then((own) => {
    // A lost request must not leave the visitor without their history for the rest of the page's life.
    if (!own.ok && session.own?.answer === answer) session.own = null;
    return own;
  });
  session.own = { bundle, answer };
  return answer;
}

async function fetchBoth(session: Session, visitor: string, bundle: string): Promise<Outcome<Own>> {
  const asked = new URLSearchParams({ visitor, consent: "granted" });
  const options: RequestInit = { cache: "no-store", signal: session.identified.signal };
  const [row, past] = await Promise.all([
    request(`${session.endpoint}/v1/visitor-row?${asked}&bundle=${bundle}`, options, [FORBIDDEN]),
    request(`${session.endpoint}/v1/visitor-events?${asked}`, options, [FORBIDDEN, NOT_FOUND]),
  ]);
  if (!row.ok) return row;
  if (!past.ok) return past;
  // The server knows of withdrawals that this page does not: from another device, or from before it was loaded.
  if (row.value.status === FORBIDDEN || past.value.status === FORBIDDEN) return succeed({ kind: "revoked" });
  const events = await readPast(past.value);
  if (!events.ok) return events;
  const bytes = row.value.status === NO_CONTENT ? null : new Uint8Array(await row.value.arrayBuffer());
  return succeed({ kind: "known", row: bytes, events: events.value });
}

/** A host that keeps no events between requests, as a CDN may, does not have the path. */
async function readPast(answer: Response): Promise<Outcome<readonly LiveEvent[]>> {
  if (answer.status === NOT_FOUND) return succeed([]);
  return parseJson(await answer.text(), "events", readEvents);
}
