const SVG = "http://www.w3.org/2000/svg";

/** One drawn shape: a tag and its attributes. Colours are the roles of a palette, replaced when it is drawn. */
export type Shape = readonly [tag: string, attributes: Readonly<Record<string, string | number>>];

export function svg(tag: string, attributes: Readonly<Record<string, string | number>>, ...children: Element[]): SVGElement {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/** Short forms for the motif files, which are lists of shapes and little else. */
export const path = (d: string, fill: string, more: Readonly<Record<string, string | number>> = {}): Shape => ["path", { d, fill, ...more }];

export const line = (d: string, stroke: string, width: number): Shape => [
  "path",
  { d, fill: "none", stroke, "stroke-width": width, "stroke-linecap": "round", "stroke-linejoin": "round" },
];

export const box = (x: number, y: number, width: number, height: number, rx: number, fill: string): Shape => [
  "rect",
  { x, y, width, height, rx, fill },
];

export const disc = (cx: number, cy: number, rx: number, fill: string, ry = rx): Shape => ["ellipse", { cx, cy, rx, ry, fill }];
