import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../core/clock.ts";
import { assert } from "../../core/errors.ts";
import { LIMITS } from "../../core/limits.ts";
import type {
  LakeFormat,
  LakePosition,
  LakeRange,
  LakeWriterPort,
  StagedFile,
} from "../../storage/lake/lake.ts";
import type { LogReader, ReaderPosition } from "../../storage/log/log.ts";
import type { Warehouse } from "../../storage/warehouse/warehouse.ts";
import {
  type ContentsRow,
  contentsQuery,
  daysAtOnceMax,
  daysQuery,
  ENGINE_FORMATS,
  LAKE_SETTINGS,
  splitByDayStatement,
} from "./lake-statements.ts";
import { type LoadCounter, LoadCounters } from "./load-counters.ts";
import { fileColumns, type LayoutOf, type LoadTopic } from "./load-topic.ts";
import { SPOOL_FORMAT } from "./native-file.ts";
import { partitionsBehind, receivedAt } from "./partitions-behind.ts";
import { pathsOf, type Spool, type SpoolBounds, spoolRows } from "./spool.ts";
import { globOf, SpoolFiles, type SpoolFileSupply } from "./spool-files.ts";
import type { SpoolShelf } from "./spool-shelf.ts";

export interface LakeWriterOptions {
  readonly log: Pick<LogReader, "ends" | "read">;
  readonly lake: LakeWriterPort;
  /** The engine that encodes the files; it must see this machine's disk. */
  readonly warehouse: Warehouse;
  /** A folder of its own for rows on their way; an absolute path. */
  readonly dir: string;
  readonly topics: readonly LoadTopic[];
  readonly layoutOf: LayoutOf;
  readonly clock: Clock;
  readonly format?: LakeFormat;
  /** Whether a partition is this writer's; all are, where others don't write. */
  readonly isOwn?: (topic: string, partition: number) => boolean;
  /** What the loader has spooled already; absent: everything is read from the log. */
  readonly shelf?: SpoolShelf;
  /** A partition's events are written when there are so many, or so many bytes, … */
  readonly rowsMax?: number;
  readonly bytesMax?: number;
  /** … or when the oldest of them was received so long ago. */
  readonly rollMsMax?: number;
  /** Called after each commit, with the position that moved: for the log's retention. */
  readonly report?: (positions: readonly ReaderPosition[]) => void;
}

/** What one step did. */
export interface LakeStep {
  readonly rows: number;
  readonly files: number;
  /** Nothing more to do now. */
  readonly idle: boolean;
}

/**
 * Writes the log's events into the lake. One step is one range of one partition: its rows go to a
 * file, the engine turns them into one columnar file a day, the lake takes these. The
 * lake has the range on record before, so that after a crash the same range is written again over
 * the same files.
 */
export class LakeWriter {
  readonly #options: LakeWriterOptions;
  readonly #format: LakeFormat;
  readonly #files: SpoolFileSupply;
  readonly #counters = new LoadCounters();
  /** Asked for at the start and after a failure; it may cost requests. Nobody else moves them. */
  #positions: readonly LakePosition[] = [];
  #isResumed = false;
  /** By topic and partition: the position, and when the oldest event from there was received. */
  readonly #oldest = new Map<string, { readonly from: number; readonly receivedAt: number }>();

  constructor(options: LakeWriterOptions) {
    this.#options = options;
    this.#format = options.format ?? "parquet";
    mkdirSync(options.dir, { recursive: true });
    this.#files = options.shelf?.files ?? new SpoolFiles(options.dir);
  }

