import { readHex } from "../lib/read-hex.js";
import { K_MAX } from "../lib/limits.js";
import type { Consent, Mode, Slot } from "../types/ranking.js";

export const ATTRIBUTES = ["endpoint", "trust-key", "market", "slot", "visitor", "mode", "k", "consent", "item", "category", "heading"] as const;

/** What the element's attributes say. Null means that the attribute is absent and the element does not speak of it. */
export interface Settings {
  readonly endpoint: string;
  readonly trustKey: Uint8Array | null;
  readonly market: string;
  readonly slot: Slot;
  readonly visitor: string | null;
  readonly mode: Mode;
  readonly k: number;
  readonly consent: Consent | null;
  readonly item: string | null;
  readonly category: string | null;
  readonly heading: string | null;
}

const K_DEFAULT = 12;

/**
 * Reads the attributes. A word that is not known falls to the careful side: an unknown consent is `unset`, an unknown
 * mode is the edge.
 */
export function readSettings(element: Element): Settings {
  const slot = element.getAttribute("slot");
  const k = Number.parseInt(element.getAttribute("k") ?? "", 10);
  return {
    endpoint: element.getAttribute("endpoint") ?? "",
    trustKey: readHex(element.getAttribute("trust-key") ?? ""),
    market: element.getAttribute("market") ?? "SG",
    slot: slot === "product" || slot === "cart" || slot === "again" ? slot : "home",
    visitor: element.getAttribute("visitor"),
    mode: element.getAttribute("mode") === "browser" ? "browser" : "edge",
    k: Number.isInteger(k) && k > 0 ? Math.min(k, K_MAX) : K_DEFAULT,
    consent: readConsent(element.getAttribute("consent")),
    item: element.getAttribute("item") || null,
    category: element.getAttribute("category") || null,
    heading: element.getAttribute("heading"),
  };
}

function readConsent(word: string | null): Consent | null {
  if (word === null) return null;
  return word === "granted" || word === "denied" ? word : "unset";
}
