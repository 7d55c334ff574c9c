import type { Outcome } from "../types/outcome.js";
import { fail } from "../types/outcome.js";
import { parse } from "./parse.js";

/** As `parse`, for a value that is still JSON text. */
export function parseJson<T>(text: string, what: string, read: (value: unknown, path: string) => T): Outcome<T> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return fail("malformed", `${what}: not JSON`);
  }
  return parse(value, what, read);
}
