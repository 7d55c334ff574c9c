import type { LiveEvent } from "../types/live-event.js";
import { EVENT_KINDS } from "../types/live-event.js";
import { readFields, readList, readNumber, readText, readWord } from "./read.js";

function readEvent(value: unknown, path: string): LiveEvent {
  const fields = readFields(value, path);
  return {
    item: readText(fields["item"], `${path}.item`),
    kind: readWord(fields["kind"], `${path}.kind`, EVENT_KINDS),
    time: readNumber(fields["time"], `${path}.time`),
  };
}

/** Reads what the server remembers of a visit. */
export function readEvents(value: unknown, path: string): readonly LiveEvent[] {
  return readList(readFields(value, path)["events"], `${path}.events`, readEvent);
}
