// Times whole requests of the core's module in V8, and opening a bundle: node requests.mjs DIR. Prints one line of JSON.
//   DIR   what `make` and `requests` wrote: bundle, kenal_embedded.wasm, requests.json
import { readFileSync } from "node:fs";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const [dir] = process.argv.slice(2);
const { now, kinds } = JSON.parse(readFileSync(`${dir}/requests.json`, "utf8"));
const bytes = readFileSync(`${dir}/kenal_embedded.wasm`);
const key = Buffer.from(readFileSync(`${dir}/bundle/signer.hex`, "utf8"), "hex");
const manifest = readFileSync(`${dir}/bundle/manifest.kenal`);
const module = await WebAssembly.compile(bytes);
const ROUNDS = 5;

/** An instance with the bundle in it. */
async function open() {
  const { exports: core } = await WebAssembly.instantiate(module, {});
  const handle = core.kenal_new();
  const text = (which) => new TextDecoder().decode(new Uint8Array(core.memory.buffer, core[`kenal_${which}`](handle), core[`kenal_${which}_len`](handle)));
  const call = (name, parts, number) => {
    const held = parts.map((part) => {
      const at = core.kenal_alloc(part.length);
      new Uint8Array(core.memory.buffer).set(part, at);
      return [at, part.length];
    });
    // The key is given without its length.
    const given = held.flatMap(([at, length]) => (name === "manifest" && length === 32 ? [at] : [at, length]));
    const code = core[`kenal_${name}`](handle, ...given, ...(number === undefined ? [] : [BigInt(number)]));
    for (const [at, length] of held) core.kenal_free(at, length);
    if (code !== 0) throw new Error(`${name}: ${text("message")}`);
  };
  call("manifest", [manifest, key], now);
  call("needs", []);
  for (const line of text("output").split("\n").filter(Boolean)) call("section", [readFileSync(`${dir}/bundle/sections/${line.split(" ")[0]}`)]);
  const recommend = (request, row) => {
    const parts = row === null ? [request] : [request, row];
    const held = parts.map((part) => {
      const at = core.kenal_alloc(part.length);
      new Uint8Array(core.memory.buffer).set(part, at);
      return [at, part.length];
    });
    const code = core.kenal_recommend(handle, ...held.flat(), ...(row === null ? [0, 0] : []));
    for (const [at, length] of held) core.kenal_free(at, length);
    if (code !== 0) throw new Error(text("message"));
    return text("output");
  };
  return { core, recommend };
}

const timed = (times, call) => {
  const started = performance.now();
  const done = call();
  times.push((performance.now() - started) * 1e3);
  return done;
};
const percentiles = (times) => {
  times.sort((a, b) => a - b);
  const at = (p) => Math.round(times[Math.floor(((times.length - 1) * p) / 100)] * 10) / 10;
  return { p50_us: at(50), p99_us: at(99) };
};

const opened = [];
for (let n = 0; n < 7; n += 1) {
  const started = performance.now();
  await open();
  opened.push((performance.now() - started) * 1e3);
}
const { core, recommend } = await open();
const requests = {};
for (const { name, asked } of kinds) {
  const given = asked.map(({ request, row }) => [Buffer.from(request), row === null ? null : Buffer.from(row, "hex")]);
  const times = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [request, row] of given) {
      // In the first round V8 still compiles.
      timed(round === 0 ? [] : times, () => recommend(request, row));
    }
  }
  requests[name] = percentiles(times);
}
const brotli = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
console.log(
  JSON.stringify({
    host: `V8 ${process.versions.v8}`,
    requests,
    open_us: percentiles(opened).p50_us,
    memory_mib: Math.round((core.memory.buffer.byteLength / 2 ** 20) * 10) / 10,
    module: { bytes: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length, brotli },
  }),
);
