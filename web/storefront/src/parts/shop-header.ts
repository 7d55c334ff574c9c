import { nameMarket } from "@kenal/web";
import { svg } from "../art/svg.js";
import { h } from "../lib/dom.js";
import type { Store } from "../lib/store.js";

/** The shop's own header: its name, the market, the cart. */
export function drawShopHeader(store: Store, markets: readonly string[], openCart: () => void): HTMLElement {
  const market = h("select", { id: "market", name: "market" });
  for (const code of markets) market.append(h("option", { value: code }, nameMarket(code)));
  market.addEventListener("change", () => store.set({ market: market.value, category: null, page: 0, cart: [] }));

  const count = h("span", { class: "count", id: "cart-count" });
  const cart = h("button", { type: "button", class: "cart-button", id: "cart" }, icon(), h("span", {}, "Cart"), count);
  cart.addEventListener("click", openCart);

  store.watch((shop) => {
    market.value = shop.market;
    count.textContent = String(shop.cart.length);
    cart.setAttribute("aria-label", `Cart, ${shop.cart.length} ${shop.cart.length === 1 ? "item" : "items"}`);
    cart.classList.toggle("filled", shop.cart.length > 0);
  });
  return h(
    "header",
    { class: "shop-header wide" },
    h("a", { class: "wordmark", href: "./" }, mark(), h("span", {}, "Serambi")),
    h("p", { class: "claim" }, "Things for the house, and the people in it"),
    h("label", { class: "market" }, h("span", { class: "unseen" }, "Market"), market),
    cart,
  );
}

function mark(): Element {
  return svg(
    "svg",
    { viewBox: "0 0 32 32", width: 30, height: 30, "aria-hidden": "true" },
    svg("path", { d: "M3 14 16 4l13 10v4H3z", fill: "currentColor" }),
    svg("path", { d: "M7 21v7M16 21v7M25 21v7", stroke: "currentColor", "stroke-width": 3.6, "stroke-linecap": "round" }),
  );
}

function icon(): Element {
  return svg(
    "svg",
    { viewBox: "0 0 24 24", width: 20, height: 20, "aria-hidden": "true", fill: "none", stroke: "currentColor", "stroke-width": 1.8, "stroke-linejoin": "round" },
    svg("path", { d: "M5 8h14l-1 12H6z" }),
    svg("path", { d: "M9 10V7a3 3 0 0 1 6 0v3", "stroke-linecap": "round" }),
  );
}
