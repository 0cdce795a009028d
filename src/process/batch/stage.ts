import { quoteName, quoteText } from "../../language/compile/clickhouse/sql-text.ts";
import type { Warehouse } from "../../storage/warehouse/warehouse.ts";

/**
 * Fills an empty table like `table` by `fill`, then puts its partitions in the place of the table's,
 * each in one step; a partition that has no rows now goes. What an earlier, killed run left is
 * dropped first.
 */
export async function replacePartitions<Result>(
  warehouse: Warehouse,
  names: { readonly table: string; readonly stage: string },
  partitions: readonly string[],
  fill: () => Promise<Result>,
): Promise<Result> {
  const [table, stage] = [quoteName(names.table), quoteName(names.stage)];
  await warehouse.command(`DROP TABLE IF EXISTS ${stage} SYNC`);
  await warehouse.command(`CREATE TABLE ${stage} AS ${table}`);
  const result = await fill();
  const rows = await warehouse.query<{ id: string }>(
    `SELECT DISTINCT _partition_id AS id FROM ${stage}`,
  );
  const filled = new Set(rows.map(({ id }) => id));
  for (const partition of partitions) {
    const what = filled.has(partition)
      ? `REPLACE PARTITION ID ${quoteText(partition)} FROM ${stage}`
      : `DROP PARTITION ID ${quoteText(partition)}`;
    await warehouse.command(`ALTER TABLE ${table} ${what}`);
  }
  await warehouse.command(`DROP TABLE ${stage} SYNC`);
  return result;
}
