// The case list that every host answers alike, in workerd.
import { describe } from "node:test";
import { startCloudflare, workerIsThere } from "./support/cloudflare.mjs";
import { testHost } from "./support/host-tests.mjs";

const notRun = workerIsThere ? false : "not run: KENAL_WORKER has no worker";

describe("workerd", { skip: notRun, timeout: 600_000 }, () => testHost(startCloudflare));
