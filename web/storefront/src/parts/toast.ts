import { h } from "../lib/dom.js";

const SHOWN_MS = 3_600;

/** A line that says what just happened, and goes. */
export function drawToast(): { readonly element: HTMLElement; readonly say: (text: string) => void } {
  const element = h("p", { class: "toast", role: "status" });
  let timer = 0;
  return {
    element,
    say: (text) => {
      element.textContent = text;
      element.classList.add("shown");
      clearTimeout(timer);
      timer = window.setTimeout(() => element.classList.remove("shown"), SHOWN_MS);
    },
  };
}
