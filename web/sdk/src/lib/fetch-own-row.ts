import type { Outcome } from "../types/outcome.js";
import { succeed } from "../types/outcome.js";
import type { Session } from "../types/session.js";
import { mayIdentify } from "./may-identify.js";
import { request } from "./request.js";

/** The visitor's own row, fetched once per visitor and held in memory; null for someone the bundle does not know. */
export function fetchOwnRow(session: Session): Promise<Outcome<Uint8Array | null>> {
  const visitor = mayIdentify(session);
  if (visitor === null) return Promise.resolve(succeed(null));
  if (session.row !== null) return session.row;
  const fetching: Promise<Outcome<Uint8Array | null>> = fetchRow(session, visitor).then((row) => {
    // A lost request must not leave the visitor without their history for the rest of the page's life.
    if (!row.ok && session.row === fetching) session.row = null;
    return row;
  });
  session.row = fetching;
  return fetching;
}

async function fetchRow(session: Session, visitor: string): Promise<Outcome<Uint8Array | null>> {
  const asked = new URLSearchParams({ visitor, consent: "granted" });
  const { signal } = session.identified;
  const answer = await request(`${session.endpoint}/v1/visitor-row?${asked}`, { cache: "no-store", signal }, [404]);
  if (!answer.ok) return answer;
  return succeed(answer.value.status === 404 ? null : new Uint8Array(await answer.value.arrayBuffer()));
}
