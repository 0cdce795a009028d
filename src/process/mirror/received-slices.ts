import { MillraceError } from "../../core/errors.ts";
import type { Layout } from "../../language/schema/layout.ts";
import type { Topic } from "../../language/plan/topic.ts";
import type { Batch, LogReader, PartitionEnd, ReaderPosition } from "../../storage/log/log.ts";
import type { HistorySlice, LakeHistory, LostRange } from "./lake-history.ts";
import { inReceivedOrder, movedRows, type MovedRow } from "./moved-row.ts";

/** What a topic was sent in a span of time. */
export interface Slice {
  readonly rows: readonly MovedRow[];
  /** Everything that was received until then is in this slice or an earlier one, ms. */
  readonly throughMs: number;
  /** Where the next one begins. */
  readonly positions: readonly ReaderPosition[];
  /** The log had no more. */
  readonly isLast: boolean;
}

export interface ReceivedSlicesOptions {
  readonly topic: Topic;
  /** Whose batches of a partition have ascending received times. */
  readonly log: Pick<LogReader, "read" | "ends" | "progress">;
  /** What the log has no more. */
  readonly history: () => Promise<Pick<LakeHistory, "next">>;
  readonly layoutOf: (layoutId: number) => Layout;
  /** Where to begin; a partition without one from its first event on. */
  readonly positions: readonly ReaderPosition[];
  /** Of rows, read at a go. */
  readonly bytesMax?: number;
}

const BYTES_MAX = 1_048_576;
const NO_HISTORY: HistorySlice = { rows: [], beforeMs: Infinity };

/**
 * Reads all partitions of a topic together, in the order in which its events were received: those
 * that the log has no more from the lake, the others from the log.
 *
 *     received   ────────────────────────────────▶
 *     partition 0  lake lake lake log log
 *     partition 1  lake log log log log log
 *                  └─ slice ─┘└─ slice ─┘
 */
export class ReceivedSlices {
  readonly #options: ReceivedSlicesOptions;
  #positions: ReadonlyMap<number, number>;
  /** Everything that was received before is done with, ms. */
  #fromMs = 0;

  constructor(options: ReceivedSlicesOptions) {
    this.#options = options;
    const own = options.positions.filter(({ topic }) => topic === options.topic.name);
    this.#positions = new Map(own.map(({ partition, offset }) => [partition, offset]));
  }

  /** The slice after the last one that was taken. */
  async next(): Promise<Slice> {
    const { log, topic, bytesMax = BYTES_MAX } = this.#options;
    // What comes after this moment was received no earlier than this.
    const seenMs = Math.max(...log.progress(topic.name), this.#fromMs);
    const ends = log.ends().filter((end) => end.topic === topic.name);
    const lost = ends.flatMap(({ partition, start }): LostRange[] => {
      const from = this.#position(partition);
      return from < start ? [{ partition, from, to: start }] : [];
    });
    const history =
      lost.length === 0
        ? NO_HISTORY
        : await (await this.#options.history()).next(topic, this.#fromMs, lost);
    for (let bytes = bytesMax / Math.max(ends.length, 1); ; bytes *= 2) {
      const read = this.#read(ends, bytes);
      const slice = this.#slice(read, history, lost, seenMs);
      if (slice !== undefined) return slice;
    }
  }

  /** Goes on behind a slice. */
  take({ positions, throughMs, isLast }: Slice): void {
    this.#positions = new Map(positions.map(({ partition, offset }) => [partition, offset]));
    this.#fromMs = isLast ? throughMs : throughMs + 1;
  }

  #position(partition: number): number {
    return this.#positions.get(partition) ?? 0;
  }

  #read(ends: readonly PartitionEnd[], bytesMax: number): readonly PartitionRead[] {
    const { log, topic } = this.#options;
    return ends.map(({ partition, start, end }) => {
      const from = Math.max(this.#position(partition), start);
      const batches = this.#batches(() =>
        log.read({ topic: topic.name, partition, from, bytesMax }),
      );
      const inEnd = batches.filter((batch) => batch.baseOffset < end);
      return { partition, batches: inEnd, isWhole: (inEnd.at(-1)?.endOffset ?? from) >= end };
    });
  }

  /** None of a partition whose next batch retention removed meanwhile: the lake has it. */
  #batches(read: () => Batch[]): readonly Batch[] {
    try {
      return read();
    } catch (error) {
      if (error instanceof MillraceError && error.code === "OFFSET_TRIMMED") return [];
      throw error;
    }
  }

  /** What was received before everything that wasn't read; undefined: too little was read. */
  #slice(
    read: readonly PartitionRead[],
    history: HistorySlice,
    lost: readonly LostRange[],
    seenMs: number,
  ): Slice | undefined {
    const { topic, layoutOf } = this.#options;
    const bounds = read.map(({ batches, isWhole }) =>
      isWhole ? Infinity : (batches.at(-1)?.lastReceivedAt ?? this.#fromMs),
    );
    const beforeMs = Math.min(history.beforeMs, ...bounds);
    const isStuck = beforeMs <= this.#fromMs && read.some(({ batches }) => batches.length > 0);
    const old = history.rows.filter(({ receivedAt }) => receivedAt < beforeMs);
    const next = new Map(this.#positions);
    const isHistoryDone = history.beforeMs === Infinity && old.length === history.rows.length;
    for (const { partition, to } of lost) if (isHistoryDone) next.set(partition, to);
    for (const { partition, offset } of old) {
      next.set(partition, Math.max(next.get(partition) ?? 0, offset + 1));
    }
    const rows: MovedRow[] = [...old];
    for (const { partition, batches } of read) {
      for (const batch of batches) {
        if (batch.lastReceivedAt >= beforeMs) break;
        next.set(partition, batch.endOffset);
        if (batch.kind === "heartbeat") continue;
        const moved = movedRows(batch.rows, layoutOf(batch.layoutId));
        rows.push(...moved.filter(({ offset }) => offset >= this.#position(partition)));
      }
    }
    if (isStuck && rows.length === 0) return undefined;
    const isLast = beforeMs === Infinity;
    return {
      rows: inReceivedOrder(rows),
      throughMs: isLast ? seenMs : beforeMs - 1,
      positions: [...next].map(([partition, offset]) => ({ topic: topic.name, partition, offset })),
      isLast,
    };
  }
}

interface PartitionRead {
  readonly partition: number;
  readonly batches: readonly Batch[];
  /** Nothing was left where it ended. */
  readonly isWhole: boolean;
}
