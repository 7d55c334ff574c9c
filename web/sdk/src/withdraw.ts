import { announce } from "./lib/announce.js";
import { forget } from "./lib/forget.js";
import { WITHDRAWAL_RETRY_MS } from "./lib/limits.js";
import { mayIdentify } from "./lib/may-identify.js";
import { request } from "./lib/request.js";
import type { Outcome } from "./types/outcome.js";
import { succeed } from "./types/outcome.js";
import type { Session } from "./types/session.js";

const wait = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/**
 * Takes consent back. Everything held is dropped at once, whatever the network does; then the server is told, in one
 * message that is the last to name the visitor. It is sent again only when it was lost.
 */
export async function withdraw(session: Session): Promise<Outcome<null>> {
  const visitor = session.consent === "granted" ? session.visitor : null;
  forget(session);
  session.consent = "denied";
  announce(session);
  if (visitor === null) return succeed(null);
  const message: RequestInit = {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ visitor, consent: "denied", events: [] }),
    // The visitor may close the page right after saying no.
    keepalive: true,
  };
  let sent = await request(`${session.endpoint}/v1/events`, message);
  for (const ms of WITHDRAWAL_RETRY_MS) {
    if (sent.ok) return succeed(null);
    await wait(ms);
    // Having agreed again meanwhile, the visitor must not be withdrawn by a message from before.
    if (mayIdentify(session) === visitor) return succeed(null);
    sent = await request(`${session.endpoint}/v1/events`, message);
  }
  return sent.ok ? succeed(null) : sent;
}
