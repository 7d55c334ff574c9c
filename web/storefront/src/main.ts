import type { CatalogueItem, RankedItem, Ranked } from "@kenal/web";
import { openSession } from "@kenal/web";
import type { KenalCarousel } from "@kenal/web/carousel";
import "@kenal/web/carousel";
import { drawArt } from "./art/draw-art.js";
import { h } from "./lib/dom.js";
import type { Visitor } from "./lib/fetch-visitors.js";
import { fetchVisitors } from "./lib/fetch-visitors.js";
import { createActions } from "./lib/shop-actions.js";
import { createStore } from "./lib/store.js";
import { showCart } from "./parts/cart-sheet.js";
import { drawCatalogueGrid } from "./parts/catalogue-grid.js";
import { showProduct } from "./parts/product-sheet.js";
import { drawRankingPanel } from "./parts/ranking-panel.js";
import { drawSheet } from "./parts/sheet.js";
import { drawShopHeader } from "./parts/shop-header.js";
import { drawToast } from "./parts/toast.js";
import { drawVisitorBar } from "./parts/visitor-bar.js";

const MARKETS = ["SG", "MY", "TH", "ID"] as const;

const visitors = await fetchVisitors();
// Somebody the shop has never seen: an id that lives as long as this page, so that clicks count from the first one on.
const stranger: Visitor = { id: `guest-${crypto.randomUUID()}`, label: "Somebody new", market: "SG", note: "no orders; learns from clicks" };
const [first = stranger] = visitors;

const session = openSession();
const store = createStore({
  market: first.market,
  visitor: first.id,
  // The listed visitors are those whose agreement is on record; somebody new has not been asked.
  consent: first === stranger ? "unset" : "granted",
  mode: "edge",
  category: null,
  page: 0,
  cart: [],
});

const toast = drawToast();
const productSheet = drawSheet("product-sheet");
const cartSheet = drawSheet("cart-sheet");
const wiring = { session, store, open: openProduct, say: toast.say };
const actions = createActions(wiring, true);
const fromCarousel = createActions(wiring, false);

/** A carousel that follows the session: who is there and what they allow is said once, on the home carousel. */
function drawCarousel(attributes: Readonly<Record<string, string>>): KenalCarousel {
  const carousel = h("kenal-carousel", { market: store.get().market, mode: store.get().mode, ...attributes });
  carousel.drawArt = drawArt;
  carousel.addEventListener("kenal-select", (event) => fromCarousel.view(pickedBy(event)));
  carousel.addEventListener("kenal-cart", (event) => fromCarousel.addToCart(pickedBy(event)));
  carousel.addEventListener("kenal-buy", (event) => fromCarousel.buy([pickedBy(event)]));
  return carousel;
}

const pickedBy = (event: Event): RankedItem => (event as CustomEvent<RankedItem>).detail;

function openProduct(item: CatalogueItem): void {
  if (cartSheet.element.open) cartSheet.element.close();
  const companions = drawCarousel({ slot: "product", item: item.id, k: "8", heading: "Goes with this" });
  showProduct(productSheet, item, store.get().market, actions, companions);
}

function openCart(): void {
  showCart(cartSheet, store.get(), actions, drawCarousel({ slot: "cart", k: "8", heading: "Before you go" }));
}

const home = drawCarousel({ slot: "home", k: "12", id: "home" });
const panel = drawRankingPanel();
home.addEventListener("kenal-ranked", (event) => panel.show((event as CustomEvent<Ranked>).detail, store.get().market));

store.watch((shop) => {
  for (const [name, value] of Object.entries({ market: shop.market, mode: shop.mode, visitor: shop.visitor, consent: shop.consent })) {
    if (home.getAttribute(name) !== value) home.setAttribute(name, value);
  }
  if (cartSheet.element.open) openCart();
});

document.querySelector("#app")?.append(
  drawVisitorBar(store, visitors, stranger),
  drawShopHeader(store, MARKETS, openCart),
  h("main", { class: "wide" }, h("div", { class: "ranked" }, home, panel.element), drawCatalogueGrid(session, store, actions)),
  h(
    "footer",
    { class: "wide" },
    h("p", {}, "Serambi is a demonstration shop. Its lists are ranked by Kenal; its products and visitors come from generated and published data, and nothing here is for sale."),
  ),
  productSheet.element,
  cartSheet.element,
  toast.element,
);
