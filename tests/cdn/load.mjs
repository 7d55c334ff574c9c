// How long whole requests take in workerd at a steady rate, and how much of its CPU, beside a worker that does nothing, and
// in Viceroy, whose first request begins with an empty sandbox: node load.mjs DIR. Prints one line of JSON.
//   DIR             what the bench wrote: bundle, requests.json and kenal_fastly_embedded.wasm
//   KENAL_WORKER    as for the tests; KENAL_FASTLY, KENAL_VICEROY likewise
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { startCloudflare } from "./support/cloudflare.mjs";
import { startFastly } from "./support/fastly.mjs";

const [dir] = process.argv.slice(2);
const SECRET = "a secret for benches, of no other use";
const RATE = 1_000;
/** Fewer where each reads the store, since that is emulated in this process, beside the client. */
const RATE_WITH_STORE = 200;
const SECONDS = 8;
const { now, kinds } = JSON.parse(readFileSync(join(dir, "requests.json"), "utf8"));
const folder = join(dir, "bundle");
const bundle = { folder, names: ["manifest.kenal", ...readdirSync(join(folder, "sections")).map((name) => `sections/${name}`)] };
const options = { garbage: () => false, key: readFileSync(join(folder, "signer.hex"), "utf8"), time: now, empty: false, origin: "http://127.0.0.1:9", secret: SECRET };
const headers = { authorization: `Bearer ${SECRET}`, "content-type": "application/json" };

const percentiles = (times) => {
  times.sort((a, b) => a - b);
  const at = (p) => Math.round(times[Math.floor(((times.length - 1) * p) / 100)] * 100) / 100;
  return { p50_ms: at(50), p99_ms: at(99), n: times.length };
};

const agent = new Agent({ keepAlive: true, maxSockets: 32 });

/** The text of one answer. */
const ask = (url, body) =>
  new Promise((resolve, fail) => {
    const asked = request(new URL("/v1/recommendations", url), { method: "POST", headers: { ...headers, "content-length": Buffer.byteLength(body) }, agent }, (answer) => {
      const chunks = [];
      answer.on("data", (chunk) => chunks.push(chunk));
      answer.on("error", fail);
      answer.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        answer.statusCode === 200 ? resolve(text) : fail(new Error(`${answer.statusCode}: ${text}`));
      });
    });
    asked.on("error", (error) => {
      // A connection that the host closed just when it was used again: a client asks once more.
      if (asked.reusedSocket && error.code === "ECONNRESET") ask(url, body).then(resolve, fail);
      else fail(error);
    });
    asked.end(body);
  });

/** Seconds of CPU that workerd, a child of this process, has taken so far; NaN where no /proc tells. */
function workerdCpuS() {
  const TICKS_A_SECOND = 100;
  const stats = existsSync("/proc/self/stat") ? readdirSync("/proc").filter((name) => /^\d+$/.test(name)) : [];
  for (const pid of stats) {
    let stat;
    try {
      stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    } catch {
      continue; // It has ended meanwhile.
    }
    const [, parent, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [user, system] = rest.slice(9, 11);
    if (stat.includes("(workerd)") && Number(parent) === process.pid) return (Number(user) + Number(system)) / TICKS_A_SECOND;
  }
  return NaN;
}

/** Sends `rate` requests a second whatever has been answered; a request's time begins when it is due. */
async function steadily(url, bodies, rate) {
  const times = [];
  const send = async (n, due) => {
    const text = await ask(url, bodies[n % bodies.length]);
    times.push(performance.now() - due);
    return text;
  };
  for (let n = 0; n < 200; n += 1) await send(n, performance.now());
  times.length = 0;
  const cpuBefore = workerdCpuS();
  const started = performance.now();
  const sent = [];
  for (let n = 0; n < rate * SECONDS; ) {
    const due = started + (n * 1_000) / rate;
    if (performance.now() < due) {
      await new Promise((resolve) => setImmediate(resolve));
      continue;
    }
    sent.push(send(n, due));
    n += 1;
  }
  await Promise.all(sent);
  const cpu_us = Math.round(((workerdCpuS() - cpuBefore) / sent.length) * 1e6);
  agent.destroy();
  return { rate, cpu_us, ...percentiles(times) };
}

const NOTHING = "export default { async fetch(request) { await request.text(); return new Response('{}') } }";
const bodies = (name) => kinds.find((kind) => kind.name === name).asked.map(({ request }) => request);
const figures = {};
const workerd = await startCloudflare(bundle, options);
figures.workerd = {};
figures.workerd.trending = await steadily(workerd.url, bodies("trending"), RATE);
figures.workerd.history = await steadily(workerd.url, bodies("history"), RATE_WITH_STORE);
await workerd.stop();
const idle = await startCloudflare({ ...bundle, names: [] }, { ...options, script: NOTHING });
figures.workerd.nothing = await steadily(idle.url, bodies("trending"), RATE);
await idle.stop();

/** The first request of new sandboxes, and those after it. */
async function inViceroy(program) {
  const [fresh, kept] = [[], []];
  for (let start = 0; start < 9; start += 1) await oneSandbox(program, fresh, kept);
  return { fresh: percentiles(fresh), kept: percentiles(kept) };
}

async function oneSandbox(program, fresh, kept) {
  const viceroy = await startFastly(bundle, { ...options, ...program });
  for (let n = 0; n < 40; n += 1) {
    const answer = await viceroy.fetch("/v1/recommendations", { method: "POST", headers, body: bodies("history")[n] });
    await answer.text();
    // What the program says it took, its reads of the store among it.
    (n === 0 ? fresh : kept).push(Number(answer.headers.get("server-timing").match(/dur=([\d.]+)/)[1]));
  }
  await viceroy.stop();
}
figures.viceroy = { carried: await inViceroy({ program: join(dir, "kenal_fastly_embedded.wasm") }), fetched: await inViceroy({}) };
console.log(JSON.stringify(figures));
