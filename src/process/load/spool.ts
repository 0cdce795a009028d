import { setImmediate as turn } from "node:timers/promises";
import { assert } from "../../core/errors.ts";
import type { Batch, LogReader } from "../../storage/log/log.ts";
import type { LayoutOf } from "./load-topic.ts";
import type { ColumnBlock } from "./column-block.ts";
import { NativeFile, spoolBlock } from "./native-file.ts";
import type { SpoolFileSupply } from "./spool-files.ts";

/** Offsets `[from, to)` of one partition whose rows are all in one layout. */
export interface SpoolRange {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
  readonly rows: number;
}

/** Rows of one partition in a file of their own, and what is known of them. */
export interface SpoolPart extends SpoolRange {
  /** Undefined where there are no rows: nothing but heartbeats. */
  readonly path: string | undefined;
  /** Of the rows as the log has them. */
  readonly bytes: number;
  /** Over all rows, ms; `Infinity` and `-Infinity` where there are none. */
  readonly minTime: number;
  readonly maxTime: number;
  readonly minReceivedAt: number;
  readonly maxReceivedAt: number;
}

/** Rows of one topic in files. */
export interface Spool {
  readonly topic: string;
  /** Undefined where there are no rows. */
  readonly layoutId: number | undefined;
  readonly parts: readonly SpoolPart[];
  readonly rows: number;
  /** Of the rows as the log has them. */
  readonly bytes: number;
  /** Nothing more of these partitions was in the log. */
  readonly isWhole: boolean;
}

export interface SpoolBounds {
  readonly rowsMax: number;
  readonly bytesMax: number;
}

/** What to read of one partition. */
export interface SpoolRequest {
  readonly partition: number;
  readonly from: number;
  /** No batch from there on. */
  readonly to?: number | undefined;
  /** Everything up to `to`, whatever the bounds. */
  readonly isExact?: boolean;
}

/** Where rows are spooled from. */
export interface SpoolSource {
  readonly log: Pick<LogReader, "read">;
  readonly layoutOf: LayoutOf;
}

/** The paths of the files that a spool has. */
export const pathsOf = ({ parts }: Spool): string[] => parts.flatMap(({ path }) => path ?? []);

/**
 * Puts rows of the log into files (`SPOOL_FORMAT`), no value changed: whole batches, a file for each
 * partition, as long as they are in one layout and the bounds allow (one batch at least). Each
 * partition has an equal share of the bounds. Files aren't synced: the log is what is kept. Between
 * reads others get their turn: an operator of the same process must not wait for a million rows.
 */
export async function spoolRows(
  { log, layoutOf }: SpoolSource,
  topic: string,
  requests: readonly SpoolRequest[],
  files: SpoolFileSupply,
  bounds: SpoolBounds,
): Promise<Spool> {
  const share = {
    rowsMax: bounds.rowsMax / requests.length,
    bytesMax: bounds.bytesMax / requests.length,
  };
  const rows = new OneLayout(topic, layoutOf);
  const writers: PartWriter[] = [];
  let isWhole = true;
  try {
    for (const request of requests) {
      const writer = new PartWriter(rows, files, request);
      writers.push(writer);
      const isAtEnd = await writer.copy(log, share);
      isWhole &&= isAtEnd;
    }
  } catch (error) {
    for (const { path } of writers) if (path !== undefined) files.giveBack(path);
    throw error;
  }
  const parts = writers.map((writer) => writer.part()).filter(({ from, to }) => to > from);
  return {
    topic,
    layoutId: rows.layoutId,
    parts,
    rows: parts.reduce((sum, part) => sum + part.rows, 0),
    bytes: parts.reduce((sum, part) => sum + part.bytes, 0),
    isWhole,
  };
}

/** Bytes of one read: some milliseconds of work. */
const READ_BYTES = 2 * 1024 * 1024;

