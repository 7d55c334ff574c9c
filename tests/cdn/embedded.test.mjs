// The program with a bundle's sections inside, as `kenal bundle embed` makes it, in Viceroy.
import assert from "node:assert/strict";
import { rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { builtProgram, startFastly, viceroyIsThere } from "./support/fastly.mjs";
import { NOW, SECRET, YES, cases, embedInto, listedSections, makeBundle, summary } from "./support/shop.mjs";

const notRun = viceroyIsThere ? false : "not run: KENAL_FASTLY or KENAL_VICEROY is not there";

describe("Viceroy, sections in the program", { skip: notRun, timeout: 600_000 }, () => {
  const program = (items) => join(tmpdir(), `kenal-embedded-${process.pid}-${items}.wasm`);
  let bundle;
  let listed;
  const begin = (items, keeps, garbage = () => false, of = bundle) =>
    startFastly(of, { garbage, key: of.key, time: NOW, empty: false, origin: "http://127.0.0.1:9", secret: SECRET, program: items === null ? builtProgram : program(items), keeps });
  const asked = async (host) => (await host.fetch("/v1/recommendations?market=SG", { headers: YES })).json();

  before(() => {
    bundle = makeBundle();
    listed = listedSections(bundle);
    for (const items of [60, 61]) embedInto(builtProgram, program(items), items);
  });
  after(() => {
    bundle?.remove();
    for (const items of [60, 61]) rmSync(program(items), { force: true });
  });

  test("a store of the manifest and the shards alone is enough, and every case is answered as ever", async () => {
    assert.equal(listed.length, 6);
    assert.ok(statSync(program(60)).size > statSync(builtProgram).size);
    const host = await begin(60, (name) => !listed.includes(name));
    try {
      for (const { name, request, expected } of cases) {
        const response = await host.fetch("/v1/recommendations", { method: "POST", body: JSON.stringify(request), headers: { authorization: `Bearer ${SECRET}` } });
        assert.deepEqual(summary(await response.text()), expected, name);
      }
      // The program's own memory is in use meanwhile, and what was embedded is still what it was: a new sandbox opens it anew.
      for (let requests = 0; requests < 1100; requests += 1) assert.equal((await asked(host)).fallback_reason, null);
    } finally {
      await host.stop();
    }
  });

  test("without them in the program such a store is not enough", async () => {
    const host = await begin(null, (name) => !listed.includes(name));
    try {
      assert.equal((await asked(host)).fallback_reason, "section_missing");
    } finally {
      await host.stop();
    }
  });

  test("half of the visitors get a canary, whichever version the program carries", async () => {
    const canary = makeBundle({ canary: true });
    const [now, next] = ["manifest.kenal", "canary.kenal"].map((file) => listedSections(canary, file));
    const lacks = (names, others) => (name) => !names.includes(name) || others.includes(name);
    /**
     * How many of 40 visitors are answered by each version, the newest of three answers: from a store that is slow for once
     * an older one is right.
     */
    const versions = async (items, keeps) => {
      const host = await begin(items, keeps, () => false, canary);
      const seen = {};
      try {
        for (let n = 0; n < 40; n += 1) {
          let version = 0;
          for (let tries = 0; tries < 3; tries += 1) {
            const answer = await host.fetch("/v1/recommendations?market=SG", { headers: { cookie: `kenal_visitor=visitor-${n}; kenal_consent=granted` } });
            version = Math.max(version, (await answer.json()).bundle.version);
          }
          seen[version] = (seen[version] ?? 0) + 1;
        }
      } finally {
        await host.stop();
      }
      return seen;
    };
    try {
      const all = await versions(null, () => true);
      assert.deepEqual(Object.keys(all), ["7", "8"]);
      assert.ok(all[8] > 8 && all[8] < 32, JSON.stringify(all));
      assert.deepEqual(await versions(60, lacks(now, next)), all, "the program carries what the others get");
      assert.deepEqual(await versions(61, lacks(next, now)), all, "the program carries the canary");
      assert.deepEqual(await versions(60, lacks([...now, ...next], [])), { 7: 40 }, "the canary is nowhere");
    } finally {
      canary.remove();
    }
  });

  test("sections of another version in the program are passed over", async () => {
    const embedded = await begin(61, () => true);
    const plain = await begin(null, () => true);
    try {
      const [ours, theirs] = [await asked(embedded), await asked(plain)];
      assert.deepEqual(ours, theirs);
      assert.equal(ours.fallback_reason, null);
    } finally {
      await embedded.stop();
      await plain.stop();
    }
    const alone = await begin(61, (name) => !listed.includes(name));
    try {
      assert.equal((await asked(alone)).fallback_reason, "section_missing", "never a mix of two versions");
    } finally {
      await alone.stop();
    }
  });
});
