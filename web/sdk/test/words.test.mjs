// What a visitor reads.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { explain, explainFallback, formatPrice, nameMarket, scoreBits } from "@kenal/web";

// Also the words of pages that are rendered at the edge.
const { reasons, prices } = JSON.parse(readFileSync(new URL("../../../tests/cases/words.json", import.meta.url), "utf8"));

for (const { kind, title, market, text } of reasons) {
  const reason = { kind, item: title === null ? null : "1", title };
  test(`${kind} ${title ?? "of nothing"} in ${market}`, () => assert.equal(explain(reason, market), text));
}

for (const { amount, currency, market, text } of prices) {
  test(`${amount} ${currency} in ${market}`, () => assert.equal(formatPrice({ amount, currency }, market), text));
}

test("scores to the bit", () => {
  for (const [score, expected] of [[1, "3f800000"], [0, "00000000"], [-0, "80000000"], [0.1, "3dcccccd"], [5.5, "40b00000"]]) {
    assert.equal(scoreBits(score), expected);
  }
});

test("every word of the core, and one it does not know yet, has an explanation", () => {
  for (const word of ["no_visitor", "no_consent", "consent_denied", "gpc", "revoked", "bundle_expired", "no_history"]) {
    assert.notEqual(explainFallback(word), explainFallback("something new"));
  }
  assert.match(explainFallback(null), /not available/);
});

test("markets have names", () => {
  assert.equal(nameMarket("ID"), "Indonesia");
  assert.equal(nameMarket("?"), "?");
});
