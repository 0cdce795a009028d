import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CaseCluster } from "../../../conformance/cluster/records.ts";
import type { ClusterAddresses } from "../../../engines/cluster-addresses.ts";
import { runTool } from "../../../engines/run-tool.ts";
import { systemClock } from "../../core/clock.ts";
import { clickHouseWarehouse } from "../../storage/warehouse/clickhouse-warehouse.ts";
import {
  startWarehouse,
  type WarehouseProcess,
} from "../../storage/warehouse/embedded/start-warehouse.ts";
import type { Warehouse } from "../../storage/warehouse/warehouse.ts";
import { loadDefinition } from "../definition/load-definition.ts";
import { readClusterConfig } from "./cluster-config.ts";
import { ConnectClient } from "./connect/connect-client.ts";
import { sourcePrefix } from "./connect/source-topics.ts";
import type { Change } from "./deploy/deploy-step.ts";
import { deploy } from "./deploy/deploy.ts";
import { startReplica, type Replica } from "./replica.fixture.ts";

type Addresses = Required<Pick<ClusterAddresses, "kafka" | "registry">> & ClusterAddresses;

/** A definition with a table of PostgreSQL's, in a cluster that has all that brings its rows. */
export class SourcesBed {
  readonly folder = mkdtempSync(join(tmpdir(), "millrace-sources-"));
  /** Of topics, connectors, and the schema in PostgreSQL. */
  readonly prefix = `t${process.pid}${Date.now().toString(36)}`;
  readonly config = join(this.folder, "cluster.json");
  readonly definition = join(this.folder, "pipeline.ts");
  readonly lines = join(this.folder, "events.ndjson");
  readonly cases: CaseCluster;
  readonly #addresses: Addresses;
  readonly #replicas: Replica[] = [];
  #server: WarehouseProcess | undefined;
  #warehouse: Warehouse | undefined;

  constructor(addresses: Addresses) {
    this.#addresses = addresses;
    const { kafka, registry } = addresses;
    this.cases = new CaseCluster(
      { bootstrap: kafka.bootstrap, registryUrl: registry.url },
      this.prefix,
    );
    this.define();
    writeFileSync(this.lines, "");
  }

  /** Writes the definition; `table` false: with nothing that PostgreSQL has. */
  define({ table = true } = {}): void {
    const from = table ? `from: postgres({ table: "${this.prefix}.users" }),` : "";
    writeFileSync(
      this.definition,
      `
import { event, pipeline, postgres, rule, t, table } from ${JSON.stringify(LANGUAGE)};
void postgres;
const visits = event(
  "visits",
  { id: t.id(), at: t.timestamp(), who: t.string(), page: t.string() },
  { id: "id", time: "at", key: "who" },
);
const users = table(
  "dim_users",
  {
    user_id: t.string().subject(),
    country: t.string().clean("uppercase").optional(),
    credit: t.decimal(20, 4).optional(),
    since: t.timestamp().optional(),
  },
  { key: "user_id", ${from} },
);
export default pipeline({
  name: "sources",
  events: [visits],
  tables: [users],
  rules: [
    rule("known", { on: visits, expect: visits.fields.who.existsIn(users), severity: "warn" }),
    rule("elsewhere", { on: users, expect: users.fields.country.isNot("XX"), severity: "quarantine" }),
  ],
});
`,
    );
  }

  /** The warehouse, and the cluster's file with it. */
  async open(more: object = {}): Promise<void> {
    const keys = { adminKey: "admin", pipelineKey: "pipeline" };
    this.#server = await startWarehouse({ dataDir: join(this.folder, "warehouse"), ...keys });
    const { url, database } = this.#server;
    const place = { url, database, user: "pipeline", key: "pipeline" };
    this.#warehouse = clickHouseWarehouse(place);
    const { kafka, registry, connect, postgres, mqtt } = this.#addresses;
    const file = { kafka, registry, connect, postgres, mqtt, warehouse: place };
    const rest = { prefix: this.prefix, partitions: 3, ...more };
    writeFileSync(this.config, JSON.stringify({ ...file, ...rest }));
  }

  /** As `millrace deploy` does. */
  async deploy(): Promise<readonly Change[]> {
    const changes = deploy({
      plan: await loadDefinition(this.definition),
      config: readClusterConfig(this.config),
      clock: systemClock,
      env: process.env,
      tell: (text) => void process.stderr.write(`  ${text}\n`),
      fromStart: false,
    });
    const done: Change[] = [];
    for await (const change of changes) done.push(change);
    return done;
  }

  async start(role: string, name = role): Promise<Replica> {
    const { config, definition } = this;
    const data = join(this.folder, name);
    const replica = await startReplica({ config, role, data, definition });
    this.#replicas.push(replica);
    return replica;
  }

  sql(text: string): Promise<string> {
    const { postgres } = this.#addresses;
    const flags = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c"];
    return runTool("psql", [...flags, text, postgres!.url], { install: "install psql" });
  }

  query<Row>(text: string): Promise<readonly Row[]> {
    return this.#warehouse!.query<Row>(text);
  }

  append(lines: readonly string[]): void {
    appendFileSync(this.lines, lines.map((line) => `${line}\n`).join(""));
  }

  /** What this run made in PostgreSQL; a slot would keep the log of all that follow. */
  async #dropSchema(): Promise<void> {
    const own = `LIKE '${this.prefix}%'`;
    await this.sql(
      `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name ${own}`,
    );
    const publications = await this.sql(`SELECT pubname FROM pg_publication WHERE pubname ${own}`);
    for (const name of publications.split("\n").filter((each) => each !== "")) {
      await this.sql(`DROP PUBLICATION ${name}`);
    }
    await this.sql(`DROP SCHEMA IF EXISTS ${this.prefix} CASCADE`);
  }

  async #removeConnectors(): Promise<void> {
    const connect = this.connect();
    for (const name of await connect.names()) {
      if (!name.startsWith(sourcePrefix(this.prefix))) continue;
      await connect.stop(name);
      await connect.remove(name);
    }
  }

  connect(): ConnectClient {
    return new ConnectClient(this.#addresses.connect!);
  }

  async close(): Promise<void> {
    for (const replica of this.#replicas) await replica.stop();
    if (this.#addresses.connect !== undefined) await this.#removeConnectors();
    if (this.#addresses.postgres !== undefined) await this.#dropSchema();
    await this.#warehouse?.close();
    await this.#server?.stop();
    const own = (await this.cases.client.topics()).filter((name) => name.startsWith(this.prefix));
    await this.cases.client.deleteTopics(own);
    await this.cases.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const LANGUAGE = new URL("../../index.ts", import.meta.url).href;

/** What `look` gives at last; the test's own time limit ends it. */
export async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}
