// A browser's `Worker` on a thread of Node, with the built worker in it: what is sent is really cloned or moved.
import { Worker as Thread } from "node:worker_threads";

const BROWSER = `
  const { parentPort, workerData } = require("node:worker_threads");
  globalThis.name = workerData.name;
  globalThis.DedicatedWorkerGlobalScope = class {};
  globalThis.postMessage = (message) => parentPort.postMessage(message);
  globalThis.addEventListener = (_, hear) => parentPort.on("message", (data) => {
    if (data === "die") throw new Error("died on request");
    hear({ data });
  });
  import(workerData.script);`;

/** The workers started so far, each with the calls it was sent. */
export const started = [];

export class Worker extends EventTarget {
  calls = [];
  #thread;

  constructor(url, { name }) {
    super();
    this.#thread = new Thread(BROWSER, { eval: true, workerData: { script: url.href, name } });
    this.#thread.on("message", (data) => this.dispatchEvent(new MessageEvent("message", { data })));
    this.#thread.on("error", ({ message }) => this.dispatchEvent(Object.assign(new Event("error", { cancelable: true }), { message })));
    started.push(this);
  }

  postMessage(message, transfer = []) {
    this.#thread.postMessage(message, transfer);
    if (message.question !== undefined) this.calls.push(message.question);
  }

  terminate() {
    void this.#thread.terminate();
  }

  /** Throws inside the worker, outside of any call. */
  die() {
    this.#thread.postMessage("die");
  }
}
