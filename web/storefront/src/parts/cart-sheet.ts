import type { CatalogueItem } from "@kenal/web";
import { formatPrice } from "@kenal/web";
import { drawArt } from "../art/draw-art.js";
import { button, h } from "../lib/dom.js";
import type { ShopActions } from "../lib/shop-actions.js";
import type { Shop } from "../lib/store.js";
import type { Sheet } from "./sheet.js";

/** The cart: what is in it, what it costs, and what could still go in. */
export function showCart(sheet: Sheet, shop: Shop, actions: ShopActions, companions: HTMLElement): void {
  const { cart, market } = shop;
  const lines = cart.map((item) =>
    h(
      "li",
      { class: "cart-line" },
      h("span", { class: "thumb", "aria-hidden": "true" }, drawArt(item)),
      h("span", { class: "cart-title" }, item.title),
      h("span", { class: "cart-price" }, item.price === null ? "" : formatPrice(item.price, market)),
      button("Remove", { class: "plain", "aria-label": `Remove: ${item.title}` }, () => actions.removeFromCart(item)),
    ),
  );
  const buy = button("Buy everything", { class: "pill firm" }, () => {
    actions.buy(cart);
    sheet.element.close();
  });
  sheet.show(
    "Cart",
    h("h2", { class: "sheet-heading" }, "Your cart"),
    cart.length === 0 ? h("p", { class: "empty" }, "Nothing in it yet.") : h("ul", { class: "cart-lines", role: "list" }, ...lines),
    cart.length === 0 ? h("span", {}) : h("div", { class: "cart-total" }, h("span", {}, total(cart, market)), buy),
    companions,
  );
}

function total(cart: readonly CatalogueItem[], market: string): string {
  const prices = cart.map((item) => item.price).filter((price) => price !== null);
  const [first] = prices;
  if (first === undefined) return "";
  // In hundredths, so that 0.1 + 0.2 is 0.3.
  const hundredths = prices.reduce((sum, price) => sum + Math.round(Number(price.amount) * 100), 0);
  return `Total ${formatPrice({ amount: (hundredths / 100).toFixed(2), currency: first.currency }, market)}`;
}
