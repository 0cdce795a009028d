import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomHex } from "../../../core/random.ts";
import { LakeHistory, type LakeHistoryOptions } from "../../../process/mirror/lake-history.ts";
import type { LakeReader } from "../../../storage/lake/lake.ts";
import { clickHouseWarehouse } from "../../../storage/warehouse/clickhouse-warehouse.ts";
import { startWarehouse } from "../../../storage/warehouse/embedded/start-warehouse.ts";

export interface OpenHistory {
  readonly history: LakeHistory;
  close(): Promise<void>;
}

/** Reads a lake with an engine of its own, which keeps nothing. */
export async function openHistory(
  lake: LakeReader,
  filesSql?: LakeHistoryOptions["filesSql"],
): Promise<OpenHistory> {
  const dir = mkdtempSync(join(tmpdir(), "millrace-mirror-"));
  const keys = { adminKey: randomHex(24), pipelineKey: randomHex(24) };
  const server = await startWarehouse({ dataDir: join(dir, "engine"), ...keys });
  const { url, database } = server;
  const engine = clickHouseWarehouse({ url, database, user: "pipeline", key: keys.pipelineKey });
  const history = new LakeHistory({
    lake,
    engine,
    dir: join(dir, "rows"),
    ...(filesSql !== undefined && { filesSql }),
  });
  return {
    history,
    close: async () => {
      lake.close();
      await engine.close();
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
