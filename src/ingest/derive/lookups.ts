import type { Value } from "../../language/plan/value.ts";

/** A row of a table, by the paths of its columns. */
export type TableRow = ReadonlyMap<string, Value>;

/** The tables as the door knows them at the moment. `undefined`: the table isn't loaded yet. */
export interface Lookups {
  /** Whether there is a row whose key's UTF-8 is `bytes[start, end)`. */
  has(table: string, bytes: Uint8Array, start: number, end: number): boolean | undefined;
  row(table: string, key: string): TableRow | undefined;
}

/** Knows no table. */
export const NO_LOOKUPS: Lookups = { has: () => undefined, row: () => undefined };
