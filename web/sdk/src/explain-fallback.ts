const WORDS: Readonly<Record<string, string>> = {
  no_visitor: "nobody is signed in",
  no_consent: "personalisation has not been agreed to",
  consent_denied: "personalisation is off",
  gpc: "this browser sends Global Privacy Control",
  revoked: "consent was withdrawn, and a new yes counts from the next update on",
  bundle_expired: "the recommendations are being renewed",
  no_history: "there is nothing to go by yet",
};

/** Why a list is not personal, in words for the visitor. A word this page does not know gets a general answer. */
export function explainFallback(reason: string | null): string {
  return WORDS[reason ?? ""] ?? "personal recommendations are not available right now";
}
