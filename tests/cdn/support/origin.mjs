// The shop's own server, as small as a shop can be: a page with slots, and what else a browser asks a shop for.
import { createServer } from "node:http";
import { gzipSync } from "node:zlib";

const SLOTS = `<kenal-slot name="home" market="SG" k="6" href="/products/{id}">Our own picks</kenal-slot>
<p>Kopi &amp; kaya</p>
<kenal-slot name="product" market="SG" k="4" item="item-00003">Our own picks</kenal-slot>
<kenal-slot name="home">Our own picks</kenal-slot>`;
export const SHELL = `<!doctype html><html lang="en"><head><title>Kedai</title></head><body><main>\n${SLOTS}\n</main></body></html>\n`;
const PUBLIC = "public, max-age=300";

/** Starts it; `url` is where it is, `asked` what it was asked last. */
export async function startOrigin() {
  const origin = { asked: null };
  const server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      origin.asked = { method: request.method, url: request.url, headers: request.headers, body: Buffer.concat(chunks).toString() };
      const answer = (status, headers, body) => response.writeHead(status, headers).end(body);
      const html = { "content-type": "text/html; charset=utf-8", "cache-control": PUBLIC, etag: '"shell"', "surrogate-key": "shell" };
      switch (new URL(request.url, "http://origin").pathname) {
        case "/":
          return answer(200, html, SHELL);
        case "/welcome":
          return answer(200, { ...html, "set-cookie": ["basket=1; Path=/", "seen=1"], "last-modified": "Thu, 01 Jan 2026 00:00:00 GMT" }, SHELL);
        case "/slow":
          // In the middle of a tag.
          response.writeHead(200, html).write(SHELL.slice(0, 150));
          return setTimeout(() => response.end(SHELL.slice(150)), 50);
        case "/gzip":
          return answer(200, { ...html, "content-encoding": "gzip" }, gzipSync(SHELL));
        case "/style.css":
          return answer(200, { "content-type": "text/css", "cache-control": PUBLIC, etag: '"style"' }, "kenal-slot{display:block}");
        case "/thai":
          return answer(200, { ...html, "content-type": "text/html; charset=windows-874" }, Buffer.from([...Buffer.from(SHELL), 0xa1]));
        case "/old":
          return answer(301, { location: "/" });
        case "/cart":
          return answer(200, { "content-type": "application/json", "set-cookie": "basket=1" }, `{"size":${origin.asked.body.length}}`);
        default:
          return answer(404, { "content-type": "text/html" }, "<kenal-slot name=home market=SG>none</kenal-slot>");
      }
    });
  });
  // A connection that the host keeps must not be closed under it while other hosts start.
  server.keepAliveTimeout = 300_000;
  await new Promise((resolve, fail) => server.once("error", fail).listen(0, "127.0.0.1", resolve));
  origin.url = `http://127.0.0.1:${server.address().port}`;
  origin.stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return origin;
}
