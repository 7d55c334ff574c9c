import type { CatalogueItem, Session } from "@kenal/web";
import { recordEvent } from "@kenal/web";
import type { Store } from "./store.js";

/** What a visitor can do with a product, wherever on the page it is shown. */
export interface ShopActions {
  readonly view: (item: CatalogueItem) => void;
  readonly addToCart: (item: CatalogueItem) => void;
  readonly removeFromCart: (item: CatalogueItem) => void;
  readonly buy: (items: readonly CatalogueItem[]) => void;
}

/** `record` is false where the carousel has noted the event already. */
export interface Wiring {
  readonly session: Session;
  readonly store: Store;
  readonly open: (item: CatalogueItem) => void;
  readonly say: (text: string) => void;
}

export function createActions({ session, store, open, say }: Wiring, record: boolean): ShopActions {
  const note = (kind: "view" | "cart" | "remove" | "purchase", item: CatalogueItem): void => {
    if (record) recordEvent(session, kind, item.id);
  };
  const without = (gone: readonly CatalogueItem[]): readonly CatalogueItem[] =>
    store.get().cart.filter((held) => !gone.some((item) => item.id === held.id));
  return {
    view: (item) => {
      note("view", item);
      open(item);
    },
    addToCart: (item) => {
      note("cart", item);
      store.set({ cart: [...without([item]), item] });
      say(`${item.title} is in your cart.`);
    },
    removeFromCart: (item) => {
      note("remove", item);
      store.set({ cart: without([item]) });
    },
    buy: (items) => {
      for (const item of items) note("purchase", item);
      store.set({ cart: without(items) });
      const [first] = items;
      if (first !== undefined) say(items.length === 1 ? `${first.title} is bought. It will not be suggested again.` : `${items.length} things are bought.`);
    },
  };
}
