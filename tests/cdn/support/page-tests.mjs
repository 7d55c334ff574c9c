// What every host at a CDN does with the shop's own pages.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SHELL } from "./origin.mjs";
import { SECRET, YES } from "./shop.mjs";

const HTML = { accept: "text/html,application/xhtml+xml,*/*;q=0.8", "sec-fetch-dest": "document" };
const PRIVATE = "private, no-store";
const ids = (html) => [...html.matchAll(/<li data-id="([^"]+)"/g)].map((match) => match[1]);

/** `host()` and `origin()` are what the tests before them started; `begin` starts another host. */
export function testPages({ host, origin, begin }) {
  const page = async (path = "/", headers = {}) => {
    const response = await host().fetch(path, { headers: { ...HTML, ...headers }, redirect: "manual" });
    assert.match(response.headers.get("server-timing"), /total;dur=\d/);
    return { response, html: await response.text(), header: (name) => response.headers.get(name) };
  };

  test("page: nobody in particular sees what is popular, and everybody may keep the page", async () => {
    const { response, html, header } = await page();
    assert.equal(response.status, 200);
    assert.equal(header("cache-control"), "public, max-age=300");
    assert.equal(header("surrogate-key"), "shell");
    assert.equal(header("etag"), null, "it was of other bytes");
    assert.equal(header("set-cookie"), null);
    assert.match(html, /<h2 id="kenal-heading-0" class="kenal-heading">Popular in Singapore<\/h2>/);
    assert.match(html, /data-kenal-problem="the attribute market is missing">Our own picks<\/kenal-slot>/);
    assert.match(html, /<p>Kopi &amp; kaya<\/p>/);
    assert.match(html, /<a class="kenal-item" href="\/products\/item-\d{5}">/);
    assert.equal(ids(html).length, 10);
    assert.equal(new Set(ids(html)).size, 10, "no item twice on a page");
  });

  test("page: who agreed sees their own, and nobody may keep it", async () => {
    const { html, header } = await page("/", YES);
    assert.equal(header("cache-control"), PRIVATE);
    for (const name of ["surrogate-key", "etag", "last-modified", "age", "set-cookie"]) assert.equal(header(name), null, name);
    assert.match(html, /data-kenal="personal"/);
    assert.match(html, />Picked for you<\/h2>/);
    const asked = await host().fetch("/v1/recommendations?market=SG&k=6&slot=home", { headers: YES });
    const { items } = await asked.json();
    assert.deepEqual(ids(html).slice(0, 6), items.map(({ id }) => id), "as the answer in JSON");
    assert.ok(!html.includes("visitor-shirts"));
    const everybody = await page();
    assert.notDeepEqual(ids(everybody.html), ids(html));
  });

  test("page: without a yes it is the page of everybody, to the byte", async () => {
    const { html: everybody } = await page();
    for (const headers of [{ ...YES, "sec-gpc": "1" }, { cookie: "kenal_visitor=visitor-shirts" }, { cookie: "kenal_visitor=visitor-shirts; kenal_consent=denied" }]) {
      const { html, header } = await page("/", headers);
      assert.equal(header("cache-control"), "public, max-age=300");
      assert.equal(header("set-cookie"), null);
      assert.equal(html, everybody);
    }
  });

  test("page: one that comes with a cookie is nobody else's", async () => {
    const { response, html, header } = await page("/welcome");
    assert.deepEqual(response.headers.getSetCookie(), ["basket=1; Path=/", "seen=1"]);
    assert.equal(header("cache-control"), PRIVATE);
    for (const name of ["surrogate-key", "etag", "last-modified"]) assert.equal(header(name), null, name);
    assert.equal(html, (await page()).html, "but it says what it says to everybody");
  });

  test("page: what it asks of the origin is a whole page", async () => {
    await page("/?q=a%20b", { ...YES, "if-none-match": '"shell"', range: "bytes=0-10" });
    const { asked } = origin();
    assert.equal(asked.url, "/?q=a%20b");
    assert.equal(asked.headers["if-none-match"], undefined);
    assert.equal(asked.headers.range, undefined);
    assert.match(asked.headers["x-forwarded-host"], /./);
  });

  test("page: one that comes slowly is whole", async () => {
    assert.equal((await page("/slow")).html, (await page()).html);
  });

  test("page: a compressed one is filled where the host can read it, and passes otherwise", async () => {
    const { html } = await page("/gzip");
    assert.equal(html, host().undoesGzip ? (await page()).html : SHELL);
  });

  test("page: what is no page passes as it is", async () => {
    const style = await host().fetch("/style.css", { headers: { accept: "text/css,*/*;q=0.1", "sec-fetch-dest": "style", "if-none-match": '"other"', ...YES } });
    assert.equal(await style.text(), "kenal-slot{display:block}");
    assert.equal(style.headers.get("etag"), '"style"');
    assert.equal(style.headers.get("cache-control"), "public, max-age=300");
    assert.match(style.headers.get("server-timing"), /total;dur=\d/);
    assert.equal(origin().asked.headers["if-none-match"], '"other"');
    const moved = await page("/old");
    assert.equal(moved.response.status, 301);
    assert.equal(moved.header("location"), "/");
    const missing = await page("/missing", YES);
    assert.equal(missing.response.status, 404);
    assert.match(missing.html, />none<\/kenal-slot>/);
    const thai = await host().fetch("/thai", { headers: HTML });
    assert.equal((await thai.arrayBuffer()).byteLength, SHELL.length + 1);
  });

  test("page: what the visitor sends to the shop arrives there", async () => {
    const sent = await host().fetch("/cart", { method: "POST", body: "x".repeat(100_000), headers: { "content-type": "text/plain" } });
    assert.deepEqual(await sent.json(), { size: 100_000 });
    assert.equal(sent.headers.get("set-cookie"), "basket=1");
    assert.equal(origin().asked.method, "POST");
  });

  test("page: without a bundle the page is the shop's own", async () => {
    const other = await begin({ empty: true });
    try {
      const response = await other.fetch("/", { headers: { ...HTML, ...YES } });
      assert.equal(response.status, 200);
      assert.equal(response.headers.get("cache-control"), PRIVATE);
      const html = await response.text();
      assert.equal(html.match(/>Our own picks<\/kenal-slot>/g).length, 3);
      assert.match(html, /data-kenal-problem="section_missing"/);
    } finally {
      await other.stop();
    }
  });

  test("page: a shop that cannot be reached is said to be so", async () => {
    const other = await begin({ origin: "http://127.0.0.1:9" });
    try {
      const response = await other.fetch("/", { headers: HTML });
      assert.equal(response.status, 502);
      assert.match(response.headers.get("server-timing"), /total;dur=\d/);
      assert.equal((await response.json()).type, "/problems/origin");
      const asked = await other.fetch("/v1/recommendations?market=SG", { headers: { authorization: `Bearer ${SECRET}` } });
      assert.equal(asked.status, 200);
      await asked.text();
    } finally {
      await other.stop();
    }
  });
}
