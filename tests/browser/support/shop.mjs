// The shop page as a visitor uses it: what it shows, and what it sent.
import { KENAL_URL, WAIT_MS } from "./chromium.mjs";

/** The policy that shops must be able to have. The page must do all it does under it. */
const POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; object-src 'none'; base-uri 'none'";

/** Opens the shop in a page, under the policy and what is added to it, listening to everything it sends. */
export async function openShop(context, path = "", policy = "") {
  const page = await context.newPage();
  const requests = [];
  const troubles = [];
  page.on("request", (request) => requests.push({ url: request.url(), method: request.method(), body: request.postData() ?? "" }));
  page.on("pageerror", (error) => troubles.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") troubles.push(`console: ${message.text()}`);
  });
  await page.route(KENAL_URL + path, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, headers: { ...response.headers(), "content-security-policy": POLICY + policy } });
  });
  await page.goto(KENAL_URL + path);
  const home = page.locator("kenal-carousel#home");
  return { page, home, requests, troubles };
}

/** Waits until the home list has been ranked, and, if given, in a mode. */
export async function settled(page, mode) {
  await page.waitForFunction((wanted) => {
    const home = document.querySelector("kenal-carousel#home");
    const list = home?.shadowRoot?.querySelector("ul");
    return home?.dataset.state === "ready" && list?.getAttribute("aria-busy") === "false" && (wanted === undefined || home.dataset.mode === wanted);
  }, mode);
}

/** Does something that must lead to another ranking, and waits for it. */
export async function reranked(page, act) {
  const ranked = page.evaluate((ms) => new Promise((done, refuse) => {
    setTimeout(() => refuse(new Error(`no list was ranked within ${ms} ms`)), ms);
    document.querySelector("kenal-carousel#home").addEventListener("kenal-ranked", () => done(), { once: true });
  }), WAIT_MS);
  await act();
  await ranked;
  await settled(page);
}

/** The home list as it is shown: ids, and from the panel score texts and bits. */
export const listed = (page) =>
  page.evaluate(() => {
    const texts = (root, selector) => [...root.querySelectorAll(selector)].map((element) => element.textContent);
    const shadow = document.querySelector("kenal-carousel#home").shadowRoot;
    return {
      heading: shadow.querySelector("h2").textContent,
      note: shadow.querySelector(".note").textContent,
      ids: [...shadow.querySelectorAll(".card[data-id]")].map((card) => card.dataset.id),
      reasons: texts(shadow, ".reason"),
      scores: texts(document, ".ranking-panel tbody td:nth-child(3)"),
      bits: texts(document, ".ranking-panel tbody .bits"),
      personalised: document.querySelector("[data-fact=personalised]").textContent,
    };
  });

/** What this page has put anywhere a browser keeps things. */
export const kept = (page) =>
  page.evaluate(async () => ({
    local: localStorage.length,
    session: sessionStorage.length,
    databases: (await indexedDB.databases()).length,
    cookies: document.cookie,
    caches: (await caches.keys()).length,
  }));

export const NOTHING = { local: 0, session: 0, databases: 0, cookies: "", caches: 0 };

/** The requests that say something about a visitor. */
export const naming = (requests, visitor) => requests.filter(({ url, body }) => url.includes(visitor) || body.includes(visitor));
