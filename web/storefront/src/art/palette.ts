/** The colours of one picture. `body` is the thing itself, `trim` its second colour. */
export interface Palette {
  readonly wall: string;
  readonly glow: string;
  readonly body: string;
  readonly trim: string;
  readonly dark: string;
  readonly light: string;
}

/** Colours that a product's name may say, as body and trim. */
const NAMED: readonly (readonly [RegExp, string, string])[] = [
  [/\b(red|cherry|strawberry|strawberries|poppy)\b/, "#c8473d", "#f3d9c4"],
  [/\b(pink|rose|roses|fuschia|raspberry)\b/, "#d98597", "#fbe9e4"],
  [/\b(blue|navy|aqua|turquoise|sky)\b/, "#4f7ea3", "#e8efe9"],
  [/\b(green|mint|olive|apple|apples|leaf|woodland|garden)\b/, "#6d9170", "#f2ead2"],
  [/\b(yellow|lemon|sun|sunflower|gold|golden|honey)\b/, "#dfae4a", "#fbf3dc"],
  [/\b(orange|pumpkin|terracotta|copper)\b/, "#cf7a45", "#fae6d2"],
  [/\b(black|slate|chalkboard|charcoal|skull|skulls)\b/, "#45474a", "#e4e0d8"],
  [/\b(silver|zinc|grey|gray|metal|steel|pewter)\b/, "#8f989c", "#e9ebea"],
  [/\b(white|ivory|cream|porcelain|marble)\b/, "#f0e9dc", "#c9b79c"],
  [/\b(chocolate|wood|wooden|wicker|natural|rustic|bamboo|brown)\b/, "#a97c55", "#efdfc6"],
  [/\b(purple|lilac|lavender|violet|amethyst)\b/, "#8a78a8", "#ece5f2"],
];

const BODIES: readonly (readonly [string, string])[] = [
  ["#b9614a", "#f4ddc8"],
  ["#54808a", "#e6eee6"],
  ["#c99545", "#f8efd9"],
  ["#7a8b5c", "#f0ead3"],
  ["#96688a", "#f3e4ea"],
  ["#4c6a92", "#e7ebf1"],
  ["#c57a76", "#fbeae2"],
];

/** Hues of the walls behind the things, by category, all quiet. */
const WALLS: readonly (readonly [wall: string, glow: string])[] = [
  ["#e9e2d3", "#f4efe3"],
  ["#dde5df", "#ecf1ec"],
  ["#ebdcd3", "#f5ebe4"],
  ["#d9e1e8", "#eaeff3"],
  ["#e8e4cb", "#f3f0de"],
  ["#e5dce4", "#f1ebf0"],
  ["#dfe3d0", "#edf0e2"],
];

export function hash(text: string): number {
  let value = 2166136261;
  for (const unit of text) value = Math.imul(value ^ (unit.codePointAt(0) ?? 0), 16777619) >>> 0;
  return value;
}

const pick = <T>(list: readonly T[], seed: number, otherwise: T): T => list[seed % list.length] ?? otherwise;

/** The colours of a product: those its name says, or else some that its id decides. */
export function choosePalette(id: string, words: string, category: string): Palette {
  const named = NAMED.find(([pattern]) => pattern.test(words));
  const [body, trim] = named === undefined ? pick(BODIES, hash(id), ["#b9614a", "#f4ddc8"] as const) : [named[1], named[2]];
  const [wall, glow] = pick(WALLS, hash(category), ["#e9e2d3", "#f4efe3"] as const);
  return { wall, glow, body, trim, dark: "#33302b", light: "#fffaf0" };
}
