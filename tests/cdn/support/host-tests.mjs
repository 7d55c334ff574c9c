// What every host at a CDN must do, whatever runs it: the case list, whom it believes, bad stores, and the shop's pages.
import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { startOrigin } from "./origin.mjs";
import { testPages } from "./page-tests.mjs";
import { NOW, SECRET, TROUBLES, YES, cases, headersHold, makeBundle, reason, summary } from "./shop.mjs";

const API = "/v1/recommendations";

/**
 * Tests a host. `start` makes one of a bundle with `{ garbage, key, time, empty, origin, secret }`: which names hold garbage, the
 * trusted key, where the clock stands, whether the store is empty, where the shop's own server is, and the secret of callers. It answers
 * `fetch(path, init)` and at `url`, and ends with `stop()`; `undoesGzip` says that it reads compressed pages.
 */
export function testHost(start) {
  let bundle;
  let host;
  let shop;
  const begin = ({ garbage = () => false, key = bundle.key, time = NOW, empty = false, origin = shop.url } = {}) =>
    start(bundle, { garbage, key, time, empty, origin, secret: SECRET });
  const post = (body, headers = {}) => host.fetch(API, { method: "POST", body, headers });
  const get = (query, headers = {}) => host.fetch(`${API}?${query}`, { headers });

  before(async () => {
    bundle = makeBundle();
    shop = await startOrigin();
    host = await begin();
  });
  after(async () => {
    await host?.stop();
    shop?.stop();
    bundle?.remove();
  });

  for (const { name, request, expected } of cases) {
    test(`case: ${name}`, async () => {
      const response = await post(JSON.stringify(request), { authorization: `Bearer ${SECRET}` });
      assert.deepEqual(summary(await response.text()), expected);
      headersHold(response);
    });
  }

  test("the cookies say who it is, and only together", async () => {
    assert.equal(await reason(await get("market=SG", YES)), null);
    assert.equal(await reason(await get("market=SG&visitor=visitor-shirts&consent=granted")), "no_visitor");
    assert.equal(await reason(await get("market=SG", { cookie: "kenal_visitor=visitor-shirts" })), "no_visitor");
    assert.equal(await reason(await get("market=SG", { ...YES, "sec-gpc": "1" })), "gpc");
    assert.equal(await reason(await get("market=SG&consent=denied", YES)), "consent_denied");
  });

  test("a body is bounded, and no caller is believed without the secret", async () => {
    assert.equal((await post("x".repeat(70_000))).status, 413);
    // A caller that has not sent all of it yet sees the refusal too, not a broken connection.
    for (let tries = 0; tries < 20; tries += 1) assert.equal((await post("x".repeat(900_000))).status, 413);
    assert.equal((await post("{")).status, 400);
    const named = JSON.stringify(cases.find(({ request }) => request.visitor === "visitor-shirts").request);
    assert.equal(await reason(await post(named, { authorization: "Bearer wrong" })), "no_visitor");
  });

  test("a body comes at once, in chunks, or not at all", async () => {
    const asked = JSON.stringify({ market: "SG", k: 3, now: NOW });
    const chunks = (texts) => new ReadableStream({ start: (to) => (texts.forEach((text) => to.enqueue(new TextEncoder().encode(text))), to.close()) });
    const streamed = (texts) => host.fetch(API, { method: "POST", body: chunks(texts), duplex: "half" });
    const whole = summary(await (await post(asked)).text());
    assert.equal(whole.items.length, 3);
    assert.deepEqual(summary(await (await streamed([asked.slice(0, 9), asked.slice(9)])).text()), whole);
    assert.equal((await streamed(["x".repeat(40_000), "x".repeat(40_000)])).status, 413);
    for (const none of [await post(""), await streamed([])]) {
      assert.equal(none.status, 400);
      headersHold(none);
    }
    assert.equal(await statusOfBare(host.url), 400);
  });

  test("what is no recommendation is refused like one", async () => {
    const deleted = await host.fetch(API, { method: "DELETE" });
    assert.equal(deleted.status, 405);
    assert.equal(deleted.headers.get("allow"), "GET, POST");
    headersHold(deleted);
    const elsewhere = await host.fetch("/v1/elsewhere");
    assert.equal(elsewhere.status, 404);
    headersHold(elsewhere);
  });

  for (const [name, options, wanted] of TROUBLES) {
    test(`${name} gives an answer that says ${wanted}`, async () => {
      const other = await begin(options);
      try {
        assert.equal(await reason(await other.fetch(`${API}?market=SG`, { headers: YES })), wanted);
      } finally {
        await other.stop();
      }
    });
  }

  testPages({ host: () => host, origin: () => shop, begin });
}

/** The status of a POST that says nothing of a body, as `curl -X POST` sends it; `fetch` would say that it has none. */
function statusOfBare(url) {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, fail) => {
    const socket = connect(Number(port), hostname, () => socket.write(`POST ${API} HTTP/1.1\r\nHost: shop.test\r\n\r\n`));
    socket.on("error", fail);
    socket.once("data", (answer) => {
      socket.destroy();
      resolve(Number(answer.toString().split(" ", 2)[1]));
    });
  });
}
