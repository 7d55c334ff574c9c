/**
 * Recommendations for a web page, ranked at the edge or in this browser by the same core.
 *
 * A page that wants the element imports `@kenal/web/carousel`; one that draws its own lists uses the verbs here:
 * `openSession`, then `identify`, `recordEvent`, `rank`, `withdraw`. Nothing here touches the document.
 */
export { browseCatalogue } from "./browse-catalogue.js";
export { explain } from "./explain.js";
export { explainFallback } from "./explain-fallback.js";
export { formatPrice } from "./format-price.js";
export { identify } from "./identify.js";
export { init } from "./init.js";
export { nameMarket } from "./name-market.js";
export { openSession } from "./open-session.js";
export { rank } from "./rank.js";
export { recordEvent } from "./record-event.js";
export { scoreBits } from "./score-bits.js";
export { withdraw } from "./withdraw.js";

export type { CatalogueItem, CataloguePage, CatalogueQuery } from "./types/catalogue.js";
export type { Answered, Core, OpenEdge } from "./types/core.js";
export type { EventKind, LiveEvent } from "./types/live-event.js";
export type { Failure, Outcome } from "./types/outcome.js";
export type { Consent, Mode, Price, RankedItem, Ranked, Ranking, RankQuery, Reason, Slot } from "./types/ranking.js";
export type { Session } from "./types/session.js";
