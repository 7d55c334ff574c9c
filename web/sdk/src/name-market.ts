/** The English name of a market, from its ISO 3166 code; the code itself where the browser knows no name. */
export function nameMarket(code: string): string {
  try {
    return new Intl.DisplayNames("en", { type: "region" }).of(code) ?? code;
  } catch {
    return code;
  }
}
