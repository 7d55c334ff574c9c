/** Somebody the demonstration can look through the eyes of. There are no names; the label is a description. */
export interface Visitor {
  readonly id: string;
  readonly label: string;
  readonly market: string;
  readonly note: string;
}

function readVisitor(value: unknown): Visitor | null {
  if (typeof value !== "object" || value === null) return null;
  const fields = value as Readonly<Record<string, unknown>>;
  const { id, label, market, note } = fields;
  if (typeof id !== "string" || typeof label !== "string" || typeof market !== "string") return null;
  return { id, label, market, note: typeof note === "string" ? note : "" };
}

/** The visitors that the demonstration wrote beside the page; none when it wrote no list. */
export async function fetchVisitors(): Promise<readonly Visitor[]> {
  try {
    const answer = await fetch("./visitors.json", { credentials: "omit" });
    const list: unknown = answer.ok ? await answer.json() : [];
    return Array.isArray(list) ? list.map(readVisitor).filter((visitor) => visitor !== null) : [];
  } catch {
    return [];
  }
}
