import { explainFallback } from "../explain-fallback.js";
import { identify } from "../identify.js";
import { nameMarket } from "../name-market.js";
import { openSession } from "../open-session.js";
import { rank } from "../rank.js";
import { recordEvent } from "../record-event.js";
import type { EventKind } from "../types/live-event.js";
import type { RankedItem, Ranked } from "../types/ranking.js";
import type { Session } from "../types/session.js";
import { defaultArt } from "./default-art.js";
import type { CardActions } from "./draw-card.js";
import { drawCard, refreshCard } from "./draw-card.js";
import type { Frame } from "./draw-frame.js";
import { drawFrame } from "./draw-frame.js";
import { glideCards, measureCards } from "./glide.js";
import type { Settings } from "./read-settings.js";
import { ATTRIBUTES, readSettings } from "./read-settings.js";

/**
 * `<kenal-carousel>`: a ranked list of items that keeps itself up to date.
 *
 * Its attributes say what to ask; `visitor` and `consent`, where present, also say who is there and what they allow,
 * for every carousel of the page. It says `kenal-select`, `kenal-cart` and `kenal-buy` when its buttons are used; unless
 * the page prevents their default, it notes them as live events, so the next list knows. `kenal-ranked` says that a
 * list has arrived. Where no list can be had it hides itself.
 */
export class KenalCarousel extends HTMLElement {
  static readonly observedAttributes: readonly string[] = ATTRIBUTES;

  /** Draws an item's picture; a shop sets its own. */
  drawArt: (item: RankedItem) => Element = defaultArt;

  #frame: Frame | null = null;
  #session: Session | null = null;
  #identity = "";
  #waiting = false;
  #latest = 0;
  #drawnMarket = "";
  readonly #onChange = (): void => this.#schedule();

  connectedCallback(): void {
    this.#frame ??= drawFrame(this.attachShadow({ mode: "open" }));
    if (!this.hasAttribute("data-state")) this.dataset["state"] = "loading";
    this.#schedule();
  }

  disconnectedCallback(): void {
    this.#session?.changes.removeEventListener("change", this.#onChange);
    this.#session = null;
    this.#identity = "";
    this.#latest += 1;
  }

  attributeChangedCallback(): void {
    this.#schedule();
  }

  /** Several attributes set together make one request. */
  #schedule(): void {
    if (this.#waiting || !this.isConnected) return;
    this.#waiting = true;
    queueMicrotask(() => {
      const settings = readSettings(this);
      if (this.isConnected) this.#join(settings);
      this.#waiting = false;
      if (this.isConnected) void this.#rank(settings);
    });
  }

  #join(settings: Settings): void {
    const session = openSession(settings);
    if (session !== this.#session) {
      this.#session?.changes.removeEventListener("change", this.#onChange);
      session.changes.addEventListener("change", this.#onChange);
      this.#session = session;
      this.#identity = "";
    }
    // Only a change of the attributes speaks: another carousel, or the page itself, may know better by now.
    const identity = JSON.stringify([settings.visitor, settings.consent]);
    if (identity === this.#identity) return;
    this.#identity = identity;
    identify(session, {
      ...(settings.visitor === null ? {} : { visitor: settings.visitor }),
      ...(settings.consent === null ? {} : { consent: settings.consent }),
    });
  }

  async #rank(settings: Settings): Promise<void> {
    const session = this.#session;
    if (session === null) return;
    this.#latest += 1;
    const turn = this.#latest;
    this.#frame?.list.setAttribute("aria-busy", "true");
    const ranked = await rank(session, settings);
    // A newer question is on its way; its answer counts.
    if (turn !== this.#latest) return;
    this.#frame?.list.setAttribute("aria-busy", "false");
    if (ranked.ok) this.#show(ranked.value, settings);
    else if (ranked.failure.kind !== "aborted") this.#hide();
  }

  #show(ranked: Ranked, settings: Settings): void {
    const frame = this.#frame;
    if (frame === null) return;
    const { ranking } = ranked;
    if (ranking.items.length === 0) return this.#hide();
    const popular = `Popular in ${nameMarket(settings.market)}`;
    const heading = settings.heading ?? (ranking.personalised ? "Picked for you" : popular);
    frame.heading.textContent = heading;
    // Always a line on the home slot: were it to come and go, the cards would jump.
    const personal = settings.slot === "home" ? "From what you bought, looked at and put in your cart." : "";
    frame.note.textContent = ranking.personalised ? personal : `Not personal: ${explainFallback(ranking.fallbackReason)}.`;
    this.#drawCards(frame.list, ranking.items, settings.market);
    if (this.dataset["state"] === "ready") frame.status.textContent = `${heading}: list updated, ${ranking.items.length} items.`;
    this.dataset["state"] = "ready";
    this.dataset["mode"] = ranked.mode;
    this.dispatchEvent(new CustomEvent("kenal-ranked", { detail: ranked, bubbles: true, composed: true }));
  }

  /** Cards of items that stay keep their element, and with it focus and place in the glide. */
  #drawCards(list: HTMLUListElement, items: readonly RankedItem[], market: string): void {
    const before = measureCards(list);
    const kept = new Map<string, HTMLElement>();
    if (market === this.#drawnMarket) {
      for (const card of list.querySelectorAll<HTMLElement>(".card[data-id]")) kept.set(card.dataset["id"] ?? "", card);
    }
    this.#drawnMarket = market;
    const focused = this.shadowRoot?.activeElement;
    const cards = items.map((item) => {
      const card = kept.get(item.id);
      if (card === undefined) return drawCard(item, market, this.#actions);
      refreshCard(card, item, market);
      return card;
    });
    const place = list.scrollLeft;
    list.replaceChildren(...cards);
    // A list of other items is another list, and is read from its start. Otherwise it stays where it was: left alone, a
    // browser would follow the card it had snapped to, to wherever that card has gone in the new order.
    list.scrollLeft = items.some((item) => kept.has(item.id)) ? place : 0;
    // Moving an element in the document drops its focus; a bought item's focus goes to the list instead of the page.
    if (focused instanceof HTMLElement) (list.contains(focused) ? focused : list).focus({ preventScroll: true });
    glideCards(list, before);
  }

  #hide(): void {
    this.dataset["state"] = "empty";
    this.#frame?.list.replaceChildren();
  }

  readonly #actions: CardActions = {
    art: (item) => this.drawArt(item),
    select: (item) => this.#say("kenal-select", item, "view"),
    cart: (item) => this.#say("kenal-cart", item, "cart"),
    buy: (item) => this.#say("kenal-buy", item, "purchase"),
  };

  #say(name: string, item: RankedItem, kind: EventKind): void {
    const proceeds = this.dispatchEvent(new CustomEvent(name, { detail: item, bubbles: true, composed: true, cancelable: true }));
    if (proceeds && this.#session !== null) recordEvent(this.#session, kind, item.id);
  }
}
