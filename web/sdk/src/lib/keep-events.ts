import type { LiveEvent } from "../types/live-event.js";
import { EVENTS_MAX } from "./limits.js";

/**
 * The events to hold after some more, by the rules the server has, so that both rank from the same: an exact repeat
 * counts once, and when there are too many, the oldest that is no purchase goes first. A view that is dropped moves a
 * ranking a little; a purchase that is dropped recommends what was just bought.
 */
export function keepEvents(held: readonly LiveEvent[], more: readonly LiveEvent[]): readonly LiveEvent[] {
  const same = (a: LiveEvent, b: LiveEvent): boolean => a.item === b.item && a.kind === b.kind && a.time === b.time;
  const fresh = more.filter((event) => !held.some((known) => same(known, event)));
  const kept = [...held, ...fresh].sort((a, b) => a.time - b.time);
  while (kept.length > EVENTS_MAX) {
    const at = kept.findIndex((e) => e.kind !== "purchase");
    kept.splice(Math.max(at, 0), 1);
  }
  return kept;
}
