// What leaves the page, and what stays on it, by what the visitor allows.
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { identify, openSession, rank, recordEvent, withdraw } from "@kenal/web";
import { answer, serve, trending } from "./support/server.mjs";

const VISITOR = "p00000000000000aa";
const HOME = { market: "SG", slot: "home", k: 4, mode: "edge" };
const routes = { "/v1/recommendations": () => answer(trending) };
let shops = 0;
/** A session of its own for each test: sessions are one per endpoint. */
const open = () => openSession({ endpoint: `https://shop-${(shops += 1)}.example/` });
const naming = (calls) => calls.filter((call) => call.url.includes(VISITOR) || String(call.body).includes(VISITOR));
const settle = () => new Promise((done) => setTimeout(done, 5));

const browse = (navigator) => Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true });

afterEach(() => browse({}));

for (const consent of ["unset", "denied"]) {
  test(`nobody is named while consent is ${consent}`, async () => {
    const calls = serve(routes);
    const session = open();
    identify(session, { visitor: VISITOR, consent });
    assert.equal(recordEvent(session, "view", "1"), false);
    assert.equal((await rank(session, HOME)).ok, true);
    assert.deepEqual(session.events, []);
    assert.deepEqual(naming(calls), []);
    assert.match(calls[0].url, new RegExp(`consent=${consent}`));
  });
}

test("under consent the visitor is named, and events arrive before the question", async () => {
  const calls = serve(routes);
  const session = open();
  identify(session, { visitor: VISITOR, consent: "granted" });
  assert.equal(recordEvent(session, "view", "1"), true);
  assert.equal(recordEvent(session, "cart", "2"), true);
  await rank(session, HOME);
  assert.deepEqual(calls.map((call) => call.path), ["/v1/events", "/v1/events", "/v1/recommendations"]);
  assert.deepEqual(calls.slice(0, 2).map((call) => JSON.parse(call.body).events[0].kind), ["view", "cart"]);
  assert.match(calls[2].url, /visitor=p00000000000000aa&consent=granted/);
  for (const call of calls) assert.equal(call.options.credentials, "omit");
  assert.equal(calls[2].options.cache, "no-store");
});

test("Global Privacy Control outweighs a yes", async () => {
  browse({ globalPrivacyControl: true });
  const calls = serve(routes);
  const session = open();
  identify(session, { visitor: VISITOR, consent: "granted" });
  assert.equal(recordEvent(session, "view", "1"), false);
  await rank(session, HOME);
  assert.deepEqual(naming(calls), []);
});

test("the withdrawal is the last message about the visitor, and forgets everything here", async () => {
  const calls = serve(routes);
  const session = open();
  identify(session, { visitor: VISITOR, consent: "granted" });
  recordEvent(session, "view", "1");
  await rank(session, HOME);
  const before = naming(calls).length;
  identify(session, { consent: "denied" });
  assert.deepEqual(session.events, []);
  assert.equal(session.own, null);
  await rank(session, HOME);
  recordEvent(session, "view", "2");
  await rank(session, { ...HOME, mode: "browser" });
  await settle();
  const after = naming(calls).slice(before);
  assert.equal(after.length, 1);
  assert.deepEqual(JSON.parse(after[0].body), { visitor: VISITOR, consent: "denied", events: [] });
  assert.equal(after[0].options.keepalive, true);
});

test("events that were still waiting are never sent after a withdrawal", async () => {
  const held = [];
  const calls = serve({ ...routes, "/v1/events": (_, options) => new Promise((_, refuse) => {
    if (JSON.parse(options.body).consent === "denied") return refuse(new TypeError("offline"));
    options.signal.addEventListener("abort", () => refuse(options.signal.reason));
    held.push(options.signal);
    return undefined;
  }) });
  const session = open();
  identify(session, { visitor: VISITOR, consent: "granted" });
  for (const item of ["1", "2", "3"]) recordEvent(session, "view", item);
  await settle();
  identify(session, { consent: "denied" });
  await settle();
  const sent = naming(calls).map((call) => JSON.parse(call.body).consent);
  assert.deepEqual(sent, ["granted", "denied"], "the first was on its way, the others were not, then the withdrawal");
  assert.equal(held[0].aborted, true);
  // Agreeing again ends the retries of the withdrawal that could not be delivered.
  identify(session, { consent: "granted" });
});

test("a withdrawal that is lost is sent again", { timeout: 10_000 }, async () => {
  let tries = 0;
  serve({ ...routes, "/v1/events": () => {
    tries += 1;
    if (tries === 1) throw new TypeError("offline");
    return new Response("{}", { status: 202 });
  } });
  const session = open();
  identify(session, { visitor: VISITOR, consent: "granted" });
  assert.deepEqual(await withdraw(session), { ok: true, value: null });
  assert.equal(tries, 2);
});

test("another visitor starts with nothing of the first", async () => {
  const calls = serve(routes);
  const session = open();
  identify(session, { visitor: VISITOR, consent: "granted" });
  recordEvent(session, "view", "1");
  await rank(session, HOME);
  const before = calls.length;
  identify(session, { visitor: "p00000000000000bb" });
  await rank(session, HOME);
  assert.deepEqual(session.events, []);
  assert.deepEqual(naming(calls.slice(before)), []);
});

test("an exact repeat counts once, and purchases outlive views", () => {
  serve(routes);
  const session = open();
  identify(session, { visitor: VISITOR, consent: "granted" });
  recordEvent(session, "purchase", "bought");
  for (let at = 0; at < 80; at += 1) recordEvent(session, "view", `${at}`);
  const held = session.events;
  assert.equal(held.length, 64);
  assert.equal(held.filter((event) => event.kind === "purchase").length, 1);
  assert.equal(held.some((event) => event.item === "79"), true);
  recordEvent(session, "view", "79");
  // The same second, or the next one where the clock just turned.
  const repeats = session.events.filter((event) => event.item === "79");
  assert.equal(new Set(repeats.map((event) => event.time)).size, repeats.length);
});
