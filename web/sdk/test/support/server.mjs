// A server of the golden bundle, as `fetch`: what the page asked for is in `calls`, what it hears is up to the test.
import { readFileSync } from "node:fs";

const BUNDLE = new URL("../../../../core/bundle/tests/fixtures/v1/", import.meta.url);

export const readWasm = () => readFileSync(new URL("../../dist/kenal_browser_bg.wasm", import.meta.url));

/** Installs a `fetch` that serves the bundle and answers other paths with `routes[path](url, options)`. */
export function serve(routes = {}) {
  const calls = [];
  globalThis.fetch = async (address, options = {}) => {
    const url = new URL(address, "https://shop.example");
    calls.push({ path: url.pathname, url: url.href, method: options.method ?? "GET", body: options.body ?? null, options });
    if (options.signal?.aborted) throw new DOMException("aborted", "AbortError");
    const route = routes[url.pathname];
    if (route !== undefined) return route(url, options);
    if (url.pathname === "/v1/bundle/manifest") return new Response(readFileSync(new URL("manifest.kenal", BUNDLE)));
    if (url.pathname === "/v1/bundle/signer") return new Response(readFileSync(new URL("signer.pub", BUNDLE)));
    const section = url.pathname.match(/^\/v1\/bundle\/sections\/([0-9a-f]{64})$/)?.[1];
    if (section !== undefined) return new Response(readFileSync(new URL(`sections/${section}`, BUNDLE)));
    if (url.pathname === "/v1/visitor-events") return new Response('{"events":[]}');
    if (url.pathname === "/v1/visitor-row") return new Response(null, { status: 204 });
    if (url.pathname === "/v1/events") return new Response("{}", { status: 202 });
    return new Response("{}", { status: 404 });
  };
  return calls;
}

export const answer = (ranking, headers = {}) => new Response(JSON.stringify(ranking), { headers });

export const trending = {
  items: [
    {
      id: "1",
      score: 0.5,
      reason: { kind: "trending", item: null, title: null },
      title: "A cup",
      price: { amount: "12.50", currency: "SGD" },
      category: "kitchen",
    },
  ],
  as_of: "2026-11-23T18:40:00Z",
  bundle: { version: 1, id: "0011223344556677" },
  personalised: false,
  fallback_reason: "no_visitor",
};
