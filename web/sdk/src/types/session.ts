import type { Core, OpenEdge } from "./core.js";
import type { LiveEvent } from "./live-event.js";
import type { Outcome } from "./outcome.js";
import type { Consent } from "./ranking.js";

/** A bundle whose sections are in this browser, and when its manifest was fetched. */
export interface LoadedBundle {
  readonly edge: OpenEdge;
  /** The core that opened it: a bundle is gone with the worker that held it. */
  readonly core: Core;
  readonly fetchedAtMs: number;
  /** How many calls are using it now. It is closed when a newer one has taken its place and nobody uses it. */
  users: number;
}

/** What the server holds of a visitor: a row of the bundle and the events since, or that it may not be told any more. */
export type Own =
  | { readonly kind: "known"; readonly row: Uint8Array | null; readonly events: readonly LiveEvent[] }
  | { readonly kind: "revoked" };

/**
 * Everything the SDK knows of the person in front of the page. It lives in memory only: nothing is ever written to
 * cookies, local or session storage, IndexedDB or a cache, so closing the page forgets it.
 *
 * Made by `openSession`, changed by the verbs of this package alone.
 */
export interface Session {
  readonly endpoint: string;
  /**
   * Ed25519 public key that manifests must be signed with. Without one the server is asked for it, which trusts the
   * server as much as the page that loaded this script.
   */
  readonly trustKey: Uint8Array | null;
  /** Says `change` when a list that was ranked before may be out of date. */
  readonly changes: EventTarget;
  visitor: string | null;
  consent: Consent;
  events: readonly LiveEvent[];
  /** What the server holds of the visitor, with the id of the bundle that it is for: fetched once for each, under consent. */
  own: { readonly bundle: string; readonly answer: Promise<Outcome<Own>> } | null;
  /** Messages that name the visitor, in order; an edge ranking waits for them. */
  outbox: Promise<unknown>;
  /** Ends every request that names the visitor. Replaced when who that is, or what they allow, changes. */
  identified: AbortController;
  /** The bundle in this browser. */
  held: LoadedBundle | null;
  /** On its way to being held, or found to be so already: one at a time for all who ask. */
  loading: Promise<Outcome<LoadedBundle>> | null;
}
