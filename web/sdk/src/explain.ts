import { nameMarket } from "./name-market.js";
import type { Reason } from "./types/ranking.js";

/** Why an item is in a list, in words for the visitor. */
export function explain(reason: Reason, market: string): string {
  switch (reason.kind) {
    case "because_bought":
      return reason.title === null ? "Because of what you bought" : `Because you bought ${reason.title}`;
    case "because_viewed":
      return reason.title === null ? "Because of what you viewed" : `Because you viewed ${reason.title}`;
    case "because_carted":
      return reason.title === null ? "Goes with your cart" : `Goes with ${reason.title} in your cart`;
    case "because_history":
      return "Because of what you like";
    case "similar":
      return reason.title === null ? "Like what you are looking at" : `Like ${reason.title}`;
    case "pinned":
      return "Chosen by the shop";
    case "trending":
      return `Popular in ${nameMarket(market)}`;
  }
}
