import { h } from "../lib/dom.js";

const SHOWN_MS = 3_600;

/** A line that says what just happened, and goes. */
export function drawToast(): { readonly element: HTMLElement; readonly say: (text: string) => void } {
  const element = h("p", { class: "toast", role: "status", popover: "manual" });
  let timer = 0;
  return {
    element,
    say: (text) => {
      element.textContent = text;
      // Shown anew each time, so that it lies above a sheet that was opened since.
      if (element.matches(":popover-open")) element.hidePopover();
      element.showPopover();
      clearTimeout(timer);
      timer = window.setTimeout(() => element.hidePopover(), SHOWN_MS);
    },
  };
}
