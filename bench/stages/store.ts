import { join } from "node:path";
import type { Clock } from "../../src/core/clock.ts";
import { cubeTables } from "../../src/language/compile/clickhouse/cube-tables.ts";
import { topicTable } from "../../src/language/compile/clickhouse/topic-table.ts";
import { ENGINE_FORMATS, LAKE_SETTINGS } from "../../src/process/load/lake-statements.ts";
import { fileColumns } from "../../src/process/load/load-topic.ts";
import { NativeFile, spoolBlock, SPOOL_FORMAT } from "../../src/process/load/native-file.ts";
import { quotedTable } from "../../src/storage/warehouse/statements.ts";
import type { Yardstick } from "../runs/bare-load.ts";
import { plan, shopBodies, shopDoor, shopRequest, userEvents } from "./shop-rows.ts";

/** CPU microseconds per event of the warehouse's process. */
export interface StoreFigures {
  readonly insert: number;
  readonly insertWithCube: number;
  readonly parquet: number;
}

const ROUNDS = 3;
const ONE_BLOCK = {
  min_insert_block_size_rows: "100000000",
  min_insert_block_size_bytes: "100000000000",
};

/** What an insert of rows as the loader spools them costs, with and without the cube, and a lake's file. */
export async function benchStore(
  clock: Clock,
  folder: string,
  { warehouse, cpuUs }: Yardstick,
  events: number,
): Promise<StoreFigures> {
  const path = join(folder, "stage.columns");
  const nowMs = clock.nowMs();
  const door = shopDoor();
  const file = new NativeFile(path, userEvents.layout, spoolBlock(userEvents.layout));
  for (const body of shopBodies(events, nowMs)) {
    file.write((await shopRequest(door, body, nowMs)).sets[0]!.rows);
  }
  file.finish();
  file.close();
  const columns = fileColumns(userEvents.layout);
  const timed = async (work: (round: number) => Promise<void>): Promise<number> => {
    const from = cpuUs();
    for (let round = 0; round < ROUNDS; round++) await work(round);
    return (cpuUs() - from) / (events * ROUNDS);
  };
  const insert = (name: string) => (round: number) =>
    warehouse.insertFile({
      table: userEvents.name,
      path,
      columns,
      format: SPOOL_FORMAT,
      token: `${name} ${round}`,
      settings: ONE_BLOCK,
    });
  await warehouse.command(`DROP TABLE IF EXISTS ${quotedTable(userEvents.name)} SYNC`);
  for (const statement of topicTable(userEvents)) await warehouse.command(statement);
  const plain = await timed(insert("plain"));
  for (const cube of plan.cubes) {
    for (const statement of cubeTables(cube, userEvents)) await warehouse.command(statement);
  }
  const insertWithCube = await timed(insert("cube"));
  const parquet = await timed(() =>
    warehouse.exportFile({
      from: { path, columns, format: SPOOL_FORMAT },
      path: join(folder, "stage.parquet"),
      format: ENGINE_FORMATS.parquet,
      settings: LAKE_SETTINGS,
    }),
  );
  return { insert: plain, insertWithCube, parquet };
}
