import { metricRoutes } from "../../serve/metrics/metric-routes.ts";
import { clickHouseWarehouse } from "../../storage/warehouse/clickhouse-warehouse.ts";
import { warehouseOf } from "./cluster-config.ts";
import type { Role, RoleOptions } from "./role.ts";
import { serveHealth } from "./serve-health.ts";

/**
 * The query API over the cluster's warehouse. It keeps nothing: any number of them may run. Windows
 * that are still open come from the warehouse, too, where the loaders put their rows.
 */
export async function startServe(options: RoleOptions): Promise<Role> {
  const { plan, parts, settings, clock, onProblem } = options;
  const warehouse = clickHouseWarehouse(warehouseOf(parts.config));
  const server = await serveHealth(settings, onProblem, {
    parts: async () => [{ part: "warehouse", ready: await warehouse.ping() }],
    figures: async () => [],
    routes: metricRoutes({
      plan: () => plan,
      warehouse,
      clock,
      open: { openRows: async () => [] },
    }),
  });
  return {
    url: server.url,
    close: async () => {
      await server.close();
      await warehouse.close();
    },
  };
}
