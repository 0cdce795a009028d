import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clickHouseWarehouse } from "../../../storage/warehouse/clickhouse-warehouse.ts";
import { startWarehouse } from "../../../storage/warehouse/embedded/start-warehouse.ts";
import type { Warehouse } from "../../../storage/warehouse/warehouse.ts";

export interface TestWarehouse {
  readonly url: string;
  readonly warehouse: Warehouse;
  /** A folder for the test's files, removed at the end. */
  readonly folder: string;
  close(): Promise<void>;
}

/** A real engine in a child process over an empty folder. */
export async function openTestWarehouse(): Promise<TestWarehouse> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-batch-"));
  const started = await startWarehouse({
    dataDir: join(folder, "warehouse"),
    database: "millrace",
    adminKey: "admin",
    pipelineKey: "pipeline",
  });
  const warehouse = clickHouseWarehouse({
    url: started.url,
    database: "millrace",
    user: "pipeline",
    key: "pipeline",
  });
  return {
    url: started.url,
    warehouse,
    folder,
    close: async () => {
      await warehouse.close();
      await started.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
