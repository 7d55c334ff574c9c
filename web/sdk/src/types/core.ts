import type { Outcome } from "./outcome.js";

/** An answer of the core as the JSON of the HTTP interface, and the milliseconds that ranking took where it ran. */
export interface Answered {
  readonly json: string;
  readonly ms: number;
}

/**
 * A bundle opened by the core. An `ArrayBuffer` that is handed in is given away: the caller must not use it after. A
 * `Uint8Array` is copied.
 */
export interface OpenEdge {
  /** Names the bundle to the server. */
  readonly id: string;
  /** Hashes of the sections that the manifest promises and that are still missing. */
  needs(): Promise<Outcome<readonly string[]>>;
  addSection(bytes: ArrayBuffer): Promise<Outcome<null>>;
  /** The same, fetched where the core runs, so that a page whose core is in a worker never holds the bytes. */
  fetchSection(url: string): Promise<Outcome<null>>;
  /** The hash of the section that an older bundle has in the place of this one; null when it has none. */
  hashBefore(before: OpenEdge, section: string): Promise<Outcome<string | null>>;
  /** Takes in a section made of an older bundle's and a delta; without one it has not changed. */
  addChanged(before: OpenEdge, section: string, delta: ArrayBuffer | null): Promise<Outcome<null>>;
  /** Ranks; the request is the JSON of the HTTP interface. */
  recommend(requestJson: string, row: Uint8Array | null): Promise<Outcome<Answered>>;
  /** Lists a market's catalogue as JSON. */
  browse(market: string, category: string | null, offset: number, count: number): Promise<Outcome<string>>;
  /** Gives the memory back, after the calls made so far. Later calls fail. */
  close(): void;
}

/** The core, ready to open bundles. */
export interface Core {
  /** Where it runs: in a worker, so that its work never holds the page up, or in the page itself. */
  readonly where: "worker" | "page";
  /** Why there is no worker, for a developer; null when there is one. */
  readonly whyPage: string | null;
  open(manifest: ArrayBuffer, trustKey: Uint8Array, nowS: number): Promise<Outcome<OpenEdge>>;
}
