import type { RankedItem } from "../types/ranking.js";

/** A plain tile with the item's initials, for a shop that brings no pictures of its own. */
export function defaultArt(item: RankedItem): Element {
  const tile = document.createElement("span");
  tile.className = "initials";
  const words = item.title.match(/\p{L}+/gu) ?? [];
  tile.textContent = words
    .slice(0, 2)
    .map((word) => [...word][0] ?? "")
    .join("")
    .toUpperCase();
  let hash = 0;
  for (const unit of item.category ?? item.id) hash = (hash * 31 + (unit.codePointAt(0) ?? 0)) >>> 0;
  tile.style.setProperty("--hue", String(hash % 360));
  return tile;
}
