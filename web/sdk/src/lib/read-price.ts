import type { Price } from "../types/ranking.js";
import { readFields, readText } from "./read.js";

export function readPrice(value: unknown, path: string): Price {
  const fields = readFields(value, path);
  return {
    amount: readText(fields["amount"], `${path}.amount`),
    currency: readText(fields["currency"], `${path}.currency`),
  };
}
