import type { RankedItem, Ranking, Reason } from "../types/ranking.js";
import { REASON_KINDS } from "../types/ranking.js";
import { readPrice } from "./read-price.js";
import { readFields, readFlag, readList, readMaybe, readNumber, readText, readWord } from "./read.js";

function readReason(value: unknown, path: string): Reason {
  const fields = readFields(value, path);
  return {
    kind: readWord(fields["kind"], `${path}.kind`, REASON_KINDS),
    item: readMaybe(fields["item"], `${path}.item`, readText),
    title: readMaybe(fields["title"], `${path}.title`, readText),
  };
}

function readItem(value: unknown, path: string): RankedItem {
  const fields = readFields(value, path);
  const id = readText(fields["id"], `${path}.id`);
  return {
    id,
    score: readNumber(fields["score"], `${path}.score`),
    reason: readReason(fields["reason"], `${path}.reason`),
    // A bundle without a catalogue section names items by their id alone; a card still needs a name.
    title: readMaybe(fields["title"], `${path}.title`, readText) ?? id,
    price: readMaybe(fields["price"], `${path}.price`, readPrice),
    category: readMaybe(fields["category"], `${path}.category`, readText),
  };
}

/** Reads the core's answer, which is the same text from the server and from wasm. */
export function readRanking(value: unknown, path: string): Ranking {
  const fields = readFields(value, path);
  const bundle = readFields(fields["bundle"], `${path}.bundle`);
  return {
    items: readList(fields["items"], `${path}.items`, readItem),
    asOf: readText(fields["as_of"], `${path}.as_of`),
    bundle: {
      version: readNumber(bundle["version"], `${path}.bundle.version`),
      id: readText(bundle["id"], `${path}.bundle.id`),
    },
    personalised: readFlag(fields["personalised"], `${path}.personalised`),
    fallbackReason: readMaybe(fields["fallback_reason"], `${path}.fallback_reason`, readText),
  };
}
