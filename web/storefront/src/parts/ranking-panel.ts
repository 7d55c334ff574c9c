import type { RankedItem, Ranked } from "@kenal/web";
import { explain, explainFallback, scoreBits } from "@kenal/web";
import { h } from "../lib/dom.js";

export interface RankingPanel {
  readonly element: HTMLElement;
  readonly show: (ranked: Ranked, market: string) => void;
}

/** "How this was ranked": one line, and on request the scores to the last bit. */
export function drawRankingPanel(): RankingPanel {
  const facts = h("span", { class: "facts" });
  const body = h("tbody");
  const head = h("tr", {}, ...["", "Product", "Score", "Bits", "Reason"].map((title) => h("th", { scope: "col" }, title)));
  const element = h(
    "details",
    { class: "ranking-panel" },
    h("summary", {}, h("span", { class: "lead" }, "How this was ranked"), facts),
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Scores" }, h("table", {}, h("thead", {}, head), body)),
  );
  return {
    element,
    show: (ranked, market) => {
      facts.replaceChildren(...factsOf(ranked));
      body.replaceChildren(...ranked.ranking.items.map((item, at) => row(item, at, market)));
    },
  };
}

function factsOf({ ranking, mode, coreMs }: Ranked): HTMLElement[] {
  const who = ranking.personalised ? "Personalised" : `Trending: ${explainFallback(ranking.fallbackReason)}`;
  const where = mode === "edge" ? "at the edge" : "in this browser";
  const time = coreMs === null ? "" : ` in ${duration(coreMs)}`;
  return [
    h("span", { class: ranking.personalised ? "fact yes" : "fact", "data-fact": "personalised" }, who),
    h("span", { class: "fact", "data-fact": "where" }, `Ranked ${where}${time}`),
    h("span", { class: "fact", "data-fact": "bundle", title: `bundle ${ranking.bundle.id}` }, `Bundle ${ranking.bundle.version}`),
    h("span", { class: "fact", "data-fact": "as-of" }, `Data as of ${instant(ranking.asOf)}`),
  ];
}

/** Browsers blur their clock to a tenth of a millisecond, so a shorter time is only known to be that. */
function duration(ms: number): string {
  if (ms < 0.05) return "under 0.1 ms";
  return `${ms.toFixed(ms < 1 ? 2 : ms < 10 ? 1 : 0)} ms`;
}

function row(item: RankedItem, at: number, market: string): HTMLElement {
  return h(
    "tr",
    {},
    h("td", { class: "number" }, String(at + 1)),
    h("th", { scope: "row" }, item.title),
    h("td", { class: "number" }, item.score.toPrecision(6)),
    h("td", { class: "bits" }, scoreBits(item.score)),
    h("td", {}, explain(item.reason, market)),
  );
}

function instant(rfc3339: string): string {
  const time = new Date(rfc3339);
  if (Number.isNaN(time.getTime())) return rfc3339;
  return time.toLocaleString("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
}
