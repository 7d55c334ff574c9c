/**
 * The core, and a worker around it. The page loads this module for the core alone; the worker that it starts loads the
 * same file, and nothing else, so that it is up as soon as one script is there. It takes questions and answers them: the
 * page sends it the compiled core; it fetches the sections of a bundle, which are the same for everybody, and knows of no
 * visitor but what one question says of them.
 */
import { askHere } from "./lib/wasm.js";
import type { Call, Reply } from "./types/question.js";

export { askHere, compileCore } from "./lib/wasm.js";

// A page, or a worker of its own, that loads this file is not asked. `hireWorker` gives the name.
if ("DedicatedWorkerGlobalScope" in globalThis && Reflect.get(globalThis, "name") === "kenal") {
  // Only the page that started this worker can speak to it, and one of another build is refused at the start; so the call's
  // shape is known.
  addEventListener("message", async ({ data: { number, question } }: MessageEvent<Call>) => {
    const answer = await askHere(question);
    const reply: Reply = answer.ok ? { number, value: answer.value, refused: null } : { number, value: null, refused: answer.failure.detail };
    postMessage(reply);
  });
}
