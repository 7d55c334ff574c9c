import type { CatalogueItem, CataloguePage, Session } from "@kenal/web";
import { browseCatalogue, formatPrice } from "@kenal/web";
import { drawArt } from "../art/draw-art.js";
import { button, h } from "../lib/dom.js";
import type { ShopActions } from "../lib/shop-actions.js";
import type { Shop, Store } from "../lib/store.js";

const PAGE_ITEMS = 24;

/** Tiles that hold the place until the bundle is here. */
const BLANKS = 12;

/** The whole catalogue, filtered and in pages. It comes from the bundle in the browser and is the same for everyone. */
export function drawCatalogueGrid(session: Session, store: Store, actions: ShopActions): HTMLElement {
  const chips = h("div", { class: "chips", role: "group", "aria-label": "Categories" });
  const grid = h("ul", { class: "grid", role: "list" });
  const paging = h("nav", { class: "pages", "aria-label": "Catalogue pages" });
  const total = h("p", { class: "total", role: "status" });
  const section = h(
    "section",
    { class: "catalogue", id: "catalogue", "aria-labelledby": "catalogue-heading" },
    h("div", { class: "row" }, h("h2", { id: "catalogue-heading" }, "The catalogue"), total),
    chips,
    grid,
    paging,
  );

  for (let at = 0; at < BLANKS; at += 1) grid.append(h("li", { class: "tile blank", "aria-hidden": "true" }));

  let shown = "";
  const refresh = async (shop: Shop): Promise<void> => {
    const wanted = JSON.stringify([shop.market, shop.category, shop.page]);
    if (wanted === shown) return;
    shown = wanted;
    const listed = await browseCatalogue(session, { market: shop.market, category: shop.category, offset: shop.page * PAGE_ITEMS, count: PAGE_ITEMS });
    if (wanted !== shown) return;
    if (!listed.ok) {
      shown = "";
      grid.replaceChildren(h("li", { class: "absent" }, "The catalogue is not available right now; the list above still is."));
      return;
    }
    drawChips(chips, listed.value, shop, store);
    grid.replaceChildren(...listed.value.items.map((item) => drawTile(item, shop.market, actions)));
    total.textContent = `${listed.value.total.toLocaleString("en")} products`;
    drawPaging(paging, Math.ceil(listed.value.total / PAGE_ITEMS), shop, store, section);
  };
  store.watch((shop) => void refresh(shop));
  return section;
}

function drawChips(chips: HTMLElement, { categories }: CataloguePage, shop: Shop, store: Store): void {
  const choices: readonly (string | null)[] = [null, ...categories.map((category) => category.name)];
  chips.replaceChildren(
    ...choices.map((category) =>
      button(category ?? "Everything", { class: "chip", "aria-pressed": String(category === shop.category) }, () => store.set({ category, page: 0 })),
    ),
  );
}

function drawTile(item: CatalogueItem, market: string, actions: ShopActions): HTMLElement {
  const open = h(
    "button",
    { type: "button", class: "open" },
    h("span", { class: "picture", "aria-hidden": "true" }, drawArt(item)),
    h("span", { class: "title" }, item.title),
    h("span", { class: "price" }, item.price === null ? "" : formatPrice(item.price, market)),
  );
  open.addEventListener("click", () => actions.view(item));
  const add = button("Add", { class: "pill", "aria-label": `Add to cart: ${item.title}` }, () => actions.addToCart(item));
  return h("li", { class: "tile", "data-id": item.id }, open, add);
}

function drawPaging(paging: HTMLElement, pages: number, shop: Shop, store: Store, section: HTMLElement): void {
  const go = (page: number) => (): void => {
    store.set({ page });
    section.scrollIntoView({ block: "start" });
  };
  const back = button("Previous", { class: "pill" }, go(shop.page - 1));
  const on = button("Next", { class: "pill" }, go(shop.page + 1));
  back.disabled = shop.page === 0;
  on.disabled = shop.page + 1 >= pages;
  paging.hidden = pages <= 1;
  paging.replaceChildren(back, h("span", {}, `Page ${shop.page + 1} of ${pages}`), on);
}
