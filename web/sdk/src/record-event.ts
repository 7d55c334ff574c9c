import { announce } from "./lib/announce.js";
import { keepEvents } from "./lib/keep-events.js";
import { mayIdentify } from "./lib/may-identify.js";
import { nowS } from "./lib/now-s.js";
import { request } from "./lib/request.js";
import type { EventKind, LiveEvent } from "./types/live-event.js";
import type { Session } from "./types/session.js";

/**
 * Notes what the visitor did, so that the next ranking knows, here and at the edge. Without consent it does nothing at
 * all: there is nobody to note it about. Answers whether it was noted.
 */
export function recordEvent(session: Session, kind: EventKind, item: string): boolean {
  const visitor = mayIdentify(session);
  if (visitor === null) return false;
  const event: LiveEvent = { item, kind, time: nowS() };
  session.events = keepEvents(session.events, [event]);
  const { signal } = session.identified;
  const message: RequestInit = {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ visitor, consent: "granted", events: [event] }),
    signal,
  };
  // In order, one after the other: a `remove` that overtakes its `cart` would leave the item in the cart.
  session.outbox = session.outbox.then(() => (signal.aborted ? null : request(`${session.endpoint}/v1/events`, message)));
  announce(session);
  return true;
}
