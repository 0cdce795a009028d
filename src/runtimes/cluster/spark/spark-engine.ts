import { UNIT_MS } from "../../../core/time.ts";
import { assert } from "../../../core/errors.ts";
import { metricColumns } from "../../../language/compile/clickhouse/metric-columns.ts";
import { modelColumns } from "../../../language/compile/clickhouse/model-select.ts";
import { quoteName as clickhouseName } from "../../../language/compile/clickhouse/sql-text.ts";
import { noRowsSql } from "../../../language/compile/spark/column-type.ts";
import { quoteText } from "../../../language/compile/spark/dialect.ts";
import { filesView } from "../../../language/compile/spark/files-view.ts";
import { metricSelect } from "../../../language/compile/spark/metric-select.ts";
import { modelSelect, unmatchedSelect } from "../../../language/compile/spark/model-select.ts";
import { ruleSelect } from "../../../language/compile/spark/rule-select.ts";
import { sessionExtentSelect } from "../../../language/compile/spark/session-extent-select.ts";
import { touchedSelect } from "../../../language/compile/spark/touched-select.ts";
import { quoteName } from "../../../language/compile/sql/sql-text.ts";
import type { Topic } from "../../../language/plan/topic.ts";
import type {
  BatchEngine,
  ExtentWanted,
  MetricRowsWanted,
  ModelFill,
  RuleCount,
  TimeRange,
  TouchedWanted,
} from "../../../process/batch/batch-engine.ts";
import { daysOf } from "../../../process/batch/clickhouse-engine.ts";
import type { TouchedRecord } from "../../../process/batch/stream-view.ts";
import type { LakeFile, LakeReader } from "../../../storage/lake/lake.ts";
import type { Warehouse } from "../../../storage/warehouse/warehouse.ts";
import type { SparkSession } from "./spark-session.ts";
import { sparkUrl, type StagedFolder, type Staging } from "./staging.ts";

export interface SparkEngineOptions {
  readonly spark: SparkSession;
  readonly lake: LakeReader;
  readonly warehouse: Warehouse;
  readonly staging: Staging;
}

/** Files of one view. */
const FILES_MAX = 500;
/** How long files that are being read are kept in their place, ms. */
const HOLD_MS = 6 * UNIT_MS.h;

/**
 * The batch engine that is Spark over a lake on S3. What it computes goes by Parquet files through
 * the lake's bucket into the warehouse. Events are read from the lake, whatever store is asked for.
 */
export class SparkEngine implements BatchEngine {
  readonly #options: SparkEngineOptions;
  /** Folders of what models gave, by model and range, for models that read them. */
  readonly #computed = new Map<string, StagedFolder>();
  #views = 0;

  constructor(options: SparkEngineOptions) {
    this.#options = options;
  }

