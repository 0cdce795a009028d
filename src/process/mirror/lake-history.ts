import { mkdirSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { UNIT_MS } from "../../core/time.ts";
import { rowStructure } from "../../language/compile/clickhouse/row-columns.ts";
import { quoteName } from "../../language/compile/clickhouse/sql-text.ts";
import type { Topic } from "../../language/plan/topic.ts";
import type { LakeFile, LakeReader } from "../../storage/lake/lake.ts";
import type { Warehouse } from "../../storage/warehouse/warehouse.ts";
import { filesRelation, type FilesSql } from "../batch/files-relation.ts";
import { movedRows, type MovedRow } from "./moved-row.ts";

/** Offsets `[from, to)` of one partition that the log has no more. */
export interface LostRange {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

/** Rows of a topic that were received in a span of time, in the order in which they were. */
export interface HistorySlice {
  readonly rows: readonly MovedRow[];
  /** All that were received before it are there, ms; Infinity: there are no more. */
  readonly beforeMs: number;
}

export interface LakeHistoryOptions {
  readonly lake: LakeReader;
  /** The engine that reads the files; it must see this machine's disk. */
  readonly engine: Warehouse;
  /** A folder of its own; an absolute path. */
  readonly dir: string;
  /** Default: files of this machine. */
  readonly filesSql?: FilesSql;
  /** Rows of one slice, about. */
  readonly rowsMax?: number;
}

const ROWS_MAX = 20_000;
/** Files are asked for where the next rows are, until they have so many times as many rows. */
const FILES_FACTOR = 20;

/** Reads a lake's events in the order in which they were received, slice by slice. */
export class LakeHistory {
  readonly #options: LakeHistoryOptions;

  constructor(options: LakeHistoryOptions) {
    this.#options = options;
    mkdirSync(options.dir, { recursive: true });
  }

  /** The next rows of these ranges, from a received time on. */
  async next(topic: Topic, fromMs: number, ranges: readonly LostRange[]): Promise<HistorySlice> {
    const { lake } = this.#options;
    const release = await lake.hold(topic.name, UNIT_MS.h);
    try {
      const files = (await lake.files({ topic: topic.name })).filter(
        (file) =>
          file.maxReceivedAt >= fromMs &&
          ranges.some(
            ({ partition, from, to }) =>
              file.partition === partition && file.from < to && file.to > from,
          ),
      );
      const { near, beforeMs } = nearest(files, fromMs, this.#rowsMax * FILES_FACTOR);
      return near.length === 0
        ? { rows: [], beforeMs }
        : await this.#read(topic, near, { fromMs, beforeMs, ranges });
    } finally {
      await release();
    }
  }

  async #read(topic: Topic, files: readonly LakeFile[], span: Span): Promise<HistorySlice> {
    const { engine, dir, filesSql } = this.#options;
    const relation = filesRelation(files, rowStructure(topic.layout), filesSql);
    const beforeMs = await this.#bound(relation, span);
    const columns = topic.layout.columns.map(({ name }) => quoteName(name)).join(", ");
    const path = join(dir, "slice.bin");
    await engine.exportFile({
      from: {
        sql: `SELECT ${columns} FROM ${relation} WHERE ${within({ ...span, beforeMs })}
          ORDER BY received_at, _partition, _offset`,
      },
      path,
      format: "RowBinary",
    });
    const rows = movedRows(await readFile(path), topic.layout);
    await rm(path);
    return { rows, beforeMs };
  }

  /** Where a slice of about the right size ends. */
  async #bound(relation: string, span: Span): Promise<number> {
    const [row] = await this.#options.engine.query<{ ms: string }>(
      `SELECT toUnixTimestamp64Milli(received_at) AS ms FROM ${relation} WHERE ${within(span)}
       ORDER BY received_at LIMIT 1 OFFSET ${this.#rowsMax}`,
    );
    return row === undefined ? span.beforeMs : Math.max(Number(row.ms), span.fromMs + 1);
  }

  get #rowsMax(): number {
    return this.#options.rowsMax ?? ROWS_MAX;
  }
}

interface Span {
  readonly fromMs: number;
  readonly beforeMs: number;
  readonly ranges: readonly LostRange[];
}

/**
 * The files that have what was received next, some at least; and when the first event of the
 * others was.
 */
function nearest(
  files: readonly LakeFile[],
  fromMs: number,
  rowsMax: number,
): { readonly near: readonly LakeFile[]; readonly beforeMs: number } {
  const sorted = files.toSorted((one, other) => one.minReceivedAt - other.minReceivedAt);
  let rows = 0;
  let count = 0;
  for (; count < sorted.length; count++) {
    const { minReceivedAt } = sorted[count]!;
    if (rows >= rowsMax && minReceivedAt > Math.max(fromMs, sorted[0]!.minReceivedAt)) break;
    rows += sorted[count]!.rows;
  }
  return { near: sorted.slice(0, count), beforeMs: sorted[count]?.minReceivedAt ?? Infinity };
}

function within({ fromMs, beforeMs, ranges }: Span): string {
  const at = "toUnixTimestamp64Milli(received_at)";
  const before = beforeMs === Infinity ? "" : ` AND ${at} < ${beforeMs}`;
  const offsets = ranges.map(
    ({ partition, from, to }) =>
      `_partition = ${partition} AND _offset >= ${from} AND _offset < ${to}`,
  );
  return `${at} >= ${fromMs}${before} AND (${offsets.map((each) => `(${each})`).join(" OR ")})`;
}
