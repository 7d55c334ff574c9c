// Debian's Chromium under Playwright, quiet and with a profile of its own that is gone afterwards.
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const EXECUTABLE = process.env.KENAL_CHROMIUM ?? "/usr/bin/chromium";
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const KENAL_URL = process.env.KENAL_URL?.replace(/\/*$/, "/");

/** How long a page may take for one thing before the test gives up. */
export const WAIT_MS = 60_000;

/** Why Chromium cannot run here, for `skip`; false when it can. A missing host is "not run", never "passed". */
export const notFound = existsSync(EXECUTABLE) ? false : `not run: there is no ${EXECUTABLE} (apt-get install chromium)`;

/** The same for the tests that need a server. */
export const notRun = KENAL_URL === undefined ? "not run: KENAL_URL does not say where a server is" : notFound;

/** Opens a browser with a fresh profile; `close` ends it and removes the profile. */
export async function openBrowser(options = {}) {
  const profile = mkdtempSync(join(tmpdir(), "kenal-chromium-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: EXECUTABLE,
    args: FLAGS,
    viewport: { width: 1280, height: 1000 },
    timeout: 60_000,
    ...options,
  });
  // Generous: on a machine that compiles Rust at the same time, instantiating the module alone takes seconds.
  context.setDefaultTimeout(WAIT_MS);
  return {
    context,
    close: async () => {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

/** Saves a picture of the page in $KENAL_SHOTS, if that is set. */
export async function shoot(page, name, options = {}) {
  const folder = process.env.KENAL_SHOTS;
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), animations: "disabled", ...options });
}
