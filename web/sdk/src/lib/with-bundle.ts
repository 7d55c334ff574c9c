import type { OpenEdge } from "../types/core.js";
import type { Outcome } from "../types/outcome.js";
import type { Session } from "../types/session.js";
import { closeReplaced } from "./close-replaced.js";
import { loadBundle } from "./load-bundle.js";

/** Does something with the bundle in this browser, which stays open until that is done, whatever takes its place. */
export async function withBundle<T>(session: Session, use: (edge: OpenEdge) => Promise<Outcome<T>>): Promise<Outcome<T>> {
  const bundle = await loadBundle(session);
  if (!bundle.ok) return bundle;
  bundle.value.users += 1;
  try {
    return await use(bundle.value.edge);
  } finally {
    bundle.value.users -= 1;
    closeReplaced(session, bundle.value);
  }
}
