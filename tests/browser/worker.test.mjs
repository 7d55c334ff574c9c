// Where the core runs in the shop page: in a worker under the policy that shops must be able to have, and in the page
// where a policy is against workers.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { notRun, openBrowser } from "./support/chromium.mjs";
import { listed, openShop, reranked, settled } from "./support/shop.mjs";

describe("the core in the shop page", { skip: notRun, timeout: 600_000 }, () => {
  let browser;
  before(async () => {
    browser = await openBrowser();
    // What was clicked before weighs less by the second, and both must be asked the same.
    await browser.context.clock.setFixedTime(Date.now());
  });
  after(async () => browser?.close());

  /** Opens the shop, has it rank in the browser, and tells what it shows. */
  async function rankHere(policy) {
    const shop = await openShop(browser.context, "", policy);
    const { page } = shop;
    await settled(page, "edge");
    await reranked(page, () => page.locator(".segments label", { hasText: "In this browser" }).click());
    await settled(page, "browser");
    const said = { list: await listed(page), workers: page.workers().map((worker) => worker.url()), troubles: shop.troubles };
    await page.close();
    return said;
  }

  test("ranks in a worker, and in the page where there may be none, to the same bits", async () => {
    const worker = await rankHere("");
    const here = await rankHere("; worker-src 'none'");
    assert.equal(worker.workers.length, 1);
    assert.match(worker.workers[0], /\/worker-[^/]+\.js$/);
    assert.deepEqual(worker.troubles, []);
    assert.deepEqual(here.workers, []);
    assert.ok(worker.list.bits.length > 0);
    assert.deepEqual(here.list, worker.list);
  });

  test("a worker that can fetch nothing is given the sections by the page", async () => {
    const worker = await rankHere("");
    const sections = /\/v1\/bundle\/sections\//;
    const asked = new Map();
    // The worker asks first.
    const refuseOnce = async (route, request) => {
      const before = asked.get(request.url()) ?? 0;
      asked.set(request.url(), before + 1);
      await (before === 0 ? route.abort() : route.continue());
    };
    await browser.context.route(sections, refuseOnce);
    const kept = await rankHere("");
    await browser.context.unroute(sections, refuseOnce);
    assert.equal(kept.workers.length, 1);
    assert.ok(asked.size > 0 && [...asked.values()].every((times) => times === 2), [...asked.values()].join(" "));
    assert.deepEqual(kept.list, worker.list);
  });
});
