/** The element's own look; a page changes it through the `--kenal-*` properties and the parts. */
export const STYLES = `
:host {
  --ink: var(--kenal-ink, light-dark(#1d1b18, #f1eee8));
  --muted: var(--kenal-muted, light-dark(#6a645b, #a8a196));
  --surface: var(--kenal-surface, light-dark(#ffffff, #211f1c));
  --line: var(--kenal-line, light-dark(#e4dfd6, #37332e));
  --accent: var(--kenal-accent, light-dark(#0b6b57, #6fd3b8));
  --on-accent: var(--kenal-on-accent, light-dark(#ffffff, #08241d));
  --radius: var(--kenal-radius, 14px);
  --card: var(--kenal-card-width, 216px);
  display: block;
  color: var(--ink);
  font: inherit;
}
:host([hidden]), :host([data-state="empty"]) { display: none; }
*, *::before, *::after { box-sizing: border-box; }
header { display: flex; align-items: end; gap: 12px; margin-bottom: 14px; }
.words { flex: 1; min-width: 0; }
h2 { margin: 0; font-size: var(--kenal-heading-size, 1.5rem); line-height: 1.2; font-weight: 650; letter-spacing: -0.015em; text-wrap: balance; }
.note { margin: 4px 0 0; color: var(--muted); font-size: 0.875rem; }
.note:empty { display: none; }
.paging { display: flex; gap: 8px; }
.page {
  width: 40px; height: 40px; padding: 0; border: 1px solid var(--line); border-radius: 50%;
  background: var(--surface); color: var(--ink); cursor: pointer; display: grid; place-items: center;
}
.page svg { width: 18px; height: 18px; }
.page:disabled { opacity: 0.35; cursor: default; }
ul {
  display: grid; grid-auto-flow: column; grid-auto-columns: var(--card); gap: 16px;
  margin: 0 -6px; padding: 6px; list-style: none; overflow-x: auto; overscroll-behavior-x: contain;
  scroll-snap-type: x proximity; scroll-padding: 6px; scrollbar-width: thin; scrollbar-color: var(--line) transparent;
}
.card {
  scroll-snap-align: start; display: flex; flex-direction: column; min-width: 0; overflow: hidden;
  background: var(--surface); border: 1px solid var(--line); border-radius: var(--radius);
}
.select {
  display: flex; flex-direction: column; align-items: stretch; gap: 4px; padding: 0; border: 0; background: none;
  color: inherit; font: inherit; text-align: start; cursor: pointer; border-radius: var(--radius) var(--radius) 0 0;
}
.picture { display: block; aspect-ratio: 1 / 0.86; overflow: hidden; margin-bottom: 8px; border-radius: calc(var(--radius) - 1px) calc(var(--radius) - 1px) 0 0; }
.picture > * { display: block; width: 100%; height: 100%; transition: transform 0.35s ease; }
.select:hover .picture > * { transform: scale(1.035); }
.title {
  padding: 0 14px; min-height: 2.6em; line-height: 1.3; font-weight: 560; font-size: 0.9375rem;
  display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; line-clamp: 2; overflow: hidden; overflow-wrap: anywhere;
}
.price { padding: 0 14px; font-variant-numeric: tabular-nums; font-size: 0.9375rem; min-height: 1.3em; }
.reason {
  margin: 4px 14px 12px; color: var(--muted); font-size: 0.8125rem; line-height: 1.35; min-height: 2.7em;
  display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; line-clamp: 2; overflow: hidden;
}
.actions { display: flex; gap: 8px; padding: 0 12px 12px; margin-top: auto; }
.action {
  min-height: 36px; padding: 0 12px; border-radius: 999px; border: 1px solid var(--line); cursor: pointer;
  font: inherit; font-size: 0.8125rem; font-weight: 560; white-space: nowrap; background: none; color: var(--ink);
}
.quiet { flex: 1; }
.quiet:hover, .page:hover:enabled { border-color: var(--ink); }
.firm { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
.firm:hover { filter: brightness(1.08); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.select:focus-visible { outline-offset: -3px; }
.initials {
  display: grid; place-items: center; font-size: 2.25rem; font-weight: 600; letter-spacing: 0.04em;
  background: light-dark(hsl(var(--hue) 32% 90%), hsl(var(--hue) 20% 24%)); color: light-dark(hsl(var(--hue) 35% 32%), hsl(var(--hue) 40% 80%));
}
.blank { min-height: 356px; background: linear-gradient(100deg, var(--surface) 40%, var(--line) 50%, var(--surface) 60%) 0 0 / 300% 100%; animation: wait 1.6s linear infinite; }
@keyframes wait { from { background-position: 100% 0; } to { background-position: 0 0; } }
.spoken { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (max-width: 560px) {
  ul { grid-auto-columns: min(var(--card), 62vw); gap: 12px; }
  .paging { display: none; }
}
@media (prefers-reduced-motion: reduce) {
  .blank { animation: none; }
  .picture > * { transition: none; }
  ul { scroll-behavior: auto; }
}
`;
