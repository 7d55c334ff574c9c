import type { CoreModule } from "../lib/wasm.js";
import type { Outcome } from "./outcome.js";

/**
 * All that can be asked of the core, the same in the page and through the worker's door. Bundles go by the number that
 * `open` answered with. What a question says of a visitor is in `recommend` alone and is forgotten with its answer.
 */
export type Question =
  | { readonly ask: "start"; readonly build: string; readonly module: CoreModule }
  | { readonly ask: "open"; readonly manifest: ArrayBuffer; readonly trustKey: Uint8Array; readonly nowS: number }
  | ({ readonly bundle: number } & AboutBundle);

export type AboutBundle =
  | { readonly ask: "needs" }
  | { readonly ask: "addSection"; readonly bytes: ArrayBuffer }
  | { readonly ask: "fetchSection"; readonly url: string }
  | { readonly ask: "hashBefore"; readonly before: number; readonly section: string }
  | { readonly ask: "addChanged"; readonly before: number; readonly section: string; readonly delta: ArrayBuffer | null }
  | { readonly ask: "recommend"; readonly json: string; readonly row: Uint8Array | null }
  | { readonly ask: "browse"; readonly market: string; readonly category: string | null; readonly offset: number; readonly count: number }
  | { readonly ask: "close" };

/** Puts a question to the core. The answer is unknown until it is parsed; every `ArrayBuffer` in the question is given away. */
export type Ask = (question: Question) => Promise<Outcome<unknown>>;

/** A message to the worker. */
export interface Call {
  readonly number: number;
  readonly question: Question;
}

/** A message from it: the value, or in words why there is none. */
export interface Reply {
  readonly number: number;
  readonly value: unknown;
  readonly refused: string | null;
}
