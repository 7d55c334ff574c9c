// The case list that every host answers alike, in Viceroy.
import { describe } from "node:test";
import { startFastly, viceroyIsThere } from "./support/fastly.mjs";
import { testHost } from "./support/host-tests.mjs";

const notRun = viceroyIsThere ? false : "not run: KENAL_FASTLY or KENAL_VICEROY is not there";

describe("Viceroy", { skip: notRun, timeout: 600_000 }, () => testHost(startFastly));
