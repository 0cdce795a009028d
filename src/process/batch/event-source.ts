import { dayOf, UNIT_MS } from "../../core/time.ts";
import { rowStructure } from "../../language/compile/clickhouse/row-columns.ts";
import { quoteName, quoteText } from "../../language/compile/clickhouse/sql-text.ts";
import type { Topic } from "../../language/plan/topic.ts";
import type { LakeFile } from "../../storage/lake/lake.ts";
import type { BatchContext } from "./batch-context.ts";

/** Where the events of a topic are read from. */
export type EventStore = "lake" | "table";

/** Paths in one call of `file(…)`. */
const PATHS_MAX = 500;
/** How long files that are being read are kept in their place, ms. */
const HOLD_MS = UNIT_MS.h;

/**
 * Calls `use` with the SQL of a relation that has a topic's events with times in [fromMs, toMs), and
 * maybe others: the lake's files of these days, or the topic's table, also where there is no lake.
 */
export async function withEvents<Result>(
  context: BatchContext,
  topic: Topic,
  store: EventStore,
  range: { readonly fromMs: number; readonly toMs: number },
  use: (relation: string) => Promise<Result>,
): Promise<Result> {
  const { lake } = context;
  if (lake === undefined || store === "table") return use(quoteName(topic.name));
  const release = await lake.hold(topic.name, HOLD_MS);
  try {
    const bound = (ms: number): number => Math.min(Math.max(ms, 0), Date.UTC(9999, 11, 31));
    const files = await lake.files({
      topic: topic.name,
      fromDay: dayOf(bound(range.fromMs)),
      toDay: dayOf(bound(range.toMs - 1)),
    });
    return await use(filesRelation(topic, files));
  } finally {
    await release();
  }
}

/** The rows of files as a relation; no files: no rows. Columns that an old file lacks are null. */
function filesRelation(topic: Topic, files: readonly LakeFile[]): string {
  if (files.length === 0) return `(SELECT * FROM ${quoteName(topic.name)} WHERE false)`;
  const structure = quoteText(rowStructure(topic.layout));
  const calls: string[] = [];
  for (const [format, engineFormat] of [
    ["parquet", "Parquet"],
    ["orc", "ORC"],
  ] as const) {
    const paths = files.filter((file) => file.format === format).map((file) => file.path);
    for (let at = 0; at < paths.length; at += PATHS_MAX) {
      const some = paths.slice(at, at + PATHS_MAX);
      const list = some.length === 1 ? some[0]! : `{${some.join(",")}}`;
      calls.push(`file(${quoteText(list)}, '${engineFormat}', ${structure})`);
    }
  }
  return calls.length === 1
    ? calls[0]!
    : `(${calls.map((call) => `SELECT * FROM ${call}`).join(" UNION ALL ")})`;
}
