import type { LiveEvent } from "../types/live-event.js";
import { EVENTS_MAX } from "./limits.js";

/**
 * The events to hold after one more, by the rules the server has, so that both rank from the same: an exact repeat
 * counts once, and when there are too many, the oldest that is no purchase goes first. A view that is dropped moves a
 * ranking a little; a purchase that is dropped recommends what was just bought.
 */
export function keepEvents(held: readonly LiveEvent[], event: LiveEvent): readonly LiveEvent[] {
  if (held.some((e) => e.item === event.item && e.kind === event.kind && e.time === event.time)) return held;
  const kept = [...held, event].sort((a, b) => a.time - b.time);
  while (kept.length > EVENTS_MAX) {
    const at = kept.findIndex((e) => e.kind !== "purchase");
    kept.splice(Math.max(at, 0), 1);
  }
  return kept;
}
