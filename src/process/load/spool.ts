import { setImmediate as turn } from "node:timers/promises";
import { assert } from "../../core/errors.ts";
import type { Batch, LogReader } from "../../storage/log/log.ts";
import type { LayoutOf } from "./load-topic.ts";
import { NativeFile } from "./native-file.ts";

/** Offsets `[from, to)` of one partition whose rows are all in one layout. */
export interface SpoolRange {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
  readonly rows: number;
}

/** Rows of one topic in one file, and what is known of them. */
export interface Spool {
  readonly topic: string;
  /** Undefined where there are no rows: nothing but heartbeats. */
  readonly layoutId: number | undefined;
  readonly ranges: readonly SpoolRange[];
  readonly rows: number;
  /** Of the rows as the log has them. */
  readonly bytes: number;
  /** Over all rows, ms; meaningless where there are none. */
  readonly minTime: number;
  readonly maxTime: number;
  readonly minReceivedAt: number;
  readonly maxReceivedAt: number;
  /** Nothing more of these partitions was in the log. */
  readonly isWhole: boolean;
}

export interface SpoolBounds {
  readonly rowsMax: number;
  readonly bytesMax: number;
}

/** What to read of one partition: from `from`, up to `to` exactly where it is given. */
export interface SpoolRequest {
  readonly partition: number;
  readonly from: number;
  readonly to?: number | undefined;
}

/** Where rows are spooled from. */
export interface SpoolSource {
  readonly log: LogReader;
  readonly layoutOf: LayoutOf;
}

/**
 * Puts rows of the log into a file (`SPOOL_FORMAT`), no value changed: whole batches, partition
 * after partition, as long as they are in one layout and the bounds allow (one batch at least). Each
 * partition has an equal share of the bounds. The file isn't synced: the log is what is kept. Between
 * reads others get their turn: an operator of the same process must not wait for a million rows.
 */
export async function spoolRows(
  { log, layoutOf }: SpoolSource,
  topic: string,
  requests: readonly SpoolRequest[],
  path: string,
  bounds: SpoolBounds,
): Promise<Spool> {
  const writer = new SpoolWriter(topic, layoutOf, path);
  try {
    const share = {
      rowsMax: bounds.rowsMax / requests.length,
      bytesMax: bounds.bytesMax / requests.length,
    };
    for (const request of requests) await writer.copy(log, request, share);
    return writer.finish();
  } finally {
    writer.close();
  }
}

/** Bytes of one read: some milliseconds of work. */
const READ_BYTES = 2 * 1024 * 1024;

class SpoolWriter {
  readonly #topic: string;
  readonly #layoutOf: LayoutOf;
  readonly #file: NativeFile;
  readonly #ranges: SpoolRange[] = [];
  #layoutId: number | undefined;
  #rows = 0;
  #bytes = 0;
  #minTime = Infinity;
  #maxTime = -Infinity;
  #minReceivedAt = Infinity;
  #maxReceivedAt = -Infinity;
  #isWhole = true;

  constructor(topic: string, layoutOf: LayoutOf, path: string) {
    this.#topic = topic;
    this.#layoutOf = layoutOf;
    this.#file = new NativeFile(path);
  }

  async copy(
    log: LogReader,
    { partition, from, to = Infinity }: SpoolRequest,
    share: SpoolBounds,
  ): Promise<void> {
    const exact = to !== Infinity;
    let at = from;
    let rows = 0;
    let bytes = 0;
    let isAtEnd = false;
    const isFull = (): boolean => !exact && (rows >= share.rowsMax || bytes >= share.bytesMax);
    reading: while (at < to && !isFull()) {
      await turn();
      const batches = log.read({ topic: this.#topic, partition, from: at, bytesMax: READ_BYTES });
      isAtEnd = batches.length === 0;
      if (isAtEnd) break;
      for (const batch of batches) {
        if (at >= to || isFull() || !this.#accepts(batch)) break reading;
        assert(batch.baseOffset === at, `a batch at ${at} begins at ${batch.baseOffset}`);
        this.#write(batch);
        at = batch.endOffset;
        rows += batch.count;
        bytes += batch.rows.length;
      }
    }
    assert(!exact || at === to, `${this.#topic}, partition ${partition}: ${at} read, ${to} wanted`);
    if (at > from) this.#ranges.push({ partition, from, to: at, rows });
    this.#isWhole &&= isAtEnd;
  }

  finish(): Spool {
    this.#file.finish();
    return {
      topic: this.#topic,
      layoutId: this.#layoutId,
      ranges: this.#ranges,
      rows: this.#rows,
      bytes: this.#bytes,
      minTime: this.#minTime,
      maxTime: this.#maxTime,
      minReceivedAt: this.#minReceivedAt,
      maxReceivedAt: this.#maxReceivedAt,
      isWhole: this.#isWhole,
    };
  }

  close(): void {
    this.#file.close();
  }

  #accepts(batch: Batch): boolean {
    if (batch.kind === "heartbeat") return true;
    if (this.#layoutId === undefined) {
      this.#layoutId = batch.layoutId;
      this.#file.begin(this.#layoutOf(this.#topic, batch.layoutId));
    }
    return this.#layoutId === batch.layoutId;
  }

  #write(batch: Batch): void {
    if (batch.kind === "heartbeat") return;
    const rows = this.#file.write(batch.rows);
    assert(rows === batch.count, `${rows} rows are in a batch of ${batch.count}`);
    this.#rows += batch.count;
    this.#bytes += batch.rows.length;
    this.#minTime = Math.min(this.#minTime, batch.minTime);
    this.#maxTime = Math.max(this.#maxTime, batch.maxTime);
    this.#minReceivedAt = Math.min(this.#minReceivedAt, batch.firstReceivedAt);
    this.#maxReceivedAt = Math.max(this.#maxReceivedAt, batch.lastReceivedAt);
  }
}
