import type { ReaderPosition } from "../../storage/log/log.ts";

/** Offsets `[from, to)` of one partition. */
export interface LoadRange {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

/** One insert into the warehouse, on record before it is made. */
export interface LoadIntent {
  readonly topic: string;
  readonly ranges: readonly LoadRange[];
}

/** How far the warehouse is loaded, and what is under way. What a method did is durable. */
export interface LoadJournal {
  positions(): readonly ReaderPosition[];
  /** An insert that was begun and isn't known to be done: to be made again, exactly. */
  intent(): LoadIntent | undefined;
  begin(intent: LoadIntent): void | Promise<void>;
  /** Moves positions and forgets the intents that they end, together. */
  commit(positions: readonly ReaderPosition[]): void | Promise<void>;
  close(): void;
}
