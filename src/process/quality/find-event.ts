import { compileRows } from "../../language/compile/javascript/compile-rows.ts";
import type { Topic } from "../../language/plan/topic.ts";
import type { Layout } from "../../language/schema/layout.ts";
import type { LogReader, ReaderPosition } from "../../storage/log/log.ts";
import { quotedName, quotedTable } from "../../storage/warehouse/statements.ts";
import type { Warehouse } from "../../storage/warehouse/warehouse.ts";

/** Where one event is in the log. */
export interface FoundPlace {
  readonly partition: number;
  readonly offset: number;
}

/** One row of the log, within the bytes of its batch. */
export interface FoundRow {
  readonly layout: Layout;
  readonly rows: Uint8Array;
  readonly start: number;
}

/** Places that one id may have in one topic (under different keys); more are not looked for. */
const PLACES_MAX = 20;
/** Rows of the log that are looked at, at most, beyond what the warehouse has. */
const TAIL_ROWS_MAX = 500_000;

/** Rows of a topic's table with this event id, as the warehouse has them. */
export async function loadedPlaces(
  warehouse: Warehouse,
  topic: Topic,
  eventId: string,
): Promise<FoundPlace[]> {
  const rows = await warehouse.query<{ partition: number; offset: string }>(
    `SELECT _partition AS partition, _offset AS offset FROM ${quotedTable(topic.name)}
     WHERE ${quotedName(topic.id)} = {id:String} ORDER BY partition, offset LIMIT ${PLACES_MAX}`,
    { params: { id: eventId } },
  );
  return rows.map(({ partition, offset }) => ({ partition, offset: Number(offset) }));
}

/** Places of this event id among what the warehouse has not loaded yet. */
export function unloadedPlaces(
  log: LogReader,
  topic: Topic,
  eventId: string,
  loaded: readonly ReaderPosition[],
  layoutOf: (topic: string, layoutId: number) => Layout,
): FoundPlace[] {
  const found: FoundPlace[] = [];
  let rowsLeft = TAIL_ROWS_MAX;
  for (const { topic: name, partition, start, end } of log.ends()) {
    if (name !== topic.name) continue;
    const position = loaded.find((each) => each.topic === name && each.partition === partition);
    let at = Math.max(position?.offset ?? 0, start);
    while (at < end && rowsLeft > 0 && found.length < PLACES_MAX) {
      const batches = log.read({ topic: name, partition, from: at });
      for (const batch of batches) {
        at = batch.endOffset;
        rowsLeft -= batch.count;
        if (batch.kind === "heartbeat") continue;
        const layout = layoutOf(name, batch.layoutId);
        const offsets = offsetsOf(topic, layout, batch.rows, eventId);
        found.push(...offsets.map((offset) => ({ partition, offset })));
      }
      if (batches.length === 0) break;
    }
  }
  return found;
}

function offsetsOf(topic: Topic, layout: Layout, rows: Uint8Array, eventId: string): number[] {
  const program = compileRows(layout, [fieldOf(layout, topic.name, topic.id)]);
  const offsets: number[] = [];
  for (let at = 0; at < rows.length;) {
    at = program.run(rows, at);
    if (program.value(0) === eventId) offsets.push(program.offset());
  }
  return offsets;
}

/** The row at an offset; undefined where retention has removed it. */
export function rowAt(
  log: LogReader,
  topic: string,
  { partition, offset }: FoundPlace,
  layoutOf: (topic: string, layoutId: number) => Layout,
): FoundRow | undefined {
  const end = log.ends().find((each) => each.topic === topic && each.partition === partition);
  if (end === undefined || offset < end.start) return undefined;
  const [batch] = log.read({ topic, partition, from: offset, bytesMax: 1 });
  if (batch === undefined || batch.baseOffset > offset || batch.endOffset <= offset)
    return undefined;
  const layout = layoutOf(topic, batch.layoutId);
  const walker = compileRows(layout, []);
  let start = 0;
  for (let at = batch.baseOffset; at < offset; at++) start = walker.run(batch.rows, start);
  return { layout, rows: batch.rows, start };
}

/** A column of a layout as an expression. */
export function fieldOf(layout: Layout, topic: string, path: string) {
  const column = layout.columns.find(({ name }) => name === path)!;
  const { valueType: type, nullable } = column;
  return { kind: "field", source: topic, path, type, nullable } as const;
}
