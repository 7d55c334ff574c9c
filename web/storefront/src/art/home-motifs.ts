import type { Shape } from "./svg.js";
import { box, disc, line, path } from "./svg.js";

/** Things that stand, lie or hang in a room or a garden. */
export const HOME_MOTIFS: Readonly<Record<string, readonly Shape[]>> = {
  heart: [
    line("M100 14v36", "dark", 3),
    path("M100 142C58 112 46 92 46 74c0-18 13-28 27-28 12 0 21 6 27 17 6-11 15-17 27-17 14 0 27 10 27 28 0 18-12 38-54 68z", "skin"),
    line("M62 70c2-8 8-10 12-10", "light", 5),
  ],
  candle: [
    path("M52 108h96l-8 30a10 10 0 0 1-10 8H70a10 10 0 0 1-10-8z", "skin"),
    disc(100, 108, 48, "trim", 9),
    box(84, 66, 32, 44, 5, "light"),
    line("M100 66V56", "dark", 3),
    path("M100 26c12 14 12 30 0 32-12-2-12-18 0-32z", "flame"),
  ],
  votive: [
    path("M62 62h76l-7 76a10 10 0 0 1-10 8H79a10 10 0 0 1-10-8z", "skin"),
    path("M100 72c14 18 14 38 0 40-14-2-14-22 0-40z", "flame"),
    disc(100, 62, 38, "trim", 8),
    disc(100, 62, 31, "shade", 5),
  ],
  candlestick: [
    box(91, 46, 18, 62, 4, "light"),
    line("M100 46v-8", "dark", 3),
    path("M100 10c11 13 11 27 0 29-11-2-11-16 0-29z", "flame"),
    path("M76 104h48c-2 10-12 12-18 14v14h-12v-14c-6-2-16-4-18-14z", "skin"),
    disc(100, 138, 40, "skin", 9),
    line("M126 108c20 0 20 18 2 18", "body", 5),
  ],
  lantern: [
    line("M100 14v20", "dark", 3),
    path("M72 52l28-22 28 22z", "body"),
    box(66, 52, 68, 84, 8, "skin"),
    box(76, 62, 48, 64, 5, "light"),
    path("M100 78c11 13 11 27 0 29-11-2-11-16 0-29z", "flame"),
    box(92, 107, 16, 19, 2, "trim"),
    box(60, 134, 80, 11, 5, "body"),
  ],
  lamp: [path("M72 34h56l22 56H50z", "skin"), line("M100 90v46", "dark", 5), disc(100, 140, 34, "body", 7), disc(100, 90, 50, "flame", 5)],
  clock: [
    line("M72 138l-10 10M128 138l10 10", "dark", 7),
    path("M58 52a20 20 0 0 1 32-20zM142 52a20 20 0 0 0-32-20z", "trim"),
    disc(100, 92, 54, "skin"),
    disc(100, 92, 42, "light"),
    line("M100 64v28l18 12", "dark", 5),
    disc(100, 92, 4, "body"),
  ],
  frame: [
    box(50, 30, 100, 114, 4, "skin"),
    box(64, 44, 72, 86, 2, "light"),
    path("M64 112l22-28 18 20 12-12 20 24v14H64z", "trim"),
    disc(116, 66, 9, "body"),
  ],
  mirror: [disc(100, 88, 50, "skin", 60), disc(100, 88, 39, "glass", 49), line("M80 84c2-18 12-26 20-28", "light", 5)],
  sign: [
    line("M64 52l36-34 36 34", "dark", 3),
    box(42, 52, 116, 82, 6, "skin"),
    box(49, 59, 102, 68, 3, "trim"),
    line("M66 80h68M74 94h52M84 108h32", "dark", 5),
  ],
  board: [
    line("M60 144l14-110M140 144L126 34", "trim", 7),
    box(50, 36, 100, 84, 4, "trim"),
    box(58, 44, 84, 68, 2, "slate"),
    line("M72 62c10-8 18 8 28 0s18 8 28 0M74 84h40M74 98h24", "light", 3),
  ],
  doormat: [
    path("M56 74h88l22 66H34z", "skin"),
    path("M66 84h68l14 46H52z", "none", { stroke: "trim", "stroke-width": 4 }),
    line("M34 142l-4 6M56 142l-3 6M78 142l-2 6M100 142v6M122 142l2 6M144 142l3 6M166 142l4 6", "trim", 3),
  ],
  cushion: [
    path("M46 50c36 8 72 8 108 0 8 30 8 58 0 88-36-8-72-8-108 0-8-30-8-58 0-88z", "skin"),
    line("M64 70c24 5 48 5 72 0M64 118c24-5 48-5 72 0", "shade", 3),
    disc(100, 94, 6, "trim"),
  ],
  drawers: [
    box(48, 40, 104, 98, 6, "skin"),
    box(58, 50, 84, 36, 3, "trim"),
    box(58, 92, 84, 36, 3, "trim"),
    disc(100, 68, 5, "dark"),
    disc(100, 110, 5, "dark"),
    line("M60 138v8M140 138v8", "dark", 7),
  ],
  hook: [
    box(40, 44, 120, 26, 8, "skin"),
    line("M66 70v24c0 22 26 22 26 4M116 70v24c0 22 26 22 26 4", "dark", 6),
    disc(66, 57, 5, "trim"),
    disc(116, 57, 5, "trim"),
    disc(92, 96, 6, "body"),
    disc(142, 96, 6, "body"),
  ],
  plant: [
    path("M66 96h68l-9 48H75z", "skin"),
    box(60, 88, 80, 14, 5, "trim"),
    line("M100 88V44", "leaf", 4),
    path("M100 62c-30 2-38-16-38-30 24-2 38 10 38 30zM100 74c28 2 38-12 40-26-24-4-40 6-40 26z", "leaf"),
  ],
  bird: [
    line("M100 144v-26M88 146h24", "dark", 4),
    path("M48 92c4-32 30-48 56-44 16 2 26 12 28 26l20 8-20 6c-6 26-28 36-48 34C58 119 40 108 32 86c8 2 12 4 16 6z", "skin"),
    path("M70 90c14-18 34-18 46-6-8 16-28 24-46 6z", "trim"),
    disc(118, 68, 4, "dark"),
  ],
  cabinet: [box(54, 26, 92, 120, 5, "skin"), box(62, 34, 35, 104, 3, "trim"), box(103, 34, 35, 104, 3, "trim"), disc(92, 88, 3.5, "dark"), disc(108, 88, 3.5, "dark")],
};
