import type { Palette } from "./palette.js";
import { svg } from "./svg.js";

/** What a thing's surface is like, where its name says so. */
export type Surface = "dots" | "stripes" | "checks" | "leaves" | "petals" | "stars" | "weave" | "plain";

const RULES: readonly (readonly [RegExp, Surface])[] = [
  [/\b(retrospot|polkadot|polka|dot|dotty|spot|spotty|spots|dots)\b/, "dots"],
  [/\b(gingham|check|checked|tartan|union)\b/, "checks"],
  [/\b(stripe|stripes|striped|stripey|circus|diner)\b/, "stripes"],
  [/\b(paisley|leaf|woodland|apple|apples|pears|botanical|batik|fern|tropical)\b/, "leaves"],
  [/\b(rose|roses|flower|flowers|floral|regency|daisy|doily|suki|strawberry|baroque|vintage)\b/, "petals"],
  [/\b(star|stars|spaceboy|christmas|snowflake|skull|skulls)\b/, "stars"],
  [/\b(wicker|rattan|woven|knitted|bamboo|natural)\b/, "weave"],
];

export function chooseSurface(words: string): Surface {
  return RULES.find(([pattern]) => pattern.test(words))?.[1] ?? "plain";
}

/** The pattern element of a surface; null for a plain one. */
export function drawSurface(surface: Surface, id: string, { body, trim }: Palette): SVGElement | null {
  const tile = (size: number, ...marks: SVGElement[]): SVGElement =>
    svg("pattern", { id, width: size, height: size, patternUnits: "userSpaceOnUse" }, svg("rect", { width: size, height: size, fill: body }), ...marks);
  switch (surface) {
    case "dots":
      return tile(18, svg("circle", { cx: 4.5, cy: 4.5, r: 3.6, fill: trim }), svg("circle", { cx: 13.5, cy: 13.5, r: 3.6, fill: trim }));
    case "stripes":
      return tile(14, svg("rect", { width: 6, height: 14, fill: trim }));
    case "checks":
      return tile(
        16,
        svg("rect", { width: 8, height: 16, fill: trim, opacity: 0.45 }),
        svg("rect", { width: 16, height: 8, fill: trim, opacity: 0.45 }),
      );
    case "leaves":
      return tile(22, svg("path", { d: "M3 9c0-6 6-7 8-7 0 6-4 8-8 7zM12 20c0-6 6-7 8-7 0 6-4 8-8 7z", fill: trim, opacity: 0.8 }));
    case "petals":
      return tile(24, petals(7, 7, trim), petals(19, 19, trim));
    case "stars":
      return tile(24, svg("path", { d: "M7 2l1.5 3.5 3.7.3-2.8 2.5.9 3.6L7 10l-3.3 1.9.9-3.6L1.8 5.8l3.7-.3zM19 15l1 2.3 2.5.2-1.9 1.7.6 2.4-2.2-1.3-2.2 1.3.6-2.4-1.9-1.7 2.5-.2z", fill: trim, opacity: 0.85 }));
    case "weave":
      return tile(12, svg("path", { d: "M0 3h6M6 9h6M3 6v6M9 0v6", stroke: trim, "stroke-width": 2.4, opacity: 0.5, "stroke-linecap": "round" }));
    case "plain":
      return null;
  }
}

function petals(x: number, y: number, fill: string): SVGElement {
  const round = [0, 72, 144, 216, 288].map((turn) =>
    svg("ellipse", { cx: x, cy: y - 3, rx: 1.9, ry: 2.8, fill, transform: `rotate(${turn} ${x} ${y})` }),
  );
  return svg("g", { opacity: 0.85 }, ...round);
}
