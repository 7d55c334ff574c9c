import type { Session } from "../types/session.js";

/** Tells every carousel of the session that its list may be out of date. */
export function announce(session: Session): void {
  session.changes.dispatchEvent(new Event("change"));
}