  /** One unit of work; `force` writes what there is, however little. */
  async step({ force = false } = {}): Promise<LakeStep> {
    const startMs = this.#options.clock.monotonicMs();
    const { lake } = this.#options;
    if (!this.#isResumed) {
      this.#positions = await lake.positions();
      const { isOwn = () => true } = this.#options;
      const pending = (await lake.pending()).find((each) => isOwn(each.topic, each.partition));
      if (pending !== undefined) return this.#write(pending, startMs, pending.to);
      this.#isResumed = true;
    }
    const due = this.#nextDue(force);
    if (due !== undefined) return this.#write(due, startMs);
    if (this.#options.shelf === undefined) this.#files.clear();
    return { rows: 0, files: 0, idle: true };
  }

  /** How far the lake goes, as of the last step. */
  positions(): readonly LakePosition[] {
    return this.#positions;
  }

  counters(): LoadCounter[] {
    for (const { name } of this.#options.topics) {
      this.#counters.setLag(name, this.#behind(name).lag(this.#options.clock.nowMs()));
    }
    return this.#counters.values();
  }

  /** Writes a range: exactly up to `to` where it is given, else as far as bounds and layout go. */
  async #write(
    { topic, partition, from }: Pick<LakeRange, "topic" | "partition" | "from">,
    startMs: number,
    to?: number,
  ): Promise<LakeStep> {
    const { lake, shelf } = this.#options;
    const kept = to === undefined ? shelf?.take(topic, partition, from, this.#bounds) : undefined;
    const spool = kept ?? (await this.#spool(topic, partition, from, to));
    const { rows, bytes } = spool;
    const range = { topic, partition, from, to: spool.parts.at(-1)!.to, rows };
    let files: readonly unknown[];
    try {
      files = await lake.commit(range, await this.#stage(spool, await lake.begin(range)));
    } catch (error) {
      this.#isResumed = false;
      for (const path of pathsOf(spool)) this.#files.discard(path);
      throw error;
    }
    this.#positions = [
      ...this.#positions.filter((each) => each.topic !== topic || each.partition !== partition),
      { topic, partition, offset: range.to },
    ];
    for (const path of pathsOf(spool)) this.#files.giveBack(path);
    this.#options.report?.([{ topic, partition, offset: range.to }]);
    const wallMs = this.#options.clock.monotonicMs() - startMs;
    this.#counters.add(topic, { rows, bytes, wallMs });
    return { rows, files: files.length, idle: false };
  }

  get #bounds(): SpoolBounds {
    const { rowsMax = LIMITS.lakeRollRowsMax, bytesMax = LIMITS.lakeRollBytesMax } = this.#options;
    return { rowsMax, bytesMax };
  }

  /** Reads rows of the log, at most up to where the shelf has something. */
  #spool(topic: string, partition: number, from: number, to?: number): Promise<Spool> {
    const isExact = to !== undefined;
    const stop = to ?? this.#options.shelf?.startAfter(topic, partition, from);
    const request = { partition, from, to: stop, isExact };
    return spoolRows(this.#options, topic, [request], this.#files, this.#bounds);
  }

  async #stage(spool: Spool, folder: string): Promise<StagedFile[]> {
    if (spool.layoutId === undefined) return [];
    const { topics, layoutOf } = this.#options;
    const topic = topics.find(({ name }) => name === spool.topic);
    assert(topic !== undefined, `the lake writer doesn't know topic ${spool.topic}`);
    const columns = fileColumns(layoutOf(spool.topic, spool.layoutId));
    const bounds = boundsOf(spool);
    const date = dayOf(bounds.minTime);
    if (date !== dayOf(bounds.maxTime)) return this.#stageDays(topic, spool, folder, columns);
    const path = join(folder, `${date}.${this.#format}`);
    await this.#options.warehouse.exportFile({
      from: { path: globOf(pathsOf(spool)), columns, format: SPOOL_FORMAT },
      path,
      format: ENGINE_FORMATS[this.#format],
      settings: LAKE_SETTINGS,
    });
    return [{ path, date, rows: spool.rows, ...bounds }];
  }

  async #stageDays(
    topic: LoadTopic,
    spool: Spool,
    folder: string,
    columns: ReturnType<typeof fileColumns>,
  ): Promise<StagedFile[]> {
    const { warehouse } = this.#options;
    const source = { path: globOf(pathsOf(spool)), columns, time: topic.time };
    const days = (await warehouse.query<{ day: string }>(daysQuery(source))).map(({ day }) => day);
    const atOnce = daysAtOnceMax(this.#format);
    for (let at = 0; at < days.length; at += atOnce) {
      const last = Math.min(at + atOnce, days.length) - 1;
      await warehouse.command(
        splitByDayStatement(source, [days[at]!, days[last]!], folder, this.#format),
        { settings: LAKE_SETTINGS },
      );
    }
    const contents = await warehouse.query<ContentsRow>(
      contentsQuery(folder, this.#format, topic.time),
    );
    const rows = contents.reduce((sum, each) => sum + Number(each.rows), 0);
    assert(rows === spool.rows, `${spool.rows} rows of ${topic.name} became ${rows} in the lake`);
    return contents.map((each) => ({
      path: join(folder, each.file),
      date: each.file.slice(0, 10),
      rows: Number(each.rows),
      minTime: Number(each.min_time),
      maxTime: Number(each.max_time),
      minReceivedAt: Number(each.min_received_at),
      maxReceivedAt: Number(each.max_received_at),
    }));
  }

  /** The partition that is furthest over its bounds, if any is. */
  #nextDue(force: boolean): Pick<LakeRange, "topic" | "partition" | "from"> | undefined {
    const { clock, topics, rowsMax = LIMITS.lakeRollRowsMax } = this.#options;
    const rollMsMax = this.#options.rollMsMax ?? LIMITS.lakeRollMsMax;
    for (const { name: topic } of topics) {
      for (const { partition, from, end } of this.#behind(topic).partitions) {
        const reach = this.#options.shelf?.reach(topic, partition, from) ?? end;
        const isDue =
          force ||
          reach - from >= rowsMax ||
          clock.nowMs() - this.#oldestOf(topic, partition, from) >= rollMsMax;
        if (isDue) return { topic, partition, from };
      }
    }
    return undefined;
  }

  #oldestOf(topic: string, partition: number, from: number): number {
    const key = `${partition} ${topic}`;
    const known = this.#oldest.get(key);
    if (known?.from === from) return known.receivedAt;
    const oldest = { from, receivedAt: receivedAt(this.#options.log, topic, partition, from) };
    this.#oldest.set(key, oldest);
    return oldest.receivedAt;
  }

  #behind(topic: string) {
    return partitionsBehind(
      this.#options.log,
      topic,
      (partition) =>
        this.#positions.find((each) => each.topic === topic && each.partition === partition)
          ?.offset,
    );
  }
}

/** The bounds of a spool's times, ms. */
const boundsOf = ({ parts }: Spool) => ({
  minTime: Math.min(...parts.map(({ minTime }) => minTime)),
  maxTime: Math.max(...parts.map(({ maxTime }) => maxTime)),
  minReceivedAt: Math.min(...parts.map(({ minReceivedAt }) => minReceivedAt)),
  maxReceivedAt: Math.max(...parts.map(({ maxReceivedAt }) => maxReceivedAt)),
});

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
