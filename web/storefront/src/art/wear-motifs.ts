import type { Shape } from "./svg.js";
import { box, disc, line, path } from "./svg.js";

/** Things that are worn, carried, or plugged in. */
export const WEAR_MOTIFS: Readonly<Record<string, readonly Shape[]>> = {
  bag: [
    line("M76 68c0-46 48-46 48 0", "dark", 6),
    path("M48 64h104l10 74a8 8 0 0 1-8 8H46a8 8 0 0 1-8-8z", "skin"),
    path("M47 64h106l1.5 12H45.5z", "shade"),
  ],
  tote: [
    line("M72 70V46c0-24 22-24 22 0v24M106 70V46c0-24 22-24 22 0v24", "trim", 6),
    box(50, 64, 100, 82, 8, "skin"),
    box(72, 88, 56, 34, 5, "light"),
    line("M84 100h32M90 110h20", "dark", 3),
  ],
  lunchbag: [
    line("M82 40c0-20 36-20 36 0", "dark", 5),
    path("M58 40h84l8 98a8 8 0 0 1-8 8H58a8 8 0 0 1-8-8z", "skin"),
    path("M58 40h84l2 24H56z", "trim"),
    box(93, 56, 14, 18, 4, "dark"),
  ],
  purse: [
    path("M44 84c2-12 20-22 56-22s54 10 56 22c8 42-14 58-56 58s-64-16-56-58z", "skin"),
    line("M50 76c12-22 88-22 100 0", "dark", 6),
    disc(94, 50, 7, "trim"),
    disc(107, 50, 7, "trim"),
  ],
  shirt: [
    path("M76 36c10 12 38 12 48 0l36 18-12 32-18-6v64H70V80l-18 6-12-32z", "skin"),
    line("M76 36c10 14 38 14 48 0", "trim", 6),
  ],
  dress: [path("M78 28l8 8c8 6 20 6 28 0l8-8 6 8-8 36 30 70c-30 8-70 8-100 0l30-70-8-36z", "skin"), line("M80 74h40", "trim", 7)],
  trousers: [
    path("M66 26h68l10 118h-32l-12-70-12 70H56z", "skin"),
    box(65, 26, 70, 12, 3, "trim"),
    line("M100 40v22", "dark", 3),
  ],
  shoe: [
    path("M38 84c14 8 28 4 38-10 14 18 38 26 66 30 18 3 22 14 20 24H38z", "skin"),
    path("M36 126h128v8a8 8 0 0 1-8 8H44a8 8 0 0 1-8-8z", "trim"),
    line("M80 88l12-8M92 96l12-8M106 102l10-8", "light", 4),
  ],
  necklace: [
    line("M56 34c-2 56 26 76 44 78 18-2 46-22 44-78", "trim", 4),
    disc(100, 122, 17, "skin"),
    disc(100, 122, 9, "light"),
    disc(72, 90, 6, "body"),
    disc(128, 90, 6, "body"),
    disc(60, 66, 5, "body"),
    disc(140, 66, 5, "body"),
  ],
  watch: [
    path("M80 24h40l5 34H75zM75 116h50l-5 32H80z", "trim"),
    disc(100, 87, 40, "skin"),
    disc(100, 87, 31, "light"),
    line("M100 66v21l13 9", "dark", 4),
  ],
  umbrella: [
    line("M100 40v86c0 18-24 18-24 2", "dark", 5),
    path("M32 92c2-40 32-62 68-62s66 22 68 62c-8-9-24-9-34 0-10-9-24-9-34 0-10-9-24-9-34 0-10-9-26-9-34 0z", "skin"),
    line("M100 30v-8", "dark", 5),
  ],
  headphones: [
    line("M48 104c-6-92 110-92 104 0", "body", 9),
    box(38, 92, 30, 48, 13, "skin"),
    box(132, 92, 30, 48, 13, "skin"),
    box(60, 96, 12, 40, 6, "dark"),
    box(128, 96, 12, 40, 6, "dark"),
  ],
  phone: [box(66, 24, 68, 122, 13, "dark"), box(71, 30, 58, 110, 8, "skin"), disc(100, 36, 4, "dark"), disc(100, 92, 17, "trim"), box(86, 130, 28, 4, 2, "light")],
  laptop: [
    box(50, 44, 100, 72, 7, "dark"),
    box(56, 50, 88, 60, 3, "skin"),
    path("M34 122h132l8 14a6 6 0 0 1-6 8H32a6 6 0 0 1-6-8z", "trim"),
    box(84, 126, 32, 6, 3, "shade"),
  ],
  speaker: [box(60, 28, 80, 116, 14, "skin"), disc(100, 102, 28, "dark"), disc(100, 102, 17, "trim"), disc(100, 52, 13, "dark"), disc(100, 52, 6, "trim")],
  camera: [
    path("M76 52l8-14h32l8 14z", "trim"),
    box(40, 52, 120, 86, 12, "skin"),
    disc(100, 95, 32, "dark"),
    disc(100, 95, 22, "glass"),
    disc(92, 87, 6, "light"),
    disc(144, 66, 5, "trim"),
  ],
  cable: [
    line("M56 132c-24-40 70-20 60-60S60 60 76 34", "body", 7),
    path("M64 12h24v22H64z", "trim"),
    path("M48 126h28v22H48z", "trim"),
    line("M128 120a16 16 0 1 0 16-16", "body", 7),
  ],
};
