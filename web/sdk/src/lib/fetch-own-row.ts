import type { Outcome } from "../types/outcome.js";
import { succeed } from "../types/outcome.js";
import type { OwnRow, Session } from "../types/session.js";
import { mayIdentify } from "./may-identify.js";
import { request } from "./request.js";

const FORBIDDEN = 403;
const NO_CONTENT = 204;

/** The visitor's own row, fetched once per visitor and held in memory. Asked for under consent only. */
export function fetchOwnRow(session: Session): Promise<Outcome<OwnRow>> {
  const visitor = mayIdentify(session);
  if (visitor === null) return Promise.resolve(succeed({ kind: "unknown" }));
  if (session.row !== null) return session.row;
  const fetching: Promise<Outcome<OwnRow>> = fetchRow(session, visitor).then((row) => {
    // A lost request must not leave the visitor without their history for the rest of the page's life.
    if (!row.ok && session.row === fetching) session.row = null;
    return row;
  });
  session.row = fetching;
  return fetching;
}

async function fetchRow(session: Session, visitor: string): Promise<Outcome<OwnRow>> {
  const asked = new URLSearchParams({ visitor, consent: "granted" });
  const { signal } = session.identified;
  const answer = await request(`${session.endpoint}/v1/visitor-row?${asked}`, { cache: "no-store", signal }, [FORBIDDEN]);
  if (!answer.ok) return answer;
  // The server knows of withdrawals that this page does not: from another device, or from before it was loaded.
  if (answer.value.status === FORBIDDEN) return succeed({ kind: "revoked" });
  if (answer.value.status === NO_CONTENT) return succeed({ kind: "unknown" });
  return succeed({ kind: "found", bytes: new Uint8Array(await answer.value.arrayBuffer()) });
}
