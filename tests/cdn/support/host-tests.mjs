// What every host at a CDN must do, whatever runs it: the case list, whom it believes, and bad stores.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { NOW, SECRET, TROUBLES, YES, cases, headersHold, makeBundle, reason, summary } from "./shop.mjs";

/**
 * Tests a host. `start` makes one of a bundle with `{ garbage, key, time, empty }`: which names hold garbage, the trusted
 * key, where the clock stands, and whether the store is empty. It answers `request(query, init)` and ends with `stop()`.
 */
export function testHost(start) {
  let bundle;
  let host;
  const begin = ({ garbage = () => false, key = bundle.key, time = NOW, empty = false } = {}) => start(bundle, { garbage, key, time, empty });
  const post = (body, headers = {}) => host.request("", { method: "POST", body, headers });
  const get = (query, headers = {}) => host.request(`?${query}`, { headers });

  before(async () => {
    bundle = makeBundle();
    host = await begin();
  });
  after(async () => {
    await host?.stop();
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
    assert.equal((await post("{")).status, 400);
    const named = JSON.stringify(cases.find(({ request }) => request.visitor === "visitor-shirts").request);
    assert.equal(await reason(await post(named, { authorization: "Bearer wrong" })), "no_visitor");
  });

  for (const [name, options, wanted] of TROUBLES) {
    test(`${name} gives an answer that says ${wanted}`, async () => {
      const other = await begin(options);
      try {
        assert.equal(await reason(await other.request("?market=SG", { headers: YES })), wanted);
      } finally {
        await other.stop();
      }
    });
  }
}
