import type { Price } from "./ranking.js";

export interface CatalogueItem {
  readonly id: string;
  readonly title: string;
  readonly category: string | null;
  readonly price: Price | null;
}

export interface CatalogueQuery {
  readonly market: string;
  readonly category?: string | null;
  readonly offset: number;
  readonly count: number;
}

/** Some items of a market's catalogue, in the bundle's order. */
export interface CataloguePage {
  readonly items: readonly CatalogueItem[];
  /** Items that the market and category have in all. */
  readonly total: number;
  /** Categories of the market with something in them. */
  readonly categories: readonly { readonly name: string; readonly count: number }[];
}
