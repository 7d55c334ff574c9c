import { explain } from "../explain.js";
import { formatPrice } from "../format-price.js";
import type { RankedItem } from "../types/ranking.js";

/** What a card can be asked to do. */
export interface CardActions {
  readonly art: (item: RankedItem) => Element;
  readonly select: (item: RankedItem) => void;
  readonly cart: (item: RankedItem) => void;
  readonly buy: (item: RankedItem) => void;
}

/** Draws one item as a list entry: a button over picture, title and price, the reason, and the two shop actions. */
export function drawCard(item: RankedItem, market: string, actions: CardActions): HTMLLIElement {
  const card = document.createElement("li");
  card.className = "card";
  card.dataset["id"] = item.id;
  card.setAttribute("part", "card");

  const select = document.createElement("button");
  select.type = "button";
  select.className = "select";
  const price = item.price === null ? "" : formatPrice(item.price, market);
  select.setAttribute("aria-label", price === "" ? item.title : `${item.title}, ${price}`);
  const picture = span("picture", "");
  picture.setAttribute("aria-hidden", "true");
  picture.append(actions.art(item));
  select.append(picture, span("title", item.title), span("price", price));
  select.addEventListener("click", () => actions.select(item));

  const buttons = document.createElement("div");
  buttons.className = "actions";
  buttons.append(
    action("Add to cart", item, "quiet", () => actions.cart(item)),
    action("Buy", item, "firm", () => actions.buy(item)),
  );
  card.append(select, reason(item, market), buttons);
  return card;
}

/** Brings a card that stays on the page up to date: its item may be here for another reason now. */
export function refreshCard(card: HTMLElement, item: RankedItem, market: string): void {
  card.querySelector(".reason")?.replaceWith(reason(item, market));
}

function reason(item: RankedItem, market: string): HTMLElement {
  const line = document.createElement("p");
  line.className = "reason";
  line.dataset["kind"] = item.reason.kind;
  line.textContent = explain(item.reason, market);
  line.title = line.textContent;
  return line;
}

function action(label: string, item: RankedItem, kind: string, run: () => void): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = `action ${kind}`;
  button.textContent = label;
  button.setAttribute("aria-label", `${label}: ${item.title}`);
  button.addEventListener("click", run);
  return button;
}

function span(kind: string, text: string): HTMLSpanElement {
  const element = document.createElement("span");
  element.className = kind;
  element.textContent = text;
  return element;
}
