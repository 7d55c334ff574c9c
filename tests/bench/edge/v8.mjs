// Times single calls of the ranker's module in V8: node v8.mjs MODULE DIR. Prints one line of JSON.
import { readFileSync } from "node:fs";

const [module, dir] = process.argv.slice(2);
const DIMS = 64;
const { instance } = await WebAssembly.instantiate(readFileSync(module), {});
const { memory, bench_alloc, bench_load, bench_core, bench_full, bench_plain, bench_floats } = instance.exports;
const put = (bytes) => {
  const at = bench_alloc(bytes.length);
  new Uint8Array(memory.buffer).set(bytes, at);
  return at;
};
const section = readFileSync(`${dir}/items.section`);
const people = readFileSync(`${dir}/people.f32`);
bench_load(put(section), section.length, put(people), people.length / 4);
const n = people.length / 4 / DIMS;

const percentiles = (call) => {
  const times = [];
  for (let round = 0; round < 4; round += 1) {
    for (let person = 0; person < n; person += 1) {
      const started = performance.now();
      call(person);
      // In the first round V8 still compiles.
      if (round > 0) times.push((performance.now() - started) * 1e3);
    }
  }
  times.sort((a, b) => a - b);
  const at = (p) => Math.round(times[Math.floor(((times.length - 1) * p) / 100)] * 10) / 10;
  return { p50_us: at(50), p99_us: at(99) };
};

for (let person = 0; person < n; person += 1) {
  if (bench_core(person) !== bench_full(person)) throw new Error(`the list of person ${person} is not that of a full scan`);
}
const [core, plain, floats] = [bench_core, bench_plain, bench_floats].map(percentiles);
console.log(JSON.stringify({ host: `V8 ${process.versions.v8}`, core, plain, floats }));
