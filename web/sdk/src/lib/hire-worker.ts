import type { Outcome } from "../types/outcome.js";
import { fail } from "../types/outcome.js";
import type { Ask, Call, Reply } from "../types/question.js";
import { parse } from "./parse.js";
import { readFields, readMaybe, readNumber, readText } from "./read.js";

/** A worker that answers questions, from the first moment on: what it cannot answer fails. */
export interface Hired {
  readonly ask: Ask;
  /** Ends it, for the reason given: every open question fails with that, and every later one. */
  readonly end: (why: string) => void;
  /** Settles when it has ended, before its open questions fail. */
  readonly ended: Promise<void>;
}

/**
 * Starts `worker.ts`. Where there can be no worker (none in this host, a script of another origin, a content policy
 * against it) the first question fails with the reason, whether the browser throws it or says so later.
 */
export function hireWorker(): Hired {
  const waiting = new Map<number, (answer: Outcome<unknown>) => void>();
  let worker: Worker | null = null;
  let asked = 0;
  let over: string | null = null;
  let leave = (): void => undefined;
  const ended = new Promise<void>((done) => {
    leave = done;
  });
  const end = (why: string): void => {
    if (over !== null) return;
    over = why;
    worker?.terminate();
    leave();
    for (const settle of waiting.values()) settle(fail("wasm", why));
    waiting.clear();
  };
  const ask: Ask = (question) =>
    new Promise((settle) => {
      if (worker === null || over !== null) return settle(fail("wasm", over ?? ""));
      asked += 1;
      const call: Call = { number: asked, question };
      try {
        worker.postMessage(call, Object.values(question).filter((part) => part instanceof ArrayBuffer));
        waiting.set(asked, settle);
      } catch (error) {
        settle(fail("wasm", String(error)));
      }
    });
  const hear = ({ data }: MessageEvent<unknown>): void => {
    const reply = parse(data, "reply", readReply);
    if (!reply.ok) return end(reply.failure.detail);
    const { number, value, refused } = reply.value;
    waiting.get(number)?.(refused === null ? { ok: true, value } : fail("wasm", refused));
    waiting.delete(number);
  };
  try {
    // Spelt as bundlers look for it, options too; beside this script once the package is built. By the name it knows what
    // it is.
    worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "kenal" });
    worker.addEventListener("message", hear);
    worker.addEventListener("messageerror", () => end("a message from the worker could not be read"));
    worker.addEventListener("error", (event) => {
      // It is dealt with here; the page's own error handlers need not hear of it.
      event.preventDefault();
      end(event.message || "the worker could not be loaded");
    });
  } catch (error) {
    end(String(error));
  }
  return { ask, end, ended };
}

function readReply(value: unknown, path: string): Reply {
  const fields = readFields(value, path);
  return {
    number: readNumber(fields["number"], path),
    value: fields["value"],
    refused: readMaybe(fields["refused"], path, readText),
  };
}
