import { rowToValues } from "../../language/compile/javascript/row-to-object.ts";
import type { Topic } from "../../language/plan/topic.ts";
import type { Value } from "../../language/plan/value.ts";
import { ROW_FLAGS, ROW_HEAD, type Layout } from "../../language/schema/layout.ts";
import type {
  DimensionPosition,
  DimensionRow,
  DimensionStore,
} from "../../storage/dimension/dimension.ts";
import type { Batch, LogReader } from "../../storage/log/log.ts";

const BYTES_MAX = 1024 * 1024;

export interface FollowOptions {
  readonly log: Pick<LogReader, "ends" | "read">;
  readonly store: DimensionStore;
  /** The topics of the tables. */
  readonly topics: readonly Topic[];
  readonly layoutOf: (layoutId: number) => Layout;
}

/** A row by its columns, as the door's joins read it. */
export type DimensionValues = ReadonlyMap<string, Value>;

/**
 * Brings what the log has of dimension tables into the store. `step` takes what is new and gives the
 * positions that moved; it is idempotent and may be repeated after a crash.
 */
export function followTables({ log, store, topics, layoutOf }: FollowOptions) {
  const next = new Map(store.positions().map((each) => [placeOf(each), each.offset]));

  const step = (): readonly DimensionPosition[] => {
    const moved: DimensionPosition[] = [];
    for (const { topic, partition, start, end } of log.ends()) {
      const table = topics.find((each) => each.name === topic);
      if (table === undefined) continue;
      let from = Math.max(next.get(placeOf({ topic, partition })) ?? 0, start);
      while (from < end) {
        const batches = log.read({ topic, partition, from, bytesMax: BYTES_MAX });
        const last = batches.at(-1);
        if (last === undefined) break;
        from = last.endOffset;
        const position = { topic, partition, offset: from };
        store.apply(
          batches.flatMap((batch) => rowsOf(table, batch, layoutOf)),
          [position],
        );
        next.set(placeOf(position), from);
        moved.push(position);
      }
    }
    return moved;
  };
  return { step };
}

const placeOf = ({ topic, partition }: { topic: string; partition: number }): string =>
  `${topic}/${partition}`;

function rowsOf(
  topic: Topic,
  batch: Batch,
  layoutOf: (layoutId: number) => Layout,
): readonly DimensionRow[] {
  if (batch.kind === "heartbeat") return [];
  const layout = layoutOf(batch.layoutId);
  const keyAt = layout.columns.findIndex((column) => column.name === topic.key[0]);
  const timeAt = layout.columns.findIndex((column) => column.name === topic.time);
  const rows: DimensionRow[] = [];
  for (let at = 0; at < batch.rows.length;) {
    const { values, end } = rowToValues(layout, batch.rows, at);
    const isDeleted = (batch.rows[at + ROW_HEAD.flags]! & ROW_FLAGS.deleted) !== 0;
    at = end;
    rows.push({
      table: topic.name,
      key: String(values[keyAt]),
      timeMs: Number(values[timeAt]),
      row: isDeleted ? undefined : encodeRow(layout, values),
    });
  }
  return rows;
}

/** The declared columns as JSON text; whole numbers and amounts as `{"n": "…"}`. */
function encodeRow(layout: Layout, values: readonly Value[]): string {
  const columns = layout.columns.flatMap((column, index) =>
    column.role === "declared" ? [[column.name, wire(values[index]!)] as const] : [],
  );
  return JSON.stringify(Object.fromEntries(columns));
}

const wire = (value: Value): unknown => (typeof value === "bigint" ? { n: String(value) } : value);

/** The row of a text that the store gave. */
export function decodeRow(text: string): DimensionValues {
  const object = JSON.parse(text) as Record<string, Value | { n: string }>;
  return new Map(
    Object.entries(object).map(([name, value]) => [
      name,
      value !== null && typeof value === "object" ? BigInt(value.n) : value,
    ]),
  );
}
