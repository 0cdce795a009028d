/**
 * A process that loads, or writes the lake, until there is nothing more to do; at a named point it
 * kills itself with -9, or tells its parent that it is there. Started by the crash tests.
 */
import { join } from "node:path";
import { systemClock } from "../../../core/clock.ts";
import { openEmbeddedLake } from "../../../storage/lake/embedded/embedded-lake.ts";
import { openEmbeddedLogReader } from "../../../storage/log/embedded/embedded-log-reader.ts";
import { clickHouseWarehouse } from "../../../storage/warehouse/clickhouse-warehouse.ts";
import { LakeWriter } from "../lake-writer.ts";
import { Loader } from "../loader.ts";
import { startWorkLoop } from "../work-loop.ts";
import { layoutOfId, TOPIC } from "./shop-log.ts";

/** What the parent says, as JSON in the last argument. */
export interface LoadChildOrder {
  readonly dir: string;
  readonly url: string;
  readonly work: "load" | "lake";
  readonly at?: string;
  /** Which time the point is reached, from 1. */
  readonly nth: number;
  /** `tell`: print `reached` and go on, so that the parent can kill somebody. */
  readonly then: "die" | "tell";
}

const order = JSON.parse(process.argv.at(-1)!) as LoadChildOrder;
let reached = 0;
const crashPoint = (name: string): void => {
  if (name !== order.at || ++reached !== order.nth) return;
  if (order.then === "die") process.kill(process.pid, "SIGKILL");
  process.stdout.write("reached\n");
};

const log = openEmbeddedLogReader(order.dir);
const warehouse = clickHouseWarehouse({
  url: order.url,
  database: "millrace",
  user: "pipeline",
  key: "key",
});
const common = { log, warehouse, topics: [TOPIC], layoutOf: layoutOfId, clock: systemClock };

const done = Promise.withResolvers<void>();
const until = (step: () => Promise<{ idle: boolean }>) => async () => {
  const result = await step();
  if (result.idle) done.resolve();
  return result;
};

if (order.work === "load") {
  const loader = new Loader({
    ...common,
    dir: join(order.dir, "load"),
    rowsMax: 1_500,
    crashPoint,
  });
  await work(() => loader.step());
  loader.close();
} else {
  const lake = openEmbeddedLake({ dir: join(order.dir, "lake"), clock: systemClock, crashPoint });
  const writer = new LakeWriter({ ...common, lake, dir: join(order.dir, "roll"), rowsMax: 1_500 });
  await work(() => writer.step({ force: true }));
  lake.close();
}
log.close();
await warehouse.close();

async function work(step: () => Promise<{ idle: boolean }>): Promise<void> {
  const loop = startWorkLoop({
    step: until(step),
    intervalMs: 10,
    clock: systemClock,
    onError: failed,
  });
  await done.promise;
  await loop.stop();
}

/** Only a warehouse that was killed may fail. */
function failed(error: unknown): void {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "WAREHOUSE_UNAVAILABLE" && order.then === "tell") return;
  console.error(error);
  process.exit(1);
}
