import type { CatalogueItem, Consent, Mode } from "@kenal/web";

/** What the page shows. Recommendations and all that is known of the visitor live in the SDK's session, not here. */
export interface Shop {
  readonly market: string;
  readonly visitor: string;
  readonly consent: Consent;
  readonly mode: Mode;
  readonly category: string | null;
  readonly page: number;
  readonly cart: readonly CatalogueItem[];
}

export interface Store {
  readonly get: () => Shop;
  readonly set: (change: Partial<Shop>) => void;
  /** Calls back now and after every change. */
  readonly watch: (see: (shop: Shop) => void) => void;
}

export function createStore(initial: Shop): Store {
  let shop = initial;
  const watchers: ((shop: Shop) => void)[] = [];
  return {
    get: () => shop,
    set: (change) => {
      shop = { ...shop, ...change };
      for (const see of watchers) see(shop);
    },
    watch: (see) => {
      watchers.push(see);
      see(shop);
    },
  };
}
