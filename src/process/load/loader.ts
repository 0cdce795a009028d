import { mkdirSync } from "node:fs";
import type { Clock } from "../../core/clock.ts";
import { MillraceError } from "../../core/errors.ts";
import { fingerprint } from "../../core/fingerprint.ts";
import { LIMITS } from "../../core/limits.ts";
import type { LogReader, ReaderPosition } from "../../storage/log/log.ts";
import type { Warehouse } from "../../storage/warehouse/warehouse.ts";
import { type LoadCounter, LoadCounters } from "./load-counters.ts";
import { LoadDatabase } from "./load-database.ts";
import type { LoadIntent, LoadJournal } from "./load-journal.ts";
import { fileColumns, type LayoutOf, type LoadTopic } from "./load-topic.ts";
import { SPOOL_FORMAT } from "./native-file.ts";
import { partitionsBehind } from "./partitions-behind.ts";
import { pathsOf, type Spool, spoolRows } from "./spool.ts";
import { globOf, SpoolFiles, type SpoolFileSupply } from "./spool-files.ts";
import type { SpoolShelf } from "./spool-shelf.ts";

export interface LoaderOptions {
  readonly log: Pick<LogReader, "ends" | "read">;
  readonly warehouse: Warehouse;
  /** A folder of its own, on a disk that the warehouse's process sees; an absolute path. */
  readonly dir: string;
  readonly topics: readonly LoadTopic[];
  readonly layoutOf: LayoutOf;
  readonly clock: Clock;
  /** Called after each commit, with the positions that moved: for the log's retention. */
  readonly report?: (positions: readonly ReaderPosition[]) => void;
  /** Where positions and intents are kept; a file in `dir` by default. */
  readonly journal?: LoadJournal;
  /** Partitions of one insert; all of a topic's by default. */
  readonly partitionsMax?: number;
  /** Takes what the warehouse has for the lake; absent: nobody wants it. */
  readonly shelf?: SpoolShelf;
  /** Rows after which an insert takes no further batch. */
  readonly rowsMax?: number;
  readonly bytesMax?: number;
  /** Called at named narrow points; tests kill the process there. */
  readonly crashPoint?: (name: LoadCrashPoint) => void;
}

/** The narrow points of one insert. */
export type LoadCrashPoint =
  | "between-intent-and-insert"
  | "inside-insert"
  | "between-insert-and-commit"
  | "between-commit-and-report";

/** What one step did. */
export interface LoadStep {
  readonly rows: number;
  readonly bytes: number;
  /** Every topic was loaded to the log's end: what comes meanwhile is worth waiting for. */
  readonly idle: boolean;
}

/**
 * Brings the log's events into the warehouse's tables, exactly once. One step is one insert: rows
 * of one topic and one layout, of several partitions, put from the log into files of columns.
 *
 * The ranges are on record before the insert, which carries a token; after a crash exactly the same
 * ranges are inserted with the same token, and the warehouse adds what is missing (an insert over
 * several of its partitions isn't atomic). Then positions move and the record goes, together.
 */
export class Loader {
  readonly #options: LoaderOptions;
  readonly #journal: LoadJournal;
  readonly #positions = new Map<string, number>();
  readonly #counters = new LoadCounters();
  readonly #files: SpoolFileSupply;
  /** Topic that the next step looks at first, and partition. */
  #turn = 0;
  #partitionTurn = 0;
  /** Topics in a row that were at the log's end when they were looked at. */
  #wholeTopics = 0;

  constructor(options: LoaderOptions) {
    this.#options = options;
    mkdirSync(options.dir, { recursive: true });
    this.#files = options.shelf?.files ?? new SpoolFiles(options.dir);
    this.#journal = options.journal ?? new LoadDatabase(options.dir);
    for (const position of this.#journal.positions()) this.#move(position);
  }

  /**
   * One unit of work. When the warehouse doesn't answer it throws `WAREHOUSE_UNAVAILABLE`; the next
   * step takes the same insert up again.
   */
  async step(): Promise<LoadStep> {
    const startMs = this.#options.clock.monotonicMs();
    const intent = this.#journal.intent();
    if (intent !== undefined) return this.#resume(intent, startMs);
    const heartbeats: Spool[] = [];
    for (let tried = 0; tried < this.#options.topics.length; tried++) {
      const topic = this.#options.topics[this.#turn++ % this.#options.topics.length]!;
      const spool = await this.#spool(topic);
      this.#wholeTopics = spool?.isWhole === false ? 0 : this.#wholeTopics + 1;
      if (spool === undefined) continue;
      if (spool.layoutId === undefined) heartbeats.push(spool);
      else {
        // They mustn't wait until no topic has events: retention waits for them.
        await this.#commit(heartbeats);
        return this.#load(topic, spool, spool.layoutId, startMs);
      }
    }
    await this.#commit(heartbeats);
    this.#files.clear();
    this.#wholeTopics = 0;
    return { rows: 0, bytes: 0, idle: true };
  }

  /** The next offset to load, by partition. */
  positions(): ReaderPosition[] {
    return [...this.#journal.positions()];
  }

  counters(): LoadCounter[] {
    for (const { name } of this.#options.topics) {
      this.#counters.setLag(name, this.#behind(name).lag(this.#options.clock.nowMs()));
    }
    return this.#counters.values();
  }

  close(): void {
    this.#files.clear();
    this.#journal.close();
  }

  async #spool({ name }: LoadTopic): Promise<Spool | undefined> {
    const { rowsMax = LIMITS.loadRowsMax, bytesMax = LIMITS.loadBytesMax } = this.#options;
    const behind = this.#behind(name).partitions;
    if (behind.length === 0) return undefined;
    const requests = this.#someOf(behind);
    const bounds = { rowsMax, bytesMax };
    const spool = await spoolRows(this.#options, name, requests, this.#files, bounds);
    return { ...spool, isWhole: spool.isWhole && requests.length === behind.length };
  }

  /** As many partitions as one insert may have, in turn. */
  #someOf<Partition>(behind: readonly Partition[]): readonly Partition[] {
    const { partitionsMax = Infinity } = this.#options;
    if (behind.length <= partitionsMax) return behind;
    const first = this.#partitionTurn % behind.length;
    this.#partitionTurn = first + partitionsMax;
    return [...behind.slice(first), ...behind.slice(0, first)].slice(0, partitionsMax);
  }

  async #load(topic: LoadTopic, spool: Spool, layoutId: number, startMs: number) {
    const ranges = spool.parts.map(({ partition, from, to }) => ({ partition, from, to }));
    await this.#journal.begin({ topic: topic.name, ranges });
    await this.#insert(spool, layoutId);
    return this.#finish(spool, startMs);
  }

