const GLIDE_MS = 420;
const EASE = "cubic-bezier(0.2, 0.7, 0.2, 1)";

/** Where the cards stand now, by item. */
export function measureCards(list: Element): Map<string, DOMRect> {
  const places = new Map<string, DOMRect>();
  for (const card of list.querySelectorAll<HTMLElement>(".card[data-id]")) {
    places.set(card.dataset["id"] ?? "", card.getBoundingClientRect());
  }
  return places;
}

/**
 * Lets cards glide from where they stood to where they stand, so that a visitor sees a list being re-ranked rather
 * than replaced. Does nothing for someone who asked for less motion.
 */
export function glideCards(list: Element, before: ReadonlyMap<string, DOMRect>): void {
  if (before.size === 0 || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  for (const card of list.querySelectorAll<HTMLElement>(".card[data-id]")) {
    const was = before.get(card.dataset["id"] ?? "");
    const is = card.getBoundingClientRect();
    if (was === undefined) {
      card.animate([{ opacity: 0, transform: "translateY(10px)" }, { opacity: 1, transform: "none" }], { duration: GLIDE_MS, easing: EASE });
    } else if (was.left !== is.left) {
      card.animate([{ transform: `translateX(${was.left - is.left}px)` }, { transform: "none" }], { duration: GLIDE_MS, easing: EASE });
    }
  }
}
