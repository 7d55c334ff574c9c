import type { LoadedBundle, Session } from "../types/session.js";

/** Gives back the memory of a bundle that a newer one has replaced, once no call uses it: tens of megabytes each. */
export function closeReplaced(session: Session, bundle: LoadedBundle): void {
  if (bundle !== session.held && bundle.users === 0) bundle.edge.close();
}
