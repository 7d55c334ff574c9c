// The Rust half of the package: cargo, then wasm-bindgen from this workspace, then wasm-opt.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const TARGET = "wasm32-unknown-unknown";
/** What rustc takes for granted of WebAssembly. */
const FEATURES = ["bulk-memory", "nontrapping-float-to-int", "sign-ext", "mutable-globals", "reference-types", "multivalue"].map((feature) => `--enable-${feature}`);

/** Builds `edge/browser` into `wasm/`: a module with SIMD, its scalar twin, and the JavaScript of both. `CARGO_TARGET_DIR` is honoured, and a missing wasm target is added. */
export function buildWasm(sdk) {
  const root = resolve(sdk, "../..");
  const run = (command, args, env = {}) => {
    console.error(`  ${command} ${args.join(" ")}`);
    execFileSync(command, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, ...env } });
  };
  const installed = execFileSync("rustup", ["target", "list", "--installed"], { cwd: root, encoding: "utf8" });
  if (!installed.split(/\s+/).includes(TARGET)) run("rustup", ["target", "add", TARGET]);

  const out = join(sdk, "wasm");
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out);
  const target = resolve(root, process.env.CARGO_TARGET_DIR ?? "target");
  const flags = (own) => ({ RUSTFLAGS: [process.env.RUSTFLAGS, own].filter(Boolean).join(" ") });

  /** Builds one module; `features` are those of WebAssembly beyond the oldest that any browser has. */
  const build = (folder, environment, features) => {
    // One crate type only: with an rlib beside it, cargo leaves out the link-time optimisation of the profile.
    run("cargo", ["rustc", "--locked", "-p", "kenal-browser", "--lib", "--crate-type", "cdylib", "--target", TARGET, "--target-dir", folder, "--profile", "edge"], environment);
    const built = join(folder, TARGET, "edge", "kenal_browser.wasm");
    const bound = mkdtempSync(join(tmpdir(), "kenal-wasm-"));
    run("cargo", ["run", "--locked", "--quiet", "-p", "kenal-bindgen", "--", built, bound]);
    const module = join(bound, "kenal_browser_bg.wasm");
    const before = statSync(module).size;
    run("npx", ["--no-install", "--prefix", "web", "wasm-opt", "-O3", ...features, ...FEATURES, module, "-o", module]);
    console.error(`  wasm-opt: ${before} -> ${statSync(module).size} bytes`);
    return bound;
  };

  const simd = build(target, flags("-C target-feature=+simd128"), ["--enable-simd"]);
  // Flags are not part of where cargo puts what it builds, so that two builds in one folder would undo each other.
  const scalar = build(join(target, "scalar"), flags(""), []);
  // One JavaScript serves both, whichever the browser can run.
  const glue = (folder) => readFileSync(join(folder, "kenal_browser.js"), "utf8");
  if (glue(simd) !== glue(scalar)) throw new Error("the two modules were bound in two ways");
  cpSync(simd, out, { recursive: true });
  cpSync(join(scalar, "kenal_browser_bg.wasm"), join(out, "kenal_browser_scalar_bg.wasm"));
  for (const folder of [simd, scalar]) rmSync(folder, { recursive: true });
}
