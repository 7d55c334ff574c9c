// What a visitor reads.
import assert from "node:assert/strict";
import { test } from "node:test";
import { explain, explainFallback, formatPrice, nameMarket, scoreBits } from "@kenal/web";

const reason = (kind, title = null) => ({ kind, item: title === null ? null : "1", title });

for (const [given, expected] of [
  [reason("because_bought", "Blue mug"), "Because you bought Blue mug"],
  [reason("because_viewed", "Blue mug"), "Because you viewed Blue mug"],
  [reason("because_carted", "Blue mug"), "Goes with Blue mug in your cart"],
  [reason("because_history"), "Because of what you like"],
  [reason("because_bought"), "Because of what you bought"],
  [reason("trending"), "Popular in Singapore"],
]) {
  test(`${given.kind} ${given.title ?? "of nothing"}`, () => assert.equal(explain(given, "SG"), expected));
}

for (const [amount, currency, market, expected] of [
  ["12.50", "SGD", "SG", "$12.50"],
  ["12.5", "MYR", "MY", "RM\u00a012.50"],
  ["0.05", "SGD", "SG", "$0.05"],
  ["125000.00", "IDR", "ID", "Rp\u00a0125.000"],
  ["twelve", "SGD", "SG", "SGD twelve"],
  ["3.00", "no such money", "SG", "no such money 3.00"],
]) {
  test(`${amount} ${currency}`, () => assert.equal(formatPrice({ amount, currency }, market), expected));
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
