import { join } from "node:path";
import type { Clock } from "../../src/core/clock.ts";
import { openEmbeddedLakeReader } from "../../src/storage/lake/embedded/embedded-lake-reader.ts";
import { quotedText } from "../../src/storage/warehouse/statements.ts";
import type { Warehouse } from "../../src/storage/warehouse/warehouse.ts";

/** Rows of a store, and how many different events they are. */
export interface Contents {
  readonly rows: number;
  readonly ids: number;
}

/** Ids are counted so many at a time, to bound the memory that it takes. */
const IDS_AT_ONCE = 8_000_000;

/** Counts rows and different ids of a relation. */
export async function countContents(
  query: (sql: string) => Promise<readonly Record<string, unknown>[]>,
  relation: string,
): Promise<Contents> {
  const [counted] = await query(`SELECT count() AS n FROM ${relation}`);
  const rows = Number(counted?.["n"]);
  const shares = Math.max(1, Math.ceil(rows / IDS_AT_ONCE));
  let ids = 0;
  for (let share = 0; share < shares; share++) {
    const [found] = await query(
      `SELECT uniqExact(sipHash64(event_id)) AS n FROM ${relation} ` +
        `WHERE sipHash64(event_id) % ${shares} = ${share}`,
    );
    ids += Number(found?.["n"]);
  }
  return { rows, ids };
}

/** What the lake's manifest lists of a topic, read from the files by another engine. */
export async function lakeContents(
  dataDir: string,
  topic: string,
  yardstick: Warehouse,
  clock: Clock,
): Promise<Contents> {
  const lake = openEmbeddedLakeReader(join(dataDir, "lake"), clock);
  const release = await lake.hold(topic, HOLD_MS);
  try {
    const files = await lake.files({ topic });
    const paths = files.map(({ path }) => quotedText(path));
    if (paths.length === 0) return { rows: 0, ids: 0 };
    const all = quotedText(join(dataDir, "lake", topic, "*", "*.parquet"));
    const listed = `(SELECT event_id FROM file(${all}, 'Parquet') WHERE _path IN (${paths.join(", ")}))`;
    return await countContents((sql) => yardstick.query(sql), listed);
  } finally {
    await release();
    lake.close();
  }
}

const HOLD_MS = 600_000;
