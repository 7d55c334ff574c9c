// The shop page for people, browsers and days that are unlike the usual.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { notRun, openBrowser, shoot } from "./support/chromium.mjs";
import { NOTHING, kept, listed, openShop, reranked, settled } from "./support/shop.mjs";

describe("the shop page", { skip: notRun, timeout: 600_000 }, () => {
  let browser;
  before(async () => {
    browser = await openBrowser();
  });
  after(async () => browser?.close());

  test("learns from the first click of somebody new, and keeps nothing on the device", async () => {
    const { page } = await openShop(browser.context);
    await settled(page);
    await reranked(page, () => page.locator("#visitor").selectOption({ label: "Somebody new: no orders; learns from clicks" }));
    assert.match((await listed(page)).note, /nothing to go by yet|has not been agreed/);
    if ((await page.locator("#consent").getAttribute("aria-checked")) === "false") await reranked(page, () => page.locator("#consent").click());
    const title = await page.locator(".tile .title").nth(3).textContent();
    await reranked(page, () => page.locator(".tile .open").nth(3).click());
    await page.locator("#product-sheet .close").click();
    const list = await listed(page);
    assert.equal(list.heading, "Picked for you");
    assert.ok(list.reasons.includes(`Because you viewed ${title}`), `reasons: ${list.reasons}`);
    assert.deepEqual(await kept(page), NOTHING, "not even under consent");
    await page.close();
  });

  test("shows each market's own prices, categories and pages", async () => {
    const { page } = await openShop(browser.context);
    await settled(page);
    await reranked(page, () => page.locator("#market").selectOption("MY"));
    await page.locator(".tile .price", { hasText: /^RM/ }).first().waitFor();
    assert.equal(await page.locator("kenal-carousel#home .price").filter({ hasText: /^RM/ }).count(), 12);
    const chip = page.locator(".chip").nth(1);
    const category = await chip.textContent();
    const all = await page.locator(".total").textContent();
    await chip.click();
    await page.locator(".chip[aria-pressed=true]", { hasText: category }).waitFor();
    assert.notEqual(await page.locator(".total").textContent(), all);
    const first = await page.locator(".tile[data-id]").first().getAttribute("data-id");
    const on = page.locator(".pages .pill", { hasText: "Next" });
    if (await on.isVisible() && await on.isEnabled()) {
      await on.click();
      await page.waitForFunction((id) => document.querySelector(".tile")?.dataset.id !== id, first);
    }
    await page.close();
  });

  test("falls back to the edge when wasm cannot be had", async () => {
    const page = await browser.context.newPage();
    await page.route("**/*.wasm", (route) => route.abort());
    await page.goto(process.env.KENAL_URL);
    await settled(page, "edge");
    await reranked(page, () => page.locator(".segments label", { hasText: "In this browser" }).click());
    assert.equal(await page.locator("kenal-carousel#home").getAttribute("data-mode"), "edge");
    assert.equal((await listed(page)).ids.length, 12);
    await page.locator(".absent").waitFor();
    await page.close();
  });

  test("runs its wasm from a server that does not say application/wasm", async () => {
    const page = await browser.context.newPage();
    await page.route("**/*.wasm", async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, headers: { ...response.headers(), "content-type": "application/octet-stream" } });
    });
    await page.goto(process.env.KENAL_URL);
    await settled(page, "edge");
    await reranked(page, () => page.locator(".segments label", { hasText: "In this browser" }).click());
    await settled(page, "browser");
    await page.close();
  });

  test("hides the list when there is none to be had", async () => {
    const page = await browser.context.newPage();
    await page.route("**/v1/**", (route) => route.abort());
    await page.goto(process.env.KENAL_URL);
    await page.locator("kenal-carousel#home[data-state=empty]").waitFor({ state: "attached" });
    assert.equal(await page.locator("kenal-carousel#home").isVisible(), false);
    await page.close();
  });

  for (const [name, width, height, colorScheme] of [
    ["6-phone", 390, 844, "light"],
    ["7-phone-dark", 390, 844, "dark"],
    ["8-dark", 1280, 1000, "dark"],
    ["9-whole-page", 1280, 1000, "light"],
  ]) {
    test(`fits ${width} pixels, ${colorScheme}`, async () => {
      const page = await browser.context.newPage();
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.goto(process.env.KENAL_URL);
      await settled(page);
      await page.locator(".tile[data-id]").first().waitFor();
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(overflow, 0, "no sideways scrolling of the page");
      await shoot(page, name, { fullPage: name === "9-whole-page" });
      await reranked(page, () => page.locator("kenal-carousel#home .select").first().click());
      const moving = await page.evaluate(() => document.getAnimations().length);
      assert.equal(moving, 0, "less motion was asked for");
      await page.locator("#product-sheet kenal-carousel[data-state=ready]").waitFor();
      if (width === 390) await shoot(page, `${name}-product`);
      await page.close();
    });
  }
});
