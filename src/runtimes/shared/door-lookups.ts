import type { Lookups } from "../../ingest/derive/lookups.ts";
import { decodeRow } from "../../process/dimension/follow-tables.ts";
import type { DimensionStore } from "../../storage/dimension/dimension.ts";

/** The tables as the door knows them: what the store has. */
export const doorLookups = (store: DimensionStore): Lookups => ({
  has: (table, bytes, start, end) => store.has(table, bytes, start, end),
  row: (table, key) => {
    const text = store.get(table, key);
    return text === undefined ? undefined : decodeRow(text);
  },
});
