import type { Outcome } from "../types/outcome.js";
import { fail, succeed } from "../types/outcome.js";

/** Runs what may throw or reject around the core; then the exception's words are the failure. */
export async function guard<T>(call: () => T | Promise<T>): Promise<Outcome<T>> {
  try {
    return succeed(await call());
  } catch (error) {
    return fail("wasm", error instanceof Error ? error.message : String(error));
  }
}
