import { join } from "node:path";
import type { Clock } from "../../src/core/clock.ts";
import { randomHex } from "../../src/core/random.ts";
import { topicTable } from "../../src/language/compile/clickhouse/topic-table.ts";
import type { Topic } from "../../src/language/plan/topic.ts";
import { clickhouseType } from "../../src/language/schema/layout.ts";
import { clickHouseWarehouse } from "../../src/storage/warehouse/clickhouse-warehouse.ts";
import { startWarehouse } from "../../src/storage/warehouse/embedded/start-warehouse.ts";
import { quotedName, quotedTable, quotedText } from "../../src/storage/warehouse/statements.ts";
import type { Warehouse } from "../../src/storage/warehouse/warehouse.ts";
import type { EventFile } from "../events/event-file.ts";
import { watchStolenTime } from "../machine/stolen-time.ts";
import { processTree } from "../machine/process-tree.ts";

export interface BareLoad {
  readonly events: number;
  readonly wallMs: number;
  readonly cpuUs: number;
  /** Share of the processors' time that went to other guests of the host. */
  readonly stolen: number;
}

/** A warehouse of its own, beside the pipeline's, to compare with and to read files with. */
export interface Yardstick {
  readonly warehouse: Warehouse;
  /** CPU of its process so far, microseconds. */
  cpuUs(): number;
  /** `INSERT … SELECT FROM file(…, JSONEachRow)` into a table like the topic's, anew each time. */
  load(file: EventFile, topic: Topic, rounds: number): Promise<BareLoad>;
  close(): Promise<void>;
}

/** Starts the engine with the settings that it has in the pipeline. */
export async function startYardstick(folder: string, clock: Clock): Promise<Yardstick> {
  const key = randomHex(8);
  const child = await startWarehouse({
    dataDir: join(folder, "yardstick"),
    adminKey: randomHex(8),
    pipelineKey: key,
  });
  const { url, database } = child;
  const warehouse = clickHouseWarehouse({ url, database, user: "pipeline", key });
  const cpuUs = (): number => processTree(child.pid!)[0]!.cpuUs;
  return {
    warehouse,
    cpuUs,
    load: async (file, topic, rounds) => {
      await warehouse.command(`DROP TABLE IF EXISTS ${quotedTable(topic.name)} SYNC`);
      for (const statement of topicTable(topic)) await warehouse.command(statement);
      const statement = bareLoadStatement(file, topic);
      const stolen = watchStolenTime();
      const fromUs = cpuUs();
      const fromMs = clock.monotonicMs();
      for (let round = 0; round < rounds; round++) {
        await warehouse.command(statement, {
          settings: { date_time_input_format: "best_effort", insert_deduplicate: 0 },
        });
      }
      const wallMs = clock.monotonicMs() - fromMs;
      const events = file.events * rounds;
      return { events, wallMs, cpuUs: cpuUs() - fromUs, stolen: stolen() };
    },
    close: async () => {
      await warehouse.close();
      await child.stop();
    },
  };
}

/** Loads the declared columns; nested members by way of tuples. */
function bareLoadStatement(file: EventFile, topic: Topic): string {
  const columns = topic.layout.columns.filter(({ role }) => role === "declared");
  const names = columns.map(({ name }) => quotedName(name)).join(", ");
  const values = columns.map(({ name }) => name.split(".").map(quotedName).join("."));
  const types = new Map(
    columns.map((column) => [column.name, clickhouseType({ ...column, lowCardinality: false })]),
  );
  return (
    `INSERT INTO ${quotedTable(topic.name)} (${names}) SELECT ${values.join(", ")} ` +
    `FROM file(${quotedText(file.path)}, 'JSONEachRow', ${quotedText(structure([...types], ""))})`
  );
}

type TypedColumns = readonly (readonly [path: string, type: string])[];

/** `a String, p Tuple(b String, l Tuple(c String))` of the columns below a prefix. */
function structure(columns: TypedColumns, prefix: string): string {
  const members = new Map<string, string>();
  for (const [path, type] of columns) {
    const rest = path.slice(prefix.length);
    const dot = rest.indexOf(".");
    const name = quotedName(dot === -1 ? rest : rest.slice(0, dot));
    if (dot === -1) members.set(name, type);
    else if (!members.has(name)) {
      const below = path.slice(0, prefix.length + dot + 1);
      const inside = columns.filter(([each]) => each.startsWith(below));
      members.set(name, `Tuple(${structure(inside, below)})`);
    }
  }
  return [...members].map(([name, type]) => `${name} ${type}`).join(", ");
}
