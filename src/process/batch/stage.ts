import { randomHex } from "../../core/random.ts";
import { quoteName, quoteText } from "../../language/compile/clickhouse/sql-text.ts";
import type { BatchContext } from "./batch-context.ts";

/**
 * Fills an empty table like `table` by `fill`, which is given its name, then puts its partitions in
 * the place of the table's, each in one step; a partition that has no rows now goes. What an
 * earlier, killed run left is dropped first; so is the table of one that doesn't know yet that its
 * time is over, whose work then fails.
 */
export async function replacePartitions<Result>(
  { warehouse, beforeWriting }: Pick<BatchContext, "warehouse" | "beforeWriting">,
  names: { readonly table: string; readonly stage: string },
  partitions: readonly string[],
  fill: (stage: string) => Promise<Result>,
): Promise<Result> {
  await beforeWriting();
  const name = `${names.stage}_${randomHex(8)}`;
  const [table, stage] = [quoteName(names.table), quoteName(name)];
  const left = await warehouse.query<{ name: string }>(
    `SELECT name FROM system.tables WHERE database = currentDatabase() AND startsWith(name, ${quoteText(`${names.stage}_`)})`,
  );
  for (const each of left)
    await warehouse.command(`DROP TABLE IF EXISTS ${quoteName(each.name)} SYNC`);
  await warehouse.command(`CREATE TABLE ${stage} AS ${table}`);
  const result = await fill(name);
  const rows = await warehouse.query<{ id: string }>(
    `SELECT DISTINCT _partition_id AS id FROM ${stage}`,
  );
  const filled = new Set(rows.map(({ id }) => id));
  await beforeWriting();
  for (const partition of partitions) {
    const what = filled.has(partition)
      ? `REPLACE PARTITION ID ${quoteText(partition)} FROM ${stage}`
      : `DROP PARTITION ID ${quoteText(partition)}`;
    await warehouse.command(`ALTER TABLE ${table} ${what}`);
  }
  await warehouse.command(`DROP TABLE ${stage} SYNC`);
  return result;
}
