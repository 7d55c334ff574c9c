/** Limits of a request, as the core has them, and of what this page keeps. */

/** Items in one list. */
export const K_MAX = 50;

/** Live events that a request may carry; the oldest are dropped first. */
export const EVENTS_MAX = 64;

/** How long a loaded bundle is used before its manifest is asked for again. */
export const BUNDLE_FRESH_MS_MAX = 5 * 60_000;

/** Waits before a withdrawal is sent again when the network lost it: it must arrive. */
export const WITHDRAWAL_RETRY_MS = [1_000, 4_000, 15_000] as const;

/** How long a worker may take to start, its script's download included, before the core runs in the page instead. */
export const WORKER_START_MS_MAX = 10_000;
