import type { Shape } from "./svg.js";
import { box, disc, line, path } from "./svg.js";

/** Things of the kitchen and the table. The drawing area is 200 × 172, the floor at 146. */
export const TABLE_MOTIFS: Readonly<Record<string, readonly Shape[]>> = {
  cup: [
    disc(100, 140, 58, "trim", 9),
    line("M138 84c24-2 26 34-6 36", "body", 9),
    path("M58 74h84c0 40-12 62-30 62H88c-18 0-30-22-30-62z", "skin"),
    disc(100, 74, 42, "trim", 8),
    disc(100, 75, 35, "dark", 5.5),
    line("M90 58c-6-8 6-12 0-20M108 58c-6-8 6-12 0-20", "glow", 4),
  ],
  mug: [
    line("M136 72c32-4 32 48-2 46", "body", 11),
    path("M62 54h76v80a10 10 0 0 1-10 10H72a10 10 0 0 1-10-10z", "skin"),
    box(62, 54, 76, 12, 5, "trim"),
  ],
  cakestand: [
    line("M100 30v112", "trim", 5),
    path("M50 118h100c-4 14-28 18-50 18s-46-4-50-18z", "skin"),
    path("M62 82h76c-4 11-22 14-38 14s-34-3-38-14z", "skin"),
    path("M74 50h52c-3 9-14 11-26 11s-23-2-26-11z", "skin"),
    disc(82, 113, 8, "light", 6),
    disc(112, 113, 8, "trim", 6),
    disc(92, 77, 7, "trim", 6),
    disc(112, 77, 7, "light", 6),
    path("M92 26a8 8 0 1 1 16 0c0 6-8 10-8 10s-8-4-8-10z", "body"),
  ],
  cake: [
    path("M58 96h84l-12 48H70z", "skin"),
    line("M72 98l6 44M90 98l3 44M110 98l-3 44M128 98l-6 44", "shade", 3),
    path("M52 96c-4-16 10-20 16-20 2-18 18-24 32-24s30 6 32 24c6 0 20 4 16 20z", "trim"),
    disc(100, 46, 9, "body"),
    line("M102 38c2-8 8-10 12-10", "dark", 3),
  ],
  bowl: [
    path("M42 82h116c0 36-26 58-58 58S42 118 42 82z", "skin"),
    disc(100, 82, 58, "trim", 11),
    disc(100, 83, 48, "shade", 7),
    box(80, 136, 40, 8, 4, "body"),
  ],
  plate: [disc(100, 92, 56, "trim"), disc(100, 92, 50, "skin"), disc(100, 92, 32, "trim"), disc(100, 92, 28, "light")],
  jug: [
    line("M132 70c34-6 30 46-4 46", "body", 9),
    path("M70 50l-12-14c14-4 52-4 66 0l-8 16c10 14 22 34 16 62-4 20-14 30-34 30s-36-10-38-32c-2-24 6-46 10-62z", "skin"),
    path("M58 36c14-5 52-5 66 0-10 6-56 6-66 0z", "trim"),
  ],
  teapot: [
    line("M146 78c30 0 26 44-8 44", "body", 8),
    path("M60 112c-16-4-18-30-34-34l6-8c22 2 26 20 34 22z", "body"),
    path("M58 100c0-28 20-40 44-40s46 12 46 40c0 26-18 44-46 44s-44-18-44-44z", "skin"),
    path("M78 64c4-12 46-12 50 0-8 6-42 6-50 0z", "trim"),
    disc(103, 50, 7, "trim"),
    box(84, 140, 38, 7, 3, "trim"),
  ],
  jar: [
    box(66, 62, 68, 82, 16, "light"),
    path("M66 92h68v36a16 16 0 0 1-16 16H82a16 16 0 0 1-16-16z", "skin"),
    box(70, 44, 60, 18, 5, "trim"),
    line("M70 54h60", "shade", 3),
    box(80, 98, 40, 26, 4, "light"),
  ],
  bottle: [
    path("M84 30h32v16c18 6 26 18 26 34v48a16 16 0 0 1-16 16H74a16 16 0 0 1-16-16V80c0-16 8-28 26-34z", "skin"),
    box(80, 24, 40, 12, 5, "trim"),
    line("M76 84v40", "light", 5),
  ],
  tin: [
    path("M54 62h92v70c0 8-20 14-46 14s-46-6-46-14z", "skin"),
    disc(100, 62, 46, "trim", 14),
    disc(100, 60, 38, "body", 10),
    disc(100, 57, 7, "trim", 4),
    box(74, 90, 52, 28, 4, "light"),
    line("M86 100h28M92 108h16", "dark", 3),
  ],
  cutlery: [
    line("M70 144V92", "dark", 6),
    path("M60 40v34c0 10 4 16 10 18 6-2 10-8 10-18V40h-4v28h-4V40h-4v28h-4V40z", "body"),
    line("M102 144V92", "dark", 6),
    path("M102 96c-10 0-14-58 8-62v62z", "trim"),
    line("M134 144V88", "dark", 6),
    disc(134, 64, 13, "body", 24),
  ],
  apron: [
    line("M78 38c0-22 44-22 44 0", "trim", 5),
    path("M76 38h48l4 34c8 2 18 8 22 14l-8 58H58l-8-58c4-6 14-12 22-14z", "skin"),
    box(76, 94, 48, 26, 4, "trim"),
  ],
};
