// Builds @kenal/web: the core's wasm, the JavaScript around it, its types; then holds both to the byte budget.
//
//   node build.mjs             everything
//   node build.mjs --keep-wasm the JavaScript alone, around the wasm of an earlier build
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { buildWasm } from "./build/wasm.mjs";
import { holdBudget } from "./build/budget.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
process.chdir(here);

if (!process.argv.includes("--keep-wasm")) buildWasm(here);

rmSync("dist", { recursive: true, force: true });
mkdirSync("dist");
const input = { index: "src/index.ts", carousel: "src/carousel.ts", worker: "src/worker.ts" };
// What page and worker are made of: by it they know each other as of one build.
const sources = ["src", "wasm"].flatMap((folder) => readdirSync(folder, { recursive: true }).map((name) => `${folder}/${name}`));
const build = sources.filter((name) => /\.(ts|js|wasm)$/.test(name)).sort().reduce((hash, source) => hash.update(readFileSync(source)), createHash("sha256")).digest("hex").slice(0, 8);
const bundle = await rolldown({ input, platform: "browser", preserveEntrySignatures: "allow-extension", transform: { define: { KENAL_BUILD: JSON.stringify(build) } } });
await bundle.write({ dir: "dist", format: "esm", minify: true, chunkFileNames: "kenal-[hash].js", sourcemap: true });
await bundle.close();
for (const module of ["kenal_browser_bg.wasm", "kenal_browser_scalar_bg.wasm"]) cpSync(`wasm/${module}`, `dist/${module}`);
execFileSync("npx", ["--no-install", "tsc", "-p", "tsconfig.json", "--declaration", "--emitDeclarationOnly"], { stdio: "inherit" });

holdBudget(JSON.parse(readFileSync("budget.json", "utf8")), "dist");
