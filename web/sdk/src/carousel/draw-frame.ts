import { STYLES } from "./styles.js";

/** The fixed parts of the element, which stay while lists come and go. */
export interface Frame {
  readonly heading: HTMLElement;
  readonly note: HTMLElement;
  readonly list: HTMLUListElement;
  readonly status: HTMLElement;
}

const BLANKS = 6;

/** Draws the frame into a shadow root, with blank cards that keep the page from jumping when the list arrives. */
export function drawFrame(root: ShadowRoot): Frame {
  // A constructed sheet needs no `style-src 'unsafe-inline'`.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLES);
  root.adoptedStyleSheets = [sheet];

  const section = make("section", { "aria-labelledby": "heading" });
  const header = make("header", {});
  const words = make("div", { class: "words" });
  const heading = make("h2", { id: "heading", part: "heading" });
  const note = make("p", { class: "note", part: "note" });
  const list = make("ul", { id: "list", role: "list", tabindex: "0", "aria-labelledby": "heading" });
  const status = make("p", { class: "spoken", role: "status" });
  const back = pageButton("Earlier items", "M15 5l-7 7 7 7");
  const on = pageButton("More items", "M9 5l7 7-7 7");
  const paging = make("div", { class: "paging" });
  for (let at = 0; at < BLANKS; at += 1) list.append(make("li", { class: "card blank", "aria-hidden": "true" }));

  words.append(heading, note);
  paging.append(back, on);
  header.append(words, paging);
  section.append(header, list, status);
  root.append(section);
  turnPages(list, back, on);
  return { heading, note, list, status };
}

function turnPages(list: HTMLElement, back: HTMLButtonElement, on: HTMLButtonElement): void {
  const turn = (direction: number): void => {
    const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
    list.scrollBy({ left: direction * list.clientWidth * 0.85, behavior });
  };
  const settle = (): void => {
    back.disabled = list.scrollLeft <= 1;
    on.disabled = list.scrollLeft + list.clientWidth >= list.scrollWidth - 1;
  };
  back.addEventListener("click", () => turn(-1));
  on.addEventListener("click", () => turn(1));
  list.addEventListener("scroll", settle, { passive: true });
  new ResizeObserver(settle).observe(list);
  new MutationObserver(settle).observe(list, { childList: true });
}

function pageButton(label: string, path: string): HTMLButtonElement {
  const button = make("button", { type: "button", class: "page", "aria-label": label, "aria-controls": "list" });
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const arrow = document.createElementNS("http://www.w3.org/2000/svg", "path");
  for (const [name, value] of Object.entries({ d: path, fill: "none", stroke: "currentColor", "stroke-width": "2", "stroke-linecap": "round", "stroke-linejoin": "round" })) {
    arrow.setAttribute(name, value);
  }
  svg.append(arrow);
  button.append(svg);
  return button;
}

function make<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Readonly<Record<string, string>>): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
