import { announce } from "./lib/announce.js";
import { forget } from "./lib/forget.js";
import type { Consent } from "./types/ranking.js";
import type { Session } from "./types/session.js";
import { withdraw } from "./withdraw.js";

export interface Identity {
  readonly visitor?: string | null;
  readonly consent?: Consent;
}

/**
 * Says who is in front of the page and what they allow; a field left out stays as it is.
 *
 * Another visitor starts with no live events. Going from `granted` to anything else forgets what was held, and to
 * `denied` also sends the withdrawal.
 */
export function identify(session: Session, identity: Identity): void {
  const visitor = identity.visitor === undefined ? session.visitor : identity.visitor || null;
  const consent = identity.consent ?? session.consent;
  if (visitor === session.visitor && consent === session.consent) return;
  const withdraws = session.consent === "granted" && consent === "denied" && session.visitor !== null;
  if (withdraws) void withdraw(session);
  else if (visitor !== session.visitor || session.consent === "granted") forget(session);
  session.visitor = visitor;
  session.consent = consent;
  announce(session);
}
