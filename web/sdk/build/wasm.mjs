// The Rust half of the package: cargo, then wasm-bindgen from this workspace, then wasm-opt.
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";

const TARGET = "wasm32-unknown-unknown";

/** Builds `edge/browser` into `wasm/`. `CARGO_TARGET_DIR` is honoured, and a missing wasm target is added. */
export function buildWasm(sdk) {
  const root = resolve(sdk, "../..");
  const run = (command, args, env = {}) => {
    console.error(`  ${command} ${args.join(" ")}`);
    execFileSync(command, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, ...env } });
  };
  const installed = execFileSync("rustup", ["target", "list", "--installed"], { cwd: root, encoding: "utf8" });
  if (!installed.split(/\s+/).includes(TARGET)) run("rustup", ["target", "add", TARGET]);

  // Every browser of the last three years has SIMD; the scalar twin ranks the same where it is absent.
  const flags = [process.env.RUSTFLAGS, "-C target-feature=+simd128"].filter(Boolean).join(" ");
  run("cargo", ["build", "--locked", "-p", "kenal-browser", "--target", TARGET, "--profile", "edge"], { RUSTFLAGS: flags });

  const built = join(resolve(root, process.env.CARGO_TARGET_DIR ?? "target"), TARGET, "edge", "kenal_browser.wasm");
  const out = join(sdk, "wasm");
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out);
  run("cargo", ["run", "--locked", "--quiet", "-p", "kenal-bindgen", "--", built, out]);
  const bound = join(out, "kenal_browser_bg.wasm");
  const before = statSync(bound).size;
  run("npx", ["--no-install", "--prefix", "web", "wasm-opt", "-O3", "--enable-simd", "--enable-bulk-memory", "--enable-nontrapping-float-to-int", "--enable-sign-ext", "--enable-mutable-globals", "--enable-reference-types", "--enable-multivalue", bound, "-o", bound]);
  console.error(`  wasm-opt: ${before} -> ${statSync(bound).size} bytes`);
}
