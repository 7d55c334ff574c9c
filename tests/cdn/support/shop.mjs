// The test shop as a bundle in a folder, the case list, and how an answer is compared with it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

export const { cases } = JSON.parse(readFileSync(here("../../cases/recommend.json"), "utf8"));
export const NOW = cases[0].request.now;
export const SECRET = "a secret for tests, of no other use";
/** A visitor of the shop who agrees, as their browser says it. */
export const YES = { cookie: "kenal_visitor=visitor-shirts; kenal_consent=granted" };

/** Writes the bundle, with the next version for half of the visitors if `canary`; `remove` takes it away again. */
export function makeBundle({ canary = false } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "kenal-cdn-"));
  execFileSync("cargo", ["run", "--locked", "--quiet", "-p", "kenal-edge", "--example", "shop", "--", folder, ...(canary ? ["canary"] : [])], { cwd: here("../../../"), stdio: "inherit" });
  const files = readdirSync(folder).filter((name) => ["manifest.kenal", "canary.kenal"].includes(name));
  const names = [...files, ...readdirSync(join(folder, "sections")).map((name) => `sections/${name}`)];
  return { folder, names, key: readFileSync(join(folder, "signer.pub"), "utf8").trim(), remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Puts the sections of a shop with so many items into a copy of a program. The bundle's shop has 60. */
export function embedInto(program, out, items) {
  execFileSync("cargo", ["run", "--locked", "--quiet", "-p", "kenal-edge", "--example", "embedded", "--", String(items), program, out], { cwd: here("../../../"), stdio: "inherit" });
}

/** Names of the sections that a bundle's manifest lists, or that of its canary: all but the user shards. */
export function listedSections(bundle, file = "manifest.kenal") {
  const manifest = readFileSync(join(bundle.folder, file));
  return bundle.names.filter((name) => name.startsWith("sections/") && manifest.includes(Buffer.from(name.slice("sections/".length), "hex")));
}

/** Score texts as the module wrote them: JSON.parse alone would lose how a number was spelt. */
export function summary(text) {
  const spelt = [...text.matchAll(/"score":([^,}]+)/g)].map((match) => match[1]);
  const { items, fallback_reason } = JSON.parse(text);
  return { fallback_reason, items: items.map(({ id, reason }, at) => `${id} ${spelt[at]} ${reason.kind} ${reason.item ?? "-"}`) };
}

/** What every answer of every host must say beside its list. */
export function headersHold(response) {
  assert.equal(response.headers.get("cache-control"), "private, no-store");
  assert.match(response.headers.get("server-timing"), /total;dur=\d/);
  assert.equal(response.headers.get("set-cookie"), null);
}

export async function reason(response) {
  assert.equal(response.status, 200);
  return (await response.json()).fallback_reason;
}

/** What both hosts must do with stores and clocks that are not as they should be: options for a host, and the reason. */
export const TROUBLES = [
  ["an empty store", { empty: true }, "section_missing"],
  ["a manifest of garbage", { garbage: (name) => name === "manifest.kenal" }, "section_missing"],
  ["sections of garbage", { garbage: (name) => name.startsWith("sections/") }, "section_missing"],
  ["an unknown key", { key: "ab".repeat(32) }, "section_missing"],
  ["a clock that is a month ahead", { time: NOW + 31 * 86_400 }, "bundle_expired"],
  ["a clock that is a day behind", { time: NOW - 86_400 }, null],
];
