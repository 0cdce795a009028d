import { join } from "node:path";
import type { Clock } from "../../core/clock.ts";
import { LIMITS } from "../../core/limits.ts";
import type { Layout } from "../../language/schema/layout.ts";
import type { LakeFormat, LakeWriterPort } from "../../storage/lake/lake.ts";
import type { Warehouse } from "../../storage/warehouse/warehouse.ts";
import { ENGINE_FORMATS, filesQuery, LAKE_SETTINGS } from "./lake-statements.ts";
import { fileColumns } from "./load-topic.ts";

export interface LakeMergerOptions {
  readonly lake: LakeWriterPort;
  readonly warehouse: Warehouse;
  readonly clock: Clock;
  /** The newest layout of a topic: what merged files have; columns that old files lack are null. */
  readonly newestLayoutOf: (topic: string) => Layout;
  readonly format?: LakeFormat;
  readonly filesMax?: number;
  readonly bytesMax?: number;
}

/** How long after midnight a day is taken to be over: late events still come then. */
const DAY_OVER_MS = 30 * 60 * 1000;

/** Merges small files of one (topic, day, partition) into larger ones, one merge a step. */
export class LakeMerger {
  readonly #options: LakeMergerOptions;

  constructor(options: LakeMergerOptions) {
    this.#options = options;
  }

  async step(): Promise<{ readonly files: number; readonly idle: boolean }> {
    const { lake, warehouse, clock, newestLayoutOf, format = "parquet" } = this.#options;
    const { filesMax = LIMITS.lakeFilesMax, bytesMax = LIMITS.lakeMergedBytesMax } = this.#options;
    const today = new Date(clock.nowMs() - DAY_OVER_MS).toISOString().slice(0, 10);
    const [merge] = await lake.merges({ today, filesMax, bytesMax });
    if (merge === undefined) return { files: 0, idle: true };
    const { files, date, topic } = merge;
    const path = join(await lake.beginMerge(merge), `${date}.${format}`);
    const columns = fileColumns(newestLayoutOf(topic));
    await warehouse.exportFile({
      from: {
        sql: filesQuery(
          files.map((file) => file.path),
          files[0]!.format,
          columns,
        ),
      },
      path,
      format: ENGINE_FORMATS[format],
      settings: LAKE_SETTINGS,
    });
    const [counted] = await warehouse.query<{ n: string }>(
      `SELECT count() AS n FROM (${filesQuery([path], format, columns)})`,
    );
    const swapped = await lake.commitMerge(merge, {
      path,
      date,
      rows: Number(counted?.n),
      minTime: Math.min(...files.map(({ minTime }) => minTime)),
      maxTime: Math.max(...files.map(({ maxTime }) => maxTime)),
      minReceivedAt: Math.min(...files.map(({ minReceivedAt }) => minReceivedAt)),
      maxReceivedAt: Math.max(...files.map(({ maxReceivedAt }) => maxReceivedAt)),
    });
    return { files: swapped ? files.length : 0, idle: !swapped };
  }
}
