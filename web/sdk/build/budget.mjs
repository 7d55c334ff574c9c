// The byte budget: what a visitor downloads before anything is shown. Over it, the build fails.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

/** Compares the gzipped bytes of `dir`'s files, by extension, with `budget`; throws when one is passed. */
export function holdBudget(budget, dir) {
  const sizes = { js: 0, wasm: 0 };
  for (const name of readdirSync(dir)) {
    const kind = name.split(".").pop();
    if (!(kind in sizes)) continue;
    const size = gzipSync(readFileSync(join(dir, name)), { level: 9 }).length;
    // A browser loads all of the JavaScript, and one of the modules.
    sizes[kind] = kind === "wasm" ? Math.max(sizes[kind], size) : sizes[kind] + size;
  }
  const over = [];
  for (const [kind, max] of Object.entries(budget.gzip_bytes_max)) {
    if (sizes[kind] === 0) over.push(`no .${kind} file was built`);
    else if (sizes[kind] > max) over.push(`.${kind} is ${sizes[kind]} bytes gzipped, ${sizes[kind] - max} over its budget of ${max}`);
    console.error(`  ${kind}: ${sizes[kind]} bytes gzipped of ${max}`);
  }
  if (over.length > 0) throw new Error(`byte budget: ${over.join("; ")}. Make it smaller, or raise budget.json and say why.`);
}
