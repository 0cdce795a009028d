import { rowEnd } from "../../language/compile/javascript/row-to-object.ts";
import { ROW_HEAD, type Layout } from "../../language/schema/layout.ts";

/** One row on its way from one pipeline's log to another's. */
export interface MovedRow {
  readonly layout: Layout;
  /** Where its bytes are. */
  readonly rows: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** ms */
  readonly receivedAt: number;
  /** Its place in the log that it comes from. */
  readonly partition: number;
  readonly offset: number;
}

/** The rows of a buffer, in their order. */
export function movedRows(rows: Uint8Array, layout: Layout): MovedRow[] {
  const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
  const moved: MovedRow[] = [];
  for (let start = 0; start < rows.length;) {
    const end = rowEnd(layout, rows, start);
    moved.push({
      layout,
      rows,
      start,
      end,
      receivedAt: Number(view.getBigInt64(start + ROW_HEAD.receivedAt, true)),
      partition: view.getUint16(start + ROW_HEAD.partition, true),
      offset: Number(view.getBigUint64(start + ROW_HEAD.offset, true)),
    });
    start = end;
  }
  return moved;
}

/** Rows in the order in which they were received; of one partition in the order of their offsets. */
export const inReceivedOrder = (rows: readonly MovedRow[]): readonly MovedRow[] =>
  rows.toSorted(
    (one, other) =>
      one.receivedAt - other.receivedAt ||
      one.partition - other.partition ||
      one.offset - other.offset,
  );
