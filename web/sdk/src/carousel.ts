/** Importing this file defines `<kenal-carousel>`; importing it twice, or from two bundles, is harmless. */
import { KenalCarousel } from "./carousel/element.js";

if (customElements.get("kenal-carousel") === undefined) customElements.define("kenal-carousel", KenalCarousel);

export { KenalCarousel };

declare global {
  interface HTMLElementTagNameMap {
    "kenal-carousel": KenalCarousel;
  }
}
