/** Unix time in seconds, the unit of every event and request. */
export const nowS = (): number => Math.floor(Date.now() / 1000);
