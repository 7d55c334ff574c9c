import { parseJson } from "./lib/parse-json.js";
import { readCatalogue } from "./lib/read-catalogue.js";
import { withBundle } from "./lib/with-bundle.js";
import type { CataloguePage, CatalogueQuery } from "./types/catalogue.js";
import type { Outcome } from "./types/outcome.js";
import type { Session } from "./types/session.js";

/** Some items of a market's catalogue, from the bundle in this browser. Asks nothing about anybody. */
export function browseCatalogue(session: Session, query: CatalogueQuery): Promise<Outcome<CataloguePage>> {
  return withBundle(session, async (edge) => {
    const listed = await edge.browse(query.market, query.category ?? null, query.offset, query.count);
    return listed.ok ? parseJson(listed.value, "catalogue", readCatalogue) : listed;
  });
}
