/** Whether this browser sends Global Privacy Control, which counts as a no whatever the page was told. */
export function readGpc(): boolean {
  const host: unknown = globalThis.navigator;
  return typeof host === "object" && host !== null && "globalPrivacyControl" in host && host.globalPrivacyControl === true;
}
