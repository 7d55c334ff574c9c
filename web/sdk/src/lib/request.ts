import type { Outcome } from "../types/outcome.js";
import { fail, succeed } from "../types/outcome.js";

/**
 * `fetch` with the manners of this package: no cookies, no referrer, and an `Outcome` instead of an exception.
 * Statuses in `expected` are answers too.
 */
export async function request(url: string, options: RequestInit, expected: readonly number[] = []): Promise<Outcome<Response>> {
  try {
    const response = await fetch(url, { credentials: "omit", referrerPolicy: "no-referrer", ...options });
    if (response.ok || expected.includes(response.status)) return succeed(response);
    return fail("http", `${response.status} ${response.statusText}`.trim());
  } catch (error) {
    if (options.signal?.aborted === true) return fail("aborted", "the request was called off");
    return fail("network", error instanceof Error ? error.message : "the request failed");
  }
}
