export const EVENT_KINDS = ["view", "cart", "purchase", "remove"] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** Something the visitor did with an item on this page; `time` is in Unix seconds. */
export interface LiveEvent {
  readonly item: string;
  readonly kind: EventKind;
  readonly time: number;
}
