import { asMillraceError } from "../../core/errors.ts";
import { ReadThrough } from "../../serve/cache/read-through.ts";
import { metricRoutes } from "../../serve/metrics/metric-routes.ts";
import { qualityRoutes } from "../../serve/quality/quality-routes.ts";
import { clickHouseWarehouse } from "../../storage/warehouse/clickhouse-warehouse.ts";
import { openCache } from "./cluster-cache.ts";
import { warehouseOf } from "./cluster-config.ts";
import { qualitySources } from "./quality-sources.ts";
import type { Role, RoleOptions } from "./role.ts";
import { serveHealth } from "./serve-health.ts";

const SHARED_TTL_MS = 10_000;
const OWN_TTL_MS = 500;

/**
 * The query API over the cluster's warehouse. It keeps nothing: any number of them may run. Windows
 * that are still open come from the warehouse, too, where the loaders put their rows.
 */
export async function startServe(options: RoleOptions): Promise<Role> {
  const { plan, parts, settings, clock, onProblem } = options;
  const warehouse = clickHouseWarehouse(warehouseOf(parts.config));
  const { cache, isShared } = await openCache(parts.config, clock);
  const onCacheProblem = (thrown: unknown): void => onProblem(asMillraceError(thrown).message);
  const quality = qualitySources({ plan, parts, warehouse, clock });
  // Nobody tells a cache of its own that rows arrived.
  const ttlMs = isShared ? SHARED_TTL_MS : OWN_TTL_MS;
  const server = await serveHealth(settings, onProblem, {
    parts: async () => [{ part: "warehouse", ready: await warehouse.ping() }],
    figures: async () => [],
    routes: [
      ...metricRoutes({
        plan: () => plan,
        warehouse,
        clock,
        open: { openRows: async () => [] },
        cache: new ReadThrough({ cache, ttlMs, onProblem: onCacheProblem }),
      }),
      ...qualityRoutes(quality, clock),
    ],
  });
  return {
    url: server.url,
    close: async () => {
      await server.close();
      quality.close();
      await cache.close();
      await warehouse.close();
    },
  };
}
