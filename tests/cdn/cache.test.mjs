// What the worker keeps in the data centre's cache, in workerd.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { startCloudflare, workerIsThere } from "./support/cloudflare.mjs";
import { NOW, SECRET, YES, listedSections, makeBundle, reason } from "./support/shop.mjs";

const notRun = workerIsThere ? false : "not run: KENAL_WORKER has no worker";
const address = (name) => `https://kenal.invalid/${name}`;

describe("workerd, the data centre's cache", { skip: notRun, timeout: 600_000 }, () => {
  let bundle;
  let listed;
  const begin = (options) => startCloudflare(bundle, { garbage: () => false, key: bundle.key, time: NOW, empty: false, secret: SECRET, origin: "", ...options });
  const asked = (host) => host.fetch("/v1/recommendations?market=SG", { headers: YES });

  before(() => {
    bundle = makeBundle();
    listed = listedSections(bundle);
  });
  after(() => bundle?.remove());

  test("sections that are the same for everybody are kept, for ever, and nothing else is", async () => {
    const host = await begin();
    try {
      assert.equal(await reason(await asked(host)), null);
      for (const name of bundle.names) {
        const kept = await (await host.cache()).match(address(name));
        if (!listed.includes(name)) {
          assert.equal(kept, undefined, `${name} is read from the store each time`);
          continue;
        }
        assert.equal(kept.headers.get("cache-control"), "public, max-age=31536000, immutable");
        assert.deepEqual(Buffer.from(await kept.arrayBuffer()), readFileSync(join(bundle.folder, name)));
      }
    } finally {
      await host.stop();
    }
  });

  const fill = async (host, bytesOf) => {
    const headers = { "cache-control": "public, max-age=31536000, immutable" };
    for (const name of listed) await (await host.cache()).put(address(name), new host.Response(bytesOf(name), { headers }));
  };

  test("what is kept is not read from the store", async () => {
    const host = await begin({ keeps: (name) => !listed.includes(name) });
    try {
      await fill(host, (name) => readFileSync(join(bundle.folder, name)));
      assert.equal(await reason(await asked(host)), null);
    } finally {
      await host.stop();
    }
  });

  test("what is kept and is not the section is thrown away", async () => {
    const host = await begin();
    try {
      await fill(host, () => new Uint8Array(100));
      assert.equal(await reason(await asked(host)), null);
      for (const name of listed) {
        const kept = await (await host.cache()).match(address(name));
        assert.deepEqual(Buffer.from(await kept.arrayBuffer()), readFileSync(join(bundle.folder, name)));
      }
    } finally {
      await host.stop();
    }
  });
});
