// The service in Viceroy, Fastly's local runtime.
//   KENAL_FASTLY    the program, built for tests (feature fixed-time)
//   KENAL_VICEROY   Viceroy
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const { KENAL_FASTLY: PROGRAM, KENAL_VICEROY: VICEROY } = process.env;

export const builtProgram = PROGRAM;
export const viceroyIsThere = [PROGRAM, VICEROY].every((path) => path !== undefined && existsSync(path));

/** A port that was free a moment ago. */
const freePort = () =>
  new Promise((resolve, fail) => {
    const server = createServer();
    server.once("error", fail);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** Starts it with a bundle; `program` takes the place of the one that was built, and the store has the names that `keeps` says. */
export async function startFastly(bundle, { garbage, key, time, empty, origin, secret, program = PROGRAM, keeps = () => true }) {
  const folder = mkdtempSync(join(tmpdir(), "kenal-viceroy-"));
  const bad = join(folder, "garbage");
  writeFileSync(bad, new Uint8Array(100));
  const text = JSON.stringify;
  const entry = (name) => `  { key = ${text(name)}, file = ${text(garbage(name) ? bad : join(bundle.folder, name))} },`;
  const entries = empty ? [`  { key = "nothing", data = "" },`] : bundle.names.filter(keeps).map(entry);
  const config = [
    "manifest_version = 3",
    'name = "kenal"',
    'language = "rust"',
    "[local_server.kv_stores]",
    "kenal = [",
    ...entries,
    "]",
    "[local_server.backends.shop]",
    `url = ${text(origin)}`,
    "[local_server.config_stores.kenal]",
    'format = "inline-toml"',
    "[local_server.config_stores.kenal.contents]",
    `trust_key = ${text(key)}`,
    `caller_secret = ${text(secret)}`,
    'origin = "shop"',
    `fixed_time = ${text(String(time))}`,
  ];
  writeFileSync(join(folder, "fastly.toml"), config.join("\n"));
  const port = await freePort();
  const runtime = spawn(VICEROY, ["-C", join(folder, "fastly.toml"), "--addr", `127.0.0.1:${port}`, program], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  runtime.stderr.on("data", (chunk) => (said += chunk));
  const url = `http://127.0.0.1:${port}`;
  const stop = () => {
    runtime.kill();
    rmSync(folder, { recursive: true, force: true });
  };
  for (let tries = 0; ; tries += 1) {
    try {
      await fetch(`${url}/v1/`);
      return { url, fetch: (path, init) => fetch(`${url}${path}`, init), stop };
    } catch (error) {
      if (tries === 600 || runtime.exitCode !== null) {
        stop();
        throw new Error(`Viceroy does not answer: ${said.slice(-1000)}`, { cause: error });
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
