import { createAlertTable } from "../../../process/stream/warehouse-sink.ts";
import { applyTables } from "../../../process/tables/apply-tables.ts";
import { clickHouseWarehouse } from "../../../storage/warehouse/clickhouse-warehouse.ts";
import type { Warehouse } from "../../../storage/warehouse/warehouse.ts";
import type { ClusterConfig } from "../cluster-config.ts";
import type { DeployStep } from "./deploy-step.ts";

/** Brings the warehouse's tables about and up to date, where the cluster's file has one. */
export const tablesStep: DeployStep = {
  check: ({ config }) =>
    withWarehouse(config, async (warehouse) => void (await tablesOf(warehouse))),
  apply: async function* ({ plan, config }) {
    const changed = await withWarehouse(config, async (warehouse) => {
      const known = await tablesOf(warehouse);
      const { toBackfill } = await applyTables(plan, warehouse);
      await createAlertTable(warehouse);
      const made = (await tablesOf(warehouse)).filter((name) => !known.includes(name));
      return { made, toBackfill };
    });
    for (const name of changed?.made ?? []) yield { kind: "table", name, did: "made" };
    for (const { name } of changed?.toBackfill ?? []) {
      const did = "is served as it was defined before, until its backfill is done";
      yield { kind: "table", name, did };
    }
  },
};

async function withWarehouse<Result>(
  { warehouse: place }: ClusterConfig,
  work: (warehouse: Warehouse) => Promise<Result>,
): Promise<Result | undefined> {
  if (place === undefined) return undefined;
  const warehouse = clickHouseWarehouse(place);
  try {
    return await work(warehouse);
  } finally {
    await warehouse.close();
  }
}

async function tablesOf(warehouse: Warehouse): Promise<readonly string[]> {
  const tables = await warehouse.query<{ readonly name: string }>(
    "SELECT name FROM system.tables WHERE database = currentDatabase() ORDER BY name",
  );
  return tables.map(({ name }) => name);
}
