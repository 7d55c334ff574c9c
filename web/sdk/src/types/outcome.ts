/** What can keep an answer away. The page decides by `kind`; `detail` is for a person reading a log. */
export interface Failure {
  readonly kind: "network" | "http" | "malformed" | "wasm" | "aborted";
  readonly detail: string;
}

/** A value, or why there is none. What crosses the network or wasm arrives as one of these, never as an exception. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure };

export const succeed = <T>(value: T): Outcome<T> => ({ ok: true, value });

export const fail = (kind: Failure["kind"], detail: string): Outcome<never> => ({
  ok: false,
  failure: { kind, detail },
});
