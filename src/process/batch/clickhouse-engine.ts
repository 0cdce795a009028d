import { dayOf } from "../../core/time.ts";
import { metricSelect } from "../../language/compile/clickhouse/metric-select.ts";
import {
  modelColumns,
  modelSelect,
  unmatchedSelect,
} from "../../language/compile/clickhouse/model-select.ts";
import { rowStructure } from "../../language/compile/clickhouse/row-columns.ts";
import { ruleSelect } from "../../language/compile/clickhouse/rule-select.ts";
import { quoteName } from "../../language/compile/clickhouse/sql-text.ts";
import { touchedSelect } from "../../language/compile/clickhouse/touched-select.ts";
import { sessionExtentSelect } from "../../language/compile/clickhouse/window-session.ts";
import { UNIT_MS } from "../../core/time.ts";
import type { Topic } from "../../language/plan/topic.ts";
import type { LakeFile, LakeReader } from "../../storage/lake/lake.ts";
import type { Warehouse } from "../../storage/warehouse/warehouse.ts";
import type {
  BatchEngine,
  EventStore,
  ExtentWanted,
  MetricRowsWanted,
  ModelFill,
  RuleCount,
  TimeRange,
  TouchedWanted,
} from "./batch-engine.ts";
import { filesRelation, type FilesSql } from "./files-relation.ts";
import type { TouchedRecord } from "./stream-view.ts";

export interface ClickHouseEngineOptions {
  readonly warehouse: Warehouse;
  /** Absent: everything is read from the topics' tables. */
  readonly lake?: LakeReader;
  /** Default: files of this machine. */
  readonly filesSql?: FilesSql;
}

/** How long files that are being read are kept in their place, ms. */
const HOLD_MS = UNIT_MS.h;

/** The batch engine that is the warehouse itself. */
export class ClickHouseEngine implements BatchEngine {
  readonly #options: ClickHouseEngineOptions;

  constructor(options: ClickHouseEngineOptions) {
    this.#options = options;
  }

  countBroken({ rule, topic, store, range }: RuleCount): Promise<number> {
    return this.#withEvents(topic, store, range, async (relation) => {
      const sql = ruleSelect(rule, topic, { relation, ...range });
      const [row] = await this.#options.warehouse.query<{ broken: string }>(sql);
      return Number(row?.broken ?? 0);
    });
  }

  fillModel(fill: ModelFill): Promise<number> {
    const { model, range, store, topic } = fill;
    const work = (relation: string): Promise<number> => this.#fill(fill, relation);
    if (topic === undefined) return work(quoteName(model.from));
    return this.#withEvents(topic, store, range, work);
  }

  withMetricRows<Result>(
    { metric, topic, store, lateness, windows }: MetricRowsWanted,
    use: (relation: string) => Promise<Result>,
  ): Promise<Result> {
    const { window } = metric;
    const span = window.kind === "session" ? window.gapMs : window.sizeMs;
    const read = { fromMs: windows.fromMs - span, toMs: windows.readToMs ?? windows.toMs + span };
    return this.#withEvents(topic, store, read, (relation) =>
      use(`(${metricSelect(metric, topic, { relation, lateness, ...windows })})`),
    );
  }

  sessionExtent({ metric, topic, store, lateness, extent }: ExtentWanted) {
    const read = { fromMs: extent.readFromMs, toMs: extent.readToMs };
    return this.#withEvents(topic, store, read, async (relation) => {
      const sql = sessionExtentSelect(metric, topic, { relation, lateness, ...extent });
      const [row] = await this.#options.warehouse.query<{
        first: string | null;
        last: string | null;
      }>(sql);
      if (row === undefined || row.first === null) return undefined;
      return { firstMs: Number(row.first), lastMs: Number(row.last) };
    });
  }

  async touchedHours({ topic, graceMs, files, ranges }: TouchedWanted): Promise<TouchedRecord[]> {
    const relation = this.#filesRelation(topic, files);
    const rows = await this.#options.warehouse.query<Record<"partition" | "hour" | "last", string>>(
      touchedSelect(topic, { relation, graceMs, ranges }),
    );
    return rows.map(({ partition, hour, last }) => ({
      topic: topic.name,
      partition: Number(partition),
      hour: Number(hour),
      lastOffset: Number(last),
    }));
  }

  async release(): Promise<void> {
    // Nothing is kept.
  }

  async #fill({ model, range, into, topic, joined }: ModelFill, relation: string): Promise<number> {
    const { warehouse } = this.#options;
    const columns = modelColumns(model)
      .map(({ name }) => quoteName(name))
      .join(", ");
    const options = { relation, ...range, ...(topic && { topic }), ...(joined && { joined }) };
    const select = modelSelect(model, options);
    await warehouse.command(`INSERT INTO ${quoteName(into)} (${columns}) ${select}`);
    const counted = unmatchedSelect(model, options);
    if (counted === undefined) return 0;
    const rows = await warehouse.query<{ unmatched: string }>(counted);
    return rows.reduce((sum, { unmatched }) => sum + Number(unmatched), 0);
  }

  /**
   * Calls `use` with the SQL of a relation that has a topic's events with times in [fromMs, toMs),
   * and maybe others: the lake's files of these days, or the topic's table, also where there is no
   * lake.
   */
  async #withEvents<Result>(
    topic: Topic,
    store: EventStore,
    range: TimeRange,
    use: (relation: string) => Promise<Result>,
  ): Promise<Result> {
    const { lake } = this.#options;
    if (lake === undefined || store === "table") return use(quoteName(topic.name));
    const release = await lake.hold(topic.name, HOLD_MS);
    try {
      const files = await lake.files({ topic: topic.name, ...daysOf(range) });
      return await use(this.#filesRelation(topic, files));
    } finally {
      await release();
    }
  }

  /** The rows of files as a relation; no files: no rows. Columns that an old file lacks are null. */
  #filesRelation(topic: Topic, files: readonly LakeFile[]): string {
    if (files.length === 0) return `(SELECT * FROM ${quoteName(topic.name)} WHERE false)`;
    return filesRelation(files, rowStructure(topic.layout), this.#options.filesSql);
  }
}

/** The UTC days that a range of time touches, as the lake is asked for them. */
export function daysOf({ fromMs, toMs }: TimeRange): {
  readonly fromDay: string;
  readonly toDay: string;
} {
  const bound = (ms: number): number => Math.min(Math.max(ms, 0), Date.UTC(9999, 11, 31));
  return { fromDay: dayOf(bound(fromMs)), toDay: dayOf(bound(toMs - 1)) };
}
