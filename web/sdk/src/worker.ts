/**
 * The core in a worker: it takes questions and answers them. The page sends it the compiled core; it fetches the sections
 * of a bundle, which are the same for everybody, and knows of no visitor but what one question says of them.
 */
import { askHere } from "./lib/wasm.js";
import type { Call, Reply } from "./types/question.js";

// Only the page that started this worker can speak to it, and one of another build is refused at the start; so the call's
// shape is known.
addEventListener("message", async ({ data: { number, question } }: MessageEvent<Call>) => {
  const answer = await askHere(question);
  const reply: Reply = answer.ok ? { number, value: answer.value, refused: null } : { number, value: null, refused: answer.failure.detail };
  postMessage(reply);
});
