/** The core's own time in a `Server-Timing` header, as `core;dur=0.18`; null where the server does not say. */
export function readCoreMs(header: string | null): number | null {
  for (const metric of (header ?? "").split(",")) {
    const [name, ...parameters] = metric.split(";").map((part) => part.trim());
    if (name !== "core") continue;
    const duration = parameters.find((parameter) => parameter.startsWith("dur="))?.slice("dur=".length);
    const ms = Number(duration ?? Number.NaN);
    return Number.isFinite(ms) ? ms : null;
  }
  return null;
}
