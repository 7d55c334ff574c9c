import type { Session } from "./types/session.js";

export interface SessionOptions {
  /** Where the server is; empty for the page's own origin. */
  readonly endpoint?: string;
  readonly trustKey?: Uint8Array | null;
}

const open = new Map<string, Session>();

/**
 * The session with a server. One per endpoint and page, so that every carousel of a page shares one visitor, one
 * consent, one list of live events and one loaded bundle. It starts with nobody and no consent.
 */
export function openSession(options: SessionOptions = {}): Session {
  const endpoint = (options.endpoint ?? "").replace(/\/+$/, "");
  const known = open.get(endpoint);
  if (known !== undefined) return known;
  const session: Session = {
    endpoint,
    trustKey: options.trustKey ?? null,
    changes: new EventTarget(),
    visitor: null,
    consent: "unset",
    events: [],
    own: null,
    outbox: Promise.resolve(),
    identified: new AbortController(),
    held: null,
    loading: null,
  };
  open.set(endpoint, session);
  return session;
}
