// House rules that no compiler checks: STYLE.md, section 11, and what the SDK promises about storage and markup.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const LINES_MAX = 200;
const RULES = [
  { where: /./, what: /\bany\b(?=\s*[;,)>\]=|]|\[\])/, why: "`any`: take `unknown` and parse it" },
  { where: /./, what: /@ts-(ignore|expect-error|nocheck)/, why: "a silenced type error" },
  { where: /./, what: /\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write)\b/, why: "markup from text: make elements" },
  { where: /./, what: /\b(localStorage|sessionStorage|indexedDB|document\.cookie|caches\.open)\b/, why: "storage: nothing is kept" },
  { where: /./, what: /\b(TODO|FIXME|console\.log|debugger)\b/, why: "left over from work" },
  { where: /./, what: /\p{Extended_Pictographic}/u, why: "an emoji" },
  { where: /^sdk\/src\/(?!lib\/wasm\.ts$)/, what: /\.\.\/wasm\/|WebAssembly/, why: "wasm outside of its boundary, sdk/src/lib/wasm.ts" },
  { where: /^sdk\/src\/(?!carousel|types)/, what: /\bdocument\b(?!ation)/, why: "the document, outside of the carousel" },
];

const files = (folder) =>
  readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".ts")).map((name) => join(folder, name));

const found = [];
for (const file of [...files("sdk/src"), ...files("storefront/src")]) {
  const text = readFileSync(file, "utf8");
  const lines = text.split("\n");
  if (lines.length > LINES_MAX) found.push(`${file}: ${lines.length} lines, more than ${LINES_MAX}`);
  // Comments may name what code may not use; blanked, so that line numbers stay.
  const code = text.replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, " ")).split("\n");
  code.forEach((line, at) => {
    for (const { where, what, why } of RULES) {
      if (where.test(file) && what.test(line.replace(/\/\/.*$/, ""))) found.push(`${file}:${at + 1}: ${why}`);
    }
  });
  const verb = /^sdk\/src\/[a-z-]+\.ts$/.test(file) && !/\/(index|carousel|worker)\.ts$/.test(file);
  const exported = [...text.matchAll(/^export (?:async )?(?:function|const|class) (\w+)/gm)].map((match) => match[1]);
  if (verb && exported.length !== 1) found.push(`${file}: exports ${exported.length} verbs (${exported.join(", ")}); one file, one verb`);
}

const sdk = JSON.parse(readFileSync("sdk/package.json", "utf8"));
if (Object.keys(sdk.dependencies ?? {}).length > 0) found.push("sdk/package.json: the SDK has no dependencies");
for (const lock of ["package-lock.json", "../tests/browser/package-lock.json"]) {
  if (/"resolved": "http/.test(readFileSync(lock, "utf8"))) found.push(`${lock}: names a registry; install with this folder's .npmrc`);
}

if (found.length > 0) {
  console.error(found.join("\n"));
  console.error(`${found.length} findings`);
  process.exit(1);
}
console.error("house rules hold");
