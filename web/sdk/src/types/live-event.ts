export type EventKind = "view" | "cart" | "purchase" | "remove";

/** Something the visitor did with an item on this page; `time` is in Unix seconds. */
export interface LiveEvent {
  readonly item: string;
  readonly kind: EventKind;
  readonly time: number;
}
