import type { Layout } from "../../language/schema/layout.ts";
import { clickhouseType } from "../../language/schema/layout.ts";
import type { FileInsert } from "../../storage/warehouse/warehouse.ts";

/** A topic whose events go to the warehouse and the lake. */
export interface LoadTopic {
  /** The topic's name; the warehouse's table has the same. */
  readonly name: string;
  /** Column of the event time. */
  readonly time: string;
}

/** Finds the layout that the rows of a batch are in. */
export type LayoutOf = (topic: string, layoutId: number) => Layout;

/**
 * The columns of a file of rows in this layout, as the warehouse reads them. Without
 * `LowCardinality`: the bytes are the same, and parsing plain text that the table's column then
 * encodes at a go costs a third of looking each value up in a dictionary.
 */
export const fileColumns = (layout: Layout): FileInsert["columns"] =>
  layout.columns.map((column) => ({
    name: column.name,
    type: clickhouseType({ ...column, lowCardinality: false }),
  }));