  countBroken({ rule, topic, range }: RuleCount): Promise<number> {
    return this.#withEvents(topic, range, async (relation) => {
      const sql = ruleSelect(rule, topic, { relation, range });
      const [row] = await this.#options.spark.run<{ broken: number }>(sql);
      return row?.broken ?? 0;
    });
  }

  fillModel(fill: ModelFill): Promise<number> {
    const { joined } = fill;
    return this.#withSource(fill, async (relation) => {
      if (joined === undefined) return this.#fill(fill, { relation });
      return this.#withEvents(joined, undefined, (versions) =>
        this.#fill(fill, { relation, joined: { topic: joined, relation: versions } }),
      );
    });
  }

  withMetricRows<Result>(
    { metric, topic, lateness, windows }: MetricRowsWanted,
    use: (relation: string) => Promise<Result>,
  ): Promise<Result> {
    const { window } = metric;
    const span = window.kind === "session" ? window.gapMs : window.sizeMs;
    const read = { fromMs: windows.fromMs - span, toMs: windows.readToMs ?? windows.toMs + span };
    const columns = metricColumns(metric, topic.layout).filter(
      ({ role, name }) => role !== "system" || COMPUTED.has(name),
    );
    return this.#withEvents(topic, read, async (relation) => {
      const range = { ...windows };
      const staged = await this.#stage(metricSelect(metric, topic, { relation, lateness, range }));
      return use(staged.relation(structureOf(columns)));
    });
  }

  sessionExtent({ metric, topic, lateness, extent }: ExtentWanted) {
    const read = { fromMs: extent.readFromMs, toMs: extent.readToMs };
    return this.#withEvents(topic, read, async (relation) => {
      const sql = sessionExtentSelect(metric, topic, { relation, lateness, ...extent });
      const [row] = await this.#options.spark.run<{ first?: number; last?: number }>(sql);
      if (row?.first === undefined || row.last === undefined) return undefined;
      return { firstMs: row.first, lastMs: row.last };
    });
  }

  touchedHours({ topic, graceMs, files, ranges }: TouchedWanted): Promise<TouchedRecord[]> {
    return this.#withFiles(topic, files, async (relation) => {
      const rows = await this.#options.spark.run<Record<"partition" | "hour" | "last", number>>(
        touchedSelect(topic, { relation, graceMs, ranges }),
      );
      return rows.map(({ partition, hour, last }) => ({
        topic: topic.name,
        partition,
        hour,
        lastOffset: last,
      }));
    });
  }

  async release(): Promise<void> {
    this.#computed.clear();
    await this.#options.staging.clear();
  }

  async #fill(
    { model, range, into, topic }: ModelFill,
    sources: Pick<Parameters<typeof modelSelect>[1], "relation" | "joined">,
  ): Promise<number> {
    const options = { ...sources, range, ...(topic && { topic }) };
    const staged = await this.#stage(modelSelect(model, options));
    this.#computed.set(computedId(model.name, range), staged);
    const columns = modelColumns(model);
    const names = columns.map(({ name }) => clickhouseName(name)).join(", ");
    await this.#options.warehouse.command(
      `INSERT INTO ${clickhouseName(into)} (${names}) SELECT ${names} FROM ${staged.relation(structureOf(columns))}`,
    );
    const counted = unmatchedSelect(model, options);
    if (counted === undefined) return 0;
    const rows = await this.#options.spark.run<{ unmatched: number }>(counted);
    return rows.reduce((sum, { unmatched }) => sum + unmatched, 0);
  }

  /** The events, or the rows of the model, that a model reads. */
  #withSource<Result>(
    { model, range, topic }: ModelFill,
    use: (relation: string) => Promise<Result>,
  ): Promise<Result> {
    if (topic !== undefined) return this.#withEvents(topic, range, use);
    const from = this.#computed.get(computedId(model.from, range));
    assert(from !== undefined, `${model.name} is computed after ${model.from}, which it reads`);
    return use(`parquet.${quoteName(from.sparkUrl)}`);
  }

  /** Calls `use` with a relation that has the events with these times, and maybe others. */
  async #withEvents<Result>(
    topic: Topic,
    range: TimeRange | undefined,
    use: (relation: string) => Promise<Result>,
  ): Promise<Result> {
    const { lake } = this.#options;
    const release = await lake.hold(topic.name, HOLD_MS);
    try {
      const days = range === undefined ? {} : daysOf(range);
      return await this.#withFiles(topic, await lake.files({ topic: topic.name, ...days }), use);
    } finally {
      await release();
    }
  }

  async #withFiles<Result>(
    topic: Topic,
    files: readonly LakeFile[],
    use: (relation: string) => Promise<Result>,
  ): Promise<Result> {
    if (files.length === 0) return use(`(${noRowsSql(topic.layout)})`);
    const { spark } = this.#options;
    const views: string[] = [];
    try {
      for (const { format, path } of pathsOf(files)) {
        const name = `events_${++this.#views}`;
        await spark.run(filesView(name, topic.layout, path, format));
        views.push(name);
      }
      const selects = views.map((name) => `SELECT * FROM ${quoteName(name)}`);
      return await use(`(${selects.join(" UNION ALL ")})`);
    } finally {
      // A session that ended has no views any more.
      for (const name of views)
        await spark.run(`DROP VIEW IF EXISTS ${quoteName(name)}`).catch(() => undefined);
    }
  }

  /** Puts the rows of a SELECT into a folder. */
  async #stage(select: string): Promise<StagedFolder> {
    const folder = this.#options.staging.folder();
    await this.#options.spark.run(
      `INSERT OVERWRITE DIRECTORY ${quoteText(folder.sparkUrl)} USING parquet ${select}`,
    );
    return folder;
  }
}

/** Columns of a metric's tables that are computed; the others tell of storing. */
const COMPUTED: ReadonlySet<string> = new Set([
  "key",
  "window_start",
  "window_end",
  "incomplete",
  "late_pending",
]);

const structureOf = (
  columns: readonly { readonly name: string; readonly type: string }[],
): string => columns.map(({ name, type }) => `${clickhouseName(name)} ${type}`).join(", ");

const computedId = (model: string, { fromMs, toMs }: TimeRange): string =>
  `${model} ${fromMs} ${toMs}`;

/** Patterns that name exactly these files. */
function pathsOf(files: readonly LakeFile[]): { format: LakeFile["format"]; path: string }[] {
  return [...Map.groupBy(files, ({ format }) => format)].flatMap(([format, own]) =>
    Array.from({ length: Math.ceil(own.length / FILES_MAX) }, (_, at) => {
      const some = own
        .slice(at * FILES_MAX, (at + 1) * FILES_MAX)
        .map((file) => sparkUrl(file.path));
      if (some.length === 1) return { format, path: some[0]! };
      const [, root] = /^(s3a:\/\/[^/]+\/)/.exec(some[0]!)!;
      return { format, path: `${root}{${some.map((each) => each.slice(root!.length)).join(",")}}` };
    }),
  );
}