/** The layout that all rows of a spool have: the first batch's. */
class OneLayout {
  readonly topic: string;
  layoutId: number | undefined;
  readonly #layoutOf: LayoutOf;
  #block: ColumnBlock | undefined;

  constructor(topic: string, layoutOf: LayoutOf) {
    this.topic = topic;
    this.#layoutOf = layoutOf;
  }

  accepts(batch: Batch): boolean {
    if (batch.kind === "heartbeat") return true;
    this.layoutId ??= batch.layoutId;
    return this.layoutId === batch.layoutId;
  }

  open(path: string): NativeFile {
    const layout = this.#layoutOf(this.topic, this.layoutId!);
    this.#block ??= spoolBlock(layout);
    return new NativeFile(path, layout, this.#block);
  }
}

/** Copies rows of one partition into a file, which is there once there is a row. */
class PartWriter {
  readonly #rows: OneLayout;
  readonly #files: SpoolFileSupply;
  readonly #request: SpoolRequest;
  path: string | undefined;
  #file: NativeFile | undefined;
  #at: number;
  #count = 0;
  #bytes = 0;
  #minTime = Infinity;
  #maxTime = -Infinity;
  #minReceivedAt = Infinity;
  #maxReceivedAt = -Infinity;

  constructor(rows: OneLayout, files: SpoolFileSupply, request: SpoolRequest) {
    this.#rows = rows;
    this.#files = files;
    this.#request = request;
    this.#at = request.from;
  }

  /** Whether it came to the log's end. */
  async copy(log: Pick<LogReader, "read">, share: SpoolBounds): Promise<boolean> {
    try {
      const isAtEnd = await this.#copy(log, share);
      this.#file?.finish();
      return isAtEnd;
    } finally {
      this.#file?.close();
    }
  }

  async #copy(log: Pick<LogReader, "read">, share: SpoolBounds): Promise<boolean> {
    const { topic } = this.#rows;
    const { partition, to = Infinity, isExact = false } = this.#request;
    const isFull = (): boolean =>
      !isExact && (this.#count >= share.rowsMax || this.#bytes >= share.bytesMax);
    let isAtEnd = false;
    reading: while (this.#at < to && !isFull()) {
      await turn();
      const upTo = isExact ? { to } : {};
      const batches = log.read({ topic, partition, from: this.#at, bytesMax: READ_BYTES, ...upTo });
      isAtEnd = batches.length === 0;
      if (isAtEnd) break;
      for (const batch of batches) {
        if (this.#at >= to || isFull() || !this.#rows.accepts(batch)) break reading;
        assert(batch.baseOffset === this.#at, `a batch at ${this.#at} begins where it should`);
        this.#write(batch);
        this.#at = batch.endOffset;
      }
    }
    assert(!isExact || this.#at === to, `${topic}, ${partition}: ${this.#at} read, ${to} wanted`);
    return isAtEnd;
  }

  part(): SpoolPart {
    const { partition, from } = this.#request;
    return {
      partition,
      from,
      to: this.#at,
      rows: this.#count,
      path: this.path,
      bytes: this.#bytes,
      minTime: this.#minTime,
      maxTime: this.#maxTime,
      minReceivedAt: this.#minReceivedAt,
      maxReceivedAt: this.#maxReceivedAt,
    };
  }

  #write(batch: Batch): void {
    if (batch.kind === "heartbeat") return;
    this.path ??= this.#files.take();
    this.#file ??= this.#rows.open(this.path);
    const rows = this.#file.write(batch.rows);
    assert(rows === batch.count, `${rows} rows are in a batch of ${batch.count}`);
    this.#count += batch.count;
    this.#bytes += batch.rows.length;
    this.#minTime = Math.min(this.#minTime, batch.minTime);
    this.#maxTime = Math.max(this.#maxTime, batch.maxTime);
    this.#minReceivedAt = Math.min(this.#minReceivedAt, batch.firstReceivedAt);
    this.#maxReceivedAt = Math.max(this.#maxReceivedAt, batch.lastReceivedAt);
  }
}
