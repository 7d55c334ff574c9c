/** Readers of values nobody has checked yet. Each says where in the value it stood when the shape was not as promised. */

export class Malformed extends Error {
  override readonly name = "Malformed";
}

export type Fields = Readonly<Record<string, unknown>>;

const expected = (what: string, path: string, got: unknown): never => {
  throw new Malformed(`${path}: expected ${what}, got ${got === null ? "null" : typeof got}`);
};

export function readFields(value: unknown, path: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return expected("an object", path, value);
  return value as Fields;
}

export function readList<T>(value: unknown, path: string, each: (entry: unknown, path: string) => T): T[] {
  if (!Array.isArray(value)) return expected("a list", path, value);
  return value.map((entry: unknown, at) => each(entry, `${path}[${at}]`));
}

export function readText(value: unknown, path: string): string {
  return typeof value === "string" ? value : expected("a text", path, value);
}

export function readNumber(value: unknown, path: string): number {
  return typeof value === "number" && Number.isFinite(value) ? value : expected("a finite number", path, value);
}

export function readFlag(value: unknown, path: string): boolean {
  return typeof value === "boolean" ? value : expected("true or false", path, value);
}

export function readWord<const W extends string>(value: unknown, path: string, words: readonly W[]): W {
  const word = words.find((candidate) => candidate === value);
  return word ?? expected(`one of ${words.join(", ")}`, path, value);
}

export function readMaybe<T>(value: unknown, path: string, each: (entry: unknown, path: string) => T): T | null {
  return value === null || value === undefined ? null : each(value, path);
}
