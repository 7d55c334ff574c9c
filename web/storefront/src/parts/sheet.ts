import { button, h } from "../lib/dom.js";

export interface Sheet {
  readonly element: HTMLDialogElement;
  readonly show: (label: string, ...content: readonly Node[]) => void;
}

/** A panel that slides in from the side and takes the focus until it is closed. */
export function drawSheet(id: string, onClose: () => void = () => {}): Sheet {
  const content = h("div", { class: "sheet-content" });
  const element = h("dialog", { class: "sheet", id });
  element.append(button("Close", { class: "pill close" }, () => element.close()), content);
  // A click on the dialog itself is one on its backdrop: everything inside has its own target.
  element.addEventListener("click", (event) => {
    if (event.target === element) element.close();
  });
  element.addEventListener("close", () => {
    content.replaceChildren();
    onClose();
  });
  return {
    element,
    show: (label, ...nodes) => {
      element.setAttribute("aria-label", label);
      content.replaceChildren(...nodes);
      element.scrollTop = 0;
      if (!element.open) element.showModal();
    },
  };
}
