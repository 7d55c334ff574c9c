import type { Session } from "../types/session.js";

/** Drops all that is held about the visitor, and calls off every message on its way that names them. */
export function forget(session: Session): void {
  session.identified.abort();
  session.identified = new AbortController();
  session.events = [];
  session.own = null;
  session.outbox = Promise.resolve();
}
