import type { Session } from "../types/session.js";
import { readGpc } from "./read-gpc.js";

/**
 * The gate before every message: the visitor's id, or null when it must not leave this page.
 * Asked again at each use; nothing remembers an earlier yes.
 */
export function mayIdentify(session: Session): string | null {
  return session.consent === "granted" && !readGpc() ? session.visitor : null;
}
