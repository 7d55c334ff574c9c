import type { CatalogueItem } from "@kenal/web";
import { formatPrice } from "@kenal/web";
import { drawArt } from "../art/draw-art.js";
import { button, h } from "../lib/dom.js";
import type { ShopActions } from "../lib/shop-actions.js";
import type { Sheet } from "./sheet.js";

/** A product's own page, as a sheet: what it is, and what goes with it. */
export function showProduct(sheet: Sheet, item: CatalogueItem, market: string, actions: ShopActions, companions: HTMLElement): void {
  const buy = button("Buy", { class: "pill firm" }, () => {
    actions.buy([item]);
    sheet.element.close();
  });
  sheet.show(
    item.title,
    h("div", { class: "hero-picture", "aria-hidden": "true" }, drawArt(item)),
    h(
      "div",
      { class: "product" },
      item.category === null ? null : h("p", { class: "eyebrow" }, item.category),
      h("h2", {}, item.title),
      h("p", { class: "product-price" }, item.price === null ? "" : formatPrice(item.price, market)),
      h("div", { class: "buttons" }, button("Add to cart", { class: "pill" }, () => actions.addToCart(item)), buy),
    ),
    companions,
  );
}
