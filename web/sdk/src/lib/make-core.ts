import type { Answered, Core, OpenEdge } from "../types/core.js";
import type { Outcome } from "../types/outcome.js";
import { fail } from "../types/outcome.js";
import type { AboutBundle, Ask } from "../types/question.js";
import { parse } from "./parse.js";
import { readFields, readList, readMaybe, readNumber, readText } from "./read.js";

/** The core as the rest of the package sees it, wherever `ask` puts its questions. `whyPage` is null in a worker. */
export function makeCore(ask: Ask, whyPage: string | null): Core {
  /** The numbers of this core's bundles, for calls that take two: another core's are strangers here. */
  const numbers = new WeakMap<OpenEdge, number>();

  function hold(bundle: number, id: string): OpenEdge {
    const put = async <T>(question: AboutBundle, read: (value: unknown, path: string) => T): Promise<Outcome<T>> => {
      const answer = await ask({ ...question, bundle });
      return answer.ok ? parse(answer.value, question.ask, read) : answer;
    };
    const changed = async <T>(before: OpenEdge, next: (number: number) => Promise<Outcome<T>>): Promise<Outcome<T>> => {
      const number = numbers.get(before);
      return number === undefined ? fail("wasm", "the older bundle is another core's") : next(number);
    };
    const edge: OpenEdge = {
      id,
      needs: () => put({ ask: "needs" }, readHashes),
      addSection: (bytes) => put({ ask: "addSection", bytes }, readNothing),
      fetchSection: (url) => put({ ask: "fetchSection", url }, readNothing),
      hashBefore: (before, section) => changed(before, (number) => put({ ask: "hashBefore", before: number, section }, readMaybeText)),
      addChanged: (before, section, delta) => changed(before, (number) => put({ ask: "addChanged", before: number, section, delta }, readNothing)),
      recommend: (json, row) => put({ ask: "recommend", json, row }, readAnswered),
      browse: (market, category, offset, count) => put({ ask: "browse", market, category, offset, count }, readText),
      close: () => void put({ ask: "close" }, readNothing),
    };
    numbers.set(edge, bundle);
    return edge;
  }

  return {
    where: whyPage === null ? "worker" : "page",
    whyPage,
    open: async (manifest, trustKey, nowS) => {
      const answer = await ask({ ask: "open", manifest, trustKey, nowS });
      return answer.ok ? parse(answer.value, "open", (value, path) => {
        const fields = readFields(value, path);
        return hold(readNumber(fields["bundle"], path), readText(fields["id"], path));
      }) : answer;
    },
  };
}

const readNothing = (): null => null;
const readHashes = (value: unknown, path: string): readonly string[] => readList(value, path, readText);
const readMaybeText = (value: unknown, path: string): string | null => readMaybe(value, path, readText);

function readAnswered(value: unknown, path: string): Answered {
  const fields = readFields(value, path);
  return { json: readText(fields["json"], path), ms: readNumber(fields["ms"], path) };
}
