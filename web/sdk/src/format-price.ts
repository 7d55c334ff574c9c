import type { Price } from "./types/ranking.js";

/** From here on, cents are noise: nobody compares rupiah by the sen. */
const WHOLE_FROM = 1_000;

/** A price as a shop of the market writes it, such as `S$12.50` or `Rp 125.000`. */
export function formatPrice(price: Price, market: string): string {
  const amount = Number(price.amount);
  if (!Number.isFinite(amount)) return `${price.currency} ${price.amount}`;
  const fractionDigits = Math.abs(amount) >= WHOLE_FROM ? 0 : 2;
  try {
    return new Intl.NumberFormat(`en-${market}`, {
      style: "currency",
      currency: price.currency,
      currencyDisplay: "narrowSymbol",
      minimumFractionDigits: fractionDigits,
      maximumFractionDigits: fractionDigits,
    }).format(amount);
  } catch {
    return `${price.currency} ${price.amount}`;
  }
}
