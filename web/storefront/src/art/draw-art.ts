import { chooseMotif } from "./choose-motif.js";
import { HOME_MOTIFS } from "./home-motifs.js";
import { PAPER_MOTIFS } from "./paper-motifs.js";
import type { Palette } from "./palette.js";
import { choosePalette, hash } from "./palette.js";
import { chooseSurface, drawSurface } from "./surface.js";
import { svg } from "./svg.js";
import type { Shape } from "./svg.js";
import { TABLE_MOTIFS } from "./table-motifs.js";
import { WEAR_MOTIFS } from "./wear-motifs.js";

const MOTIFS: Readonly<Record<string, readonly Shape[]>> = { ...TABLE_MOTIFS, ...HOME_MOTIFS, ...PAPER_MOTIFS, ...WEAR_MOTIFS };

interface Pictured {
  readonly id: string;
  readonly title: string;
  readonly category: string | null;
}

let drawn = 0;

/**
 * The picture of a product: the shop has no photographs, so each is drawn from its name, category and id, the same
 * every time. Decorative, hence hidden from assistive technology; the name is always beside it.
 */
export function drawArt(item: Pictured): Element {
  const words = item.title.toLowerCase();
  const category = (item.category ?? "").toLowerCase();
  const palette = choosePalette(item.id, words, category);
  const shapes = MOTIFS[chooseMotif(item.id, words, category)] ?? [];
  drawn += 1;
  // Patterns are found by id in the whole document, so every drawing needs its own.
  const surfaceId = `surface-${drawn}`;
  const surface = drawSurface(chooseSurface(words), surfaceId, palette);
  const colours = rolesOf(palette, surface === null ? palette.body : `url(#${surfaceId})`);

  const seed = hash(item.id);
  const picture = svg("svg", { viewBox: "0 0 200 172", preserveAspectRatio: "xMidYMid slice", "aria-hidden": "true", focusable: "false" });
  if (surface !== null) picture.append(svg("defs", {}, surface));
  picture.append(
    svg("rect", { width: 200, height: 172, fill: palette.wall }),
    backdrop(seed, palette),
    svg("rect", { y: 138, width: 200, height: 34, fill: palette.dark, opacity: 0.06 }),
    svg("ellipse", { cx: 100, cy: 148, rx: 62, ry: 7, fill: palette.dark, opacity: 0.14 }),
    svg("g", { transform: place(seed) }, ...shapes.map((shape) => paint(shape, colours))),
  );
  return picture;
}

/** A quiet form behind the thing: a sun, an arch, a window of light. */
function backdrop(seed: number, palette: Palette): SVGElement {
  const shift = ((seed >>> 8) % 25) - 12;
  switch (seed % 3) {
    case 0:
      return svg("circle", { cx: 100 + shift, cy: 78, r: 66, fill: palette.glow });
    case 1:
      return svg("path", { d: `M${38 + shift} 138V84a62 62 0 0 1 124 0v54z`, fill: palette.glow });
    default:
      return svg("path", { d: `M${20 + shift} 0h76l48 138H${68 + shift}z`, fill: palette.glow });
  }
}

/** Half of the things look the other way; a name on a label would too, but no motif has letters. */
const place = (seed: number): string => ((seed >>> 4) % 2 === 0 ? "translate(0 2)" : "translate(200 2) scale(-1 1)");

function rolesOf(palette: Palette, skin: string): Readonly<Record<string, string>> {
  return {
    skin,
    body: palette.body,
    trim: palette.trim,
    dark: palette.dark,
    light: palette.light,
    wall: palette.wall,
    glow: palette.glow,
    shade: "rgb(40 30 20 / 0.14)",
    flame: "#f0b95a",
    leaf: "#6f8f66",
    slate: "#3f4744",
    glass: "#bcd0d4",
    none: "none",
  };
}

function paint([tag, attributes]: Shape, colours: Readonly<Record<string, string>>): SVGElement {
  const painted = Object.entries(attributes).map(([name, value]): [string, string | number] =>
    name === "fill" || name === "stroke" ? [name, colours[String(value)] ?? String(value)] : [name, value],
  );
  return svg(tag, Object.fromEntries(painted));
}
