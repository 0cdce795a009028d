import type { MetricNode } from "../../language/plan/nodes.ts";
import { DEFAULT_GRACE_MS } from "../../language/plan/window.ts";
import type { Topic } from "../../language/plan/topic.ts";
import type { LakeReader } from "../../storage/lake/lake.ts";
import type { Warehouse } from "../../storage/warehouse/warehouse.ts";
import type { BatchEngine } from "./batch-engine.ts";
import type { StreamView, TouchedRecord } from "./stream-view.ts";

export interface LakeTouchedOptions {
  readonly warehouse: Warehouse;
  readonly lake: LakeReader;
  readonly engine: BatchEngine;
  readonly topics: readonly Topic[];
  readonly metrics: readonly MetricNode[];
  readonly sinceMs: StreamView["sinceMs"];
  /** See `BatchContext`. */
  readonly beforeWriting: () => Promise<void>;
}

/**
 * Only ever grows: whoever writes, in whatever order and however often, the greatest offsets stand.
 * An hour waits while what touched it isn't all amended.
 */
const TABLES = [
  `CREATE TABLE IF NOT EXISTS millrace_touched (
  topic LowCardinality(String), partition UInt16, hour Int64,
  touched SimpleAggregateFunction(max, Int64), amended SimpleAggregateFunction(max, Int64)
) ENGINE = AggregatingMergeTree ORDER BY (topic, partition, hour)`,
  `CREATE TABLE IF NOT EXISTS millrace_looked (
  topic LowCardinality(String), partition UInt16, offset SimpleAggregateFunction(max, Int64)
) ENGINE = AggregatingMergeTree ORDER BY (topic, partition)`,
];

/**
 * Late events as the lake tells of them: that an event is late is a property of its record, so its
 * hour is found in the files that were added since the last look. What was found, and how far it was
 * looked, is kept in the warehouse.
 */
export class LakeTouched implements StreamView {
  readonly #options: LakeTouchedOptions;

  constructor(options: LakeTouchedOptions) {
    this.#options = options;
  }

  /** Makes its tables; may be repeated. */
  async open(): Promise<void> {
    for (const sql of TABLES) await this.#options.warehouse.command(sql);
  }

  /** Looks at what the lake got since the last time, then gives all that waits. */
  async touched(): Promise<readonly TouchedRecord[]> {
    for (const topic of this.#options.topics) {
      if (topic.node.kind !== "table") await this.#look(topic);
    }
    const rows = await this.#options.warehouse.query<{
      topic: string;
      partition: number;
      hour: string;
      last: string;
    }>(
      "SELECT topic, partition, hour, max(touched) AS last FROM millrace_touched GROUP BY topic, partition, hour HAVING last > max(amended) ORDER BY topic, hour, partition",
    );
    return rows.map(({ topic, partition, hour, last }) => ({
      topic,
      partition,
      hour: Number(hour),
      lastOffset: Number(last),
    }));
  }

  async clear(records: readonly TouchedRecord[]): Promise<void> {
    await this.#options.beforeWriting();
    await this.#options.warehouse.insertRows({
      table: "millrace_touched",
      rows: records.map(({ topic, partition, hour, lastOffset }) => ({
        topic,
        partition,
        hour,
        touched: lastOffset,
        amended: lastOffset,
      })),
    });
  }

  sinceMs(metric: MetricNode): number {
    return this.#options.sinceMs(metric);
  }

  async #look(topic: Topic): Promise<void> {
    const { warehouse, lake, engine, metrics } = this.#options;
    const looked = new Map(
      (
        await warehouse.query<{ partition: number; upTo: string }>(
          "SELECT partition, max(offset) AS upTo FROM millrace_looked WHERE topic = {topic:String} GROUP BY partition",
          { params: { topic: topic.name } },
        )
      ).map(({ partition, upTo }) => [partition, Number(upTo)]),
    );
    const ranges = (await lake.coverage(topic.name))
      .map(({ partition, offset: to }) => ({ partition, from: looked.get(partition) ?? 0, to }))
      .filter(({ from, to }) => from < to);
    if (ranges.length === 0) return;
    const startOf = new Map(ranges.map(({ partition, from }) => [partition, from]));
    const release = await lake.hold(topic.name, HOLD_MS);
    try {
      const files = (await lake.files({ topic: topic.name })).filter(
        ({ partition, to }) => to > (startOf.get(partition) ?? Infinity),
      );
      const graces = metrics.flatMap(({ from, graceMs }) => (from === topic.name ? [graceMs] : []));
      const graceMs = graces.length === 0 ? DEFAULT_GRACE_MS : Math.min(...graces);
      const found =
        files.length === 0 ? [] : await engine.touchedHours({ topic, graceMs, files, ranges });
      await warehouse.insertRows({
        table: "millrace_touched",
        rows: found.map(({ partition, hour, lastOffset }) => ({
          topic: topic.name,
          partition,
          hour,
          touched: lastOffset,
          amended: -1,
        })),
      });
    } finally {
      await release();
    }
    // Last: what was found before a crash is found again.
    await warehouse.insertRows({
      table: "millrace_looked",
      rows: ranges.map(({ partition, to }) => ({ topic: topic.name, partition, offset: to })),
    });
  }
}

/** How long files that are being looked at are kept in their place, ms. */
const HOLD_MS = 3_600_000;
