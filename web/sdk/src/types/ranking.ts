/** The place on a page that asks. */
export type Slot = "home" | "product" | "cart" | "again";

/** Where a list is ranked: by the server's core, or by the same core in this browser. */
export type Mode = "edge" | "browser";

/** What the visitor said about personalisation. Saying nothing is not agreeing. */
export type Consent = "granted" | "denied" | "unset";

/** An amount as the shop writes it, `12.50`, and its ISO 4217 currency. */
export interface Price {
  readonly amount: string;
  readonly currency: string;
}

export const REASON_KINDS = [
  "because_bought",
  "because_viewed",
  "because_carted",
  "because_history",
  "similar",
  "pinned",
  "trending",
] as const;
export type ReasonKind = (typeof REASON_KINDS)[number];

/** Why an item is in a list; `item` and `title` name what it was derived from. */
export interface Reason {
  readonly kind: ReasonKind;
  readonly item: string | null;
  readonly title: string | null;
}

export interface RankedItem {
  readonly id: string;
  /** Comparable within one list only. */
  readonly score: number;
  readonly reason: Reason;
  readonly title: string;
  readonly price: Price | null;
  readonly category: string | null;
}

/** One answer of the core, wherever it ran. */
export interface Ranking {
  readonly items: readonly RankedItem[];
  /** The least watermark the answer rests on, RFC 3339. */
  readonly asOf: string;
  readonly bundle: { readonly version: number; readonly id: string };
  readonly personalised: boolean;
  /** The core's word for why not; open, since a newer core may know a reason that this page does not. */
  readonly fallbackReason: string | null;
}

/** A ranking and how it came about. */
export interface Ranked {
  readonly ranking: Ranking;
  /** Where it was ranked in the end, which differs from what was asked when that way failed. */
  readonly mode: Mode;
  /** Milliseconds that the core took, where that is known. */
  readonly coreMs: number | null;
}

export interface RankQuery {
  readonly market: string;
  readonly slot: Slot;
  readonly k: number;
  readonly mode: Mode;
  readonly item?: string | null;
  readonly category?: string | null;
}
