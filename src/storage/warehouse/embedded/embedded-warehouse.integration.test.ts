import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clickHouseWarehouse } from "../clickhouse-warehouse.ts";
import { warehouseSuite } from "../warehouse.suite.ts";
import { startWarehouse } from "./start-warehouse.ts";

warehouseSuite("embedded", async () => {
  const folder = await mkdtemp(join(tmpdir(), "millrace-warehouse-"));
  const started = await startWarehouse({
    dataDir: join(folder, "data"),
    database: "shop",
    adminKey: "admin-key",
    pipelineKey: "pipeline-key",
  });
  const warehouse = clickHouseWarehouse({
    url: started.url,
    database: "shop",
    user: "pipeline",
    key: "pipeline-key",
  });
  return {
    warehouse,
    folder,
    close: async () => {
      await warehouse.close();
      await started.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
});
