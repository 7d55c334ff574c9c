import { loadBundle } from "./lib/load-bundle.js";
import { parseJson } from "./lib/parse-json.js";
import { readCatalogue } from "./lib/read-catalogue.js";
import type { CataloguePage, CatalogueQuery } from "./types/catalogue.js";
import type { Outcome } from "./types/outcome.js";
import type { Session } from "./types/session.js";

/** Some items of a market's catalogue, from the bundle in this browser. Asks nothing about anybody. */
export async function browseCatalogue(session: Session, query: CatalogueQuery): Promise<Outcome<CataloguePage>> {
  const bundle = await loadBundle(session);
  if (!bundle.ok) return bundle;
  const listed = bundle.value.edge.browse(query.market, query.category ?? null, query.offset, query.count);
  return listed.ok ? parseJson(listed.value, "catalogue", readCatalogue) : listed;
}
