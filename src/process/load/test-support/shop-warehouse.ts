import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clickHouseWarehouse } from "../../../storage/warehouse/clickhouse-warehouse.ts";
import {
  startWarehouse,
  type WarehouseProcess,
} from "../../../storage/warehouse/embedded/start-warehouse.ts";
import type { Warehouse } from "../../../storage/warehouse/warehouse.ts";
import { makeTables } from "./shop-log.ts";

/** A folder, and a warehouse process with the topic's table and cube. */
export interface ShopWarehouse {
  readonly dir: string;
  readonly child: WarehouseProcess;
  readonly warehouse: Warehouse;
  /** Kills the process with -9; resolves when it listens anew. */
  kill(): Promise<void>;
  /** Empties table and cube, and gives a new folder for a log. */
  fresh(): Promise<string>;
  dispose(): Promise<void>;
}

export async function startShopWarehouse(): Promise<ShopWarehouse> {
  const dir = mkdtempSync(join(tmpdir(), "millrace-load-"));
  let restarted = Promise.withResolvers<void>();
  const child = await startWarehouse({
    dataDir: join(dir, "warehouse"),
    adminKey: "admin",
    pipelineKey: "key",
    onRestart: () => restarted.resolve(),
  });
  const warehouse = clickHouseWarehouse({
    url: child.url,
    database: child.database,
    user: "pipeline",
    key: "key",
  });
  return {
    dir,
    child,
    warehouse,
    kill: () => {
      restarted = Promise.withResolvers();
      process.kill(child.pid!, "SIGKILL");
      return restarted.promise;
    },
    fresh: async () => {
      await makeTables(warehouse);
      return mkdtempSync(join(dir, "log-"));
    },
    dispose: async () => {
      await warehouse.close();
      await child.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
