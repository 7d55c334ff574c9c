import type { Consent, Mode } from "@kenal/web";
import { nameMarket } from "@kenal/web";
import { h } from "../lib/dom.js";
import type { Visitor } from "../lib/fetch-visitors.js";
import type { Shop, Store } from "../lib/store.js";

/** The strip above the shop: through whose eyes, with whose consent, and ranked where. */
export function drawVisitorBar(store: Store, visitors: readonly Visitor[], stranger: Visitor): HTMLElement {
  const picker = h("select", { id: "visitor", name: "visitor" });
  const markets = [...new Set(visitors.map((visitor) => visitor.market))];
  for (const market of markets) {
    const group = h("optgroup", { label: nameMarket(market) });
    for (const visitor of visitors.filter((v) => v.market === market)) group.append(option(visitor));
    picker.append(group);
  }
  picker.append(option(stranger));
  picker.addEventListener("change", () => {
    const chosen = visitors.find((visitor) => visitor.id === picker.value);
    // A person shops in their own market; what is in the cart was somebody else's.
    store.set({ visitor: picker.value, cart: [], page: 0, category: null, ...(chosen === undefined ? {} : { market: chosen.market }) });
  });

  const consent = h("button", { type: "button", role: "switch", class: "switch", id: "consent", "aria-labelledby": "consent-label" }, h("span", { class: "knob" }));
  consent.addEventListener("click", () => store.set({ consent: store.get().consent === "granted" ? "denied" : "granted" }));
  const promise = h("span", { class: "promise", "aria-live": "polite" });

  const bar = h(
    "div",
    { class: "visitor-bar" },
    h(
      "div",
      { class: "wide" },
      h("div", { class: "control grow" }, h("label", { for: "visitor" }, "Shopping as"), picker),
      h("div", { class: "control" }, h("span", { id: "consent-label" }, "Personalise"), consent, promise),
      drawModes(store),
    ),
  );
  store.watch((shop) => {
    picker.value = shop.visitor;
    consent.setAttribute("aria-checked", String(shop.consent === "granted"));
    promise.textContent = promiseOf(shop.consent);
  });
  return bar;
}

function option({ id, label, note }: Visitor): HTMLOptionElement {
  return h("option", { value: id }, note === "" ? label : `${label}: ${note}`);
}

function promiseOf(consent: Consent): string {
  return consent === "granted" ? "from orders and clicks" : "nothing about you is sent or kept";
}

function drawModes(store: Store): HTMLElement {
  const group = h("div", { class: "segments", role: "radiogroup", "aria-label": "Ranked where" });
  const choices: readonly (readonly [Mode, string])[] = [
    ["edge", "At the edge"],
    ["browser", "In this browser"],
  ];
  for (const [mode, label] of choices) {
    const input = h("input", { type: "radio", name: "mode", value: mode });
    input.addEventListener("change", () => store.set({ mode }));
    group.append(h("label", {}, input, h("span", {}, label)));
    store.watch((shop: Shop) => {
      input.checked = shop.mode === mode;
    });
  }
  return h("div", { class: "control" }, h("span", { "aria-hidden": "true" }, "Ranked"), group);
}