  async #resume({ topic, ranges }: LoadIntent, startMs: number): Promise<LoadStep> {
    const unbounded = { rowsMax: Infinity, bytesMax: Infinity };
    const exact = ranges.map((range) => ({ ...range, isExact: true }));
    const spool = await spoolRows(this.#options, topic, exact, this.#files, unbounded);
    if (spool.layoutId !== undefined) {
      await this.#insert(spool, spool.layoutId);
      await this.#verify(spool);
    }
    return this.#finish(spool, startMs);
  }

  /** The files go when it fails: the next try spools the same rows again. */
  async #insert(spool: Spool, layoutId: number): Promise<void> {
    const { topic } = spool;
    const paths = pathsOf(spool);
    try {
      this.#crashPoint("between-intent-and-insert");
      const inserted = this.#options.warehouse.insertFile({
        table: topic,
        path: globOf(paths),
        format: SPOOL_FORMAT,
        columns: fileColumns(this.#options.layoutOf(topic, layoutId)),
        token: tokenOf(spool, layoutId),
        settings: ONE_BLOCK,
      });
      this.#crashPoint("inside-insert");
      await inserted;
      this.#crashPoint("between-insert-and-commit");
    } catch (error) {
      for (const path of paths) this.#files.discard(path);
      throw error;
    }
  }

  /** After a crash: the table has each row of these ranges once. */
  async #verify({ topic, parts }: Spool): Promise<void> {
    for (const { partition, from, to, rows } of parts) {
      const [found] = await this.#options.warehouse.query<{ n: string }>(
        `SELECT count() AS n FROM {table:Identifier}
         WHERE _partition = {partition:UInt16} AND _offset >= {from:UInt64} AND _offset < {to:UInt64}`,
        { params: { table: topic, partition, from, to } },
      );
      if (Number(found?.n) === rows) continue;
      throw new MillraceError(
        "STORAGE_CORRUPT",
        `warehouse table ${topic} has ${found?.n} rows of partition ${partition}, ` +
          `offsets [${from}, ${to}), where the log has ${rows}`,
        { hint: "the machine lost synced writes; rebuild the table from the lake (backfill)" },
      );
    }
  }

  async #finish(spool: Spool, startMs: number): Promise<LoadStep> {
    await this.#commit([spool]);
    const { topic, rows, bytes } = spool;
    const wallMs = this.#options.clock.monotonicMs() - startMs;
    this.#counters.add(topic, { rows, bytes, wallMs });
    const idle = this.#wholeTopics >= this.#options.topics.length;
    if (idle) this.#wholeTopics = 0;
    return { rows, bytes, idle };
  }

  async #commit(spools: readonly Spool[]): Promise<void> {
    if (spools.length === 0) return;
    const positions = spools.flatMap(positionsOf);
    await this.#journal.commit(positions);
    for (const position of positions) this.#move(position);
    this.#crashPoint("between-commit-and-report");
    this.#options.report?.(positions);
    const { shelf } = this.#options;
    for (const spool of spools) {
      if (shelf !== undefined) shelf.put(spool);
      else for (const path of pathsOf(spool)) this.#files.giveBack(path);
    }
  }

  #behind(topic: string) {
    return partitionsBehind(this.#options.log, topic, (partition) =>
      this.#positions.get(`${partition} ${topic}`),
    );
  }

  #move({ topic, partition, offset }: ReaderPosition): void {
    this.#positions.set(`${partition} ${topic}`, offset);
  }

  #crashPoint(name: LoadCrashPoint): void {
    this.#options.crashPoint?.(name);
  }
}

const positionsOf = ({ topic, parts }: Spool): ReaderPosition[] =>
  parts.map(({ partition, to }) => ({ topic, partition, offset: to }));

/** Names an insert to the warehouse: the same for the same rows, whoever makes it. */
function tokenOf({ topic, parts }: Spool, layoutId: number): string {
  const place = parts.map(({ partition, from, to }) => `${partition}:${from}-${to}`).join(",");
  return `${topic}/${fingerprint(`${topic} ${layoutId} ${place}`)}/${parts[0]!.from}`.slice(-200);
}

/** One insert is one block: rows and bytes of a file never reach these. */
const ONE_BLOCK = {
  min_insert_block_size_rows: "100000000",
  min_insert_block_size_bytes: "100000000000",
} as const;
