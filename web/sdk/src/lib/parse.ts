import type { Outcome } from "../types/outcome.js";
import { fail, succeed } from "../types/outcome.js";
import { Malformed } from "./read.js";

/** Runs a reader over an unchecked value: the one place where a malformed shape becomes a failure. */
export function parse<T>(value: unknown, what: string, read: (value: unknown, path: string) => T): Outcome<T> {
  try {
    return succeed(read(value, what));
  } catch (error) {
    if (error instanceof Malformed) return fail("malformed", error.message);
    throw error;
  }
}
