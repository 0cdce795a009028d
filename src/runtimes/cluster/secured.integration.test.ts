/** From a POST to the warehouse, where Kafka wants TLS and a password, and the registry a password. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { engineSuite } from "../../../engines/engine-test.ts";
import { kafkaTool } from "../../../engines/kafka-tool.fixture.ts";
import {
  REAUTHENTICATE_MS,
  startSecuredKafka,
  type SecuredKafka,
} from "../../../engines/secured-kafka.fixture.ts";
import { systemClock } from "../../core/clock.ts";
import { startRegistryServer } from "../../serve/registry/registry-server.fixture.ts";
import { KafkaClient } from "../../storage/log/kafka/kafka-client.ts";
import { openEmbeddedRegistry } from "../../storage/registry/embedded/embedded-registry.ts";
import { clickHouseWarehouse } from "../../storage/warehouse/clickhouse-warehouse.ts";
import { startWarehouse } from "../../storage/warehouse/embedded/start-warehouse.ts";
import type { Warehouse } from "../../storage/warehouse/warehouse.ts";
import { MILLRACE } from "../embedded/running.fixture.ts";
import { javaKafkaProperties } from "./java-kafka.ts";
import { startReplica, type Replica } from "./replica.fixture.ts";

const timeout = 450_000;
const VIEWS = 40;

const DEFINITION = `
import { count, event, metric, pipeline, t, tumbling } from "millrace";
const visits = event(
  "visits",
  { event_id: t.id(), page: t.string(), at: t.timestamp() },
  { id: "event_id", time: "at", key: "event_id" },
);
const { page } = visits.fields;
const views = metric("views", { from: visits, by: { page }, window: tumbling("1h"), measures: { n: count() } });
export default pipeline({ name: "secured", events: [visits], metrics: [views] });
`;

await engineSuite("secured engines", ["kafka"], () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-secured-"));
  const config = join(folder, "cluster.json");
  const definition = join(folder, "pipeline.ts");
  const auth = { username: "pipeline", password: "a:secret/with signs" };
  const ends: (() => Promise<void>)[] = [];
  let secured: SecuredKafka;
  let warehouse: Warehouse;

  before(
    async () => {
      secured = await startSecuredKafka();
      ends.push(() => secured.stop());
      const inner = openEmbeddedRegistry(join(folder, "registry.db"));
      const basic = Buffer.from(`${auth.username}:${auth.password}`).toString("base64");
      const registry = await startRegistryServer(inner, { authorization: `Basic ${basic}` });
      ends.push(() => inner.close(), registry.stop);
      const keys = { adminKey: "admin", pipelineKey: "pipeline" };
      const server = await startWarehouse({ dataDir: join(folder, "warehouse"), ...keys });
      const { url, database } = server;
      const place = { url, database, user: "pipeline", key: "pipeline" };
      warehouse = clickHouseWarehouse(place);
      ends.push(
        () => server.stop(),
        () => warehouse.close(),
      );
      writeFileSync(definition, DEFINITION);
      writeFileSync(
        config,
        JSON.stringify({
          kafka: secured.sasl("SCRAM-SHA-512"),
          registry: { url: registry.url, auth },
          warehouse: place,
          streams: { emitMs: 200, javaFlags: ["-XX:TieredStopAtLevel=1"] },
          partitions: 2,
        }),
      );
    },
    { timeout },
  );
  after(
    async () => {
      for (const end of ends.toReversed()) await end();
      rmSync(folder, { recursive: true, force: true });
    },
    { timeout },
  );

  const start = async (role: string): Promise<Replica> => {
    const data = join(folder, role);
    const replica = await startReplica({ config, role, data, definition });
    ends.push(() => replica.stop());
    return replica;
  };

  describe("secured engines", () => {
    test("events arrive, and are counted, though sessions end meanwhile", { timeout }, async () => {
      const collect = await start("collect");
      await Promise.all([start("stream"), start("load")]);
      const post = async (): Promise<void> => {
        const events = Array.from({ length: VIEWS }, (_, index) => ({
          event_id: randomUUID(),
          page: `page-${index % 4}`,
          at: new Date().toISOString(),
        }));
        const answer = await fetch(`${collect.url}/v1/events?topic=visits`, {
          method: "POST",
          headers: { authorization: "Bearer dev" },
          body: JSON.stringify(events),
        });
        assert.equal(((await answer.json()) as { accepted: number }).accepted, VIEWS);
      };
      const counted = async (): Promise<readonly number[]> => {
        const [events] = await warehouse.query<{ n: string }>("SELECT count() AS n FROM visits");
        const [rows] = await warehouse.query<{ n: string }>("SELECT sum(n) AS n FROM views");
        return [Number(events?.n), Number(rows?.n)];
      };
      let posted = 0;
      const endMs = systemClock.monotonicMs() + 2 * REAUTHENTICATE_MS;
      do {
        await post();
        posted += VIEWS;
        await until(async () => (await counted()).every((each) => each >= posted));
      } while (systemClock.monotonicMs() < endMs);
      assert.deepEqual(await counted(), [posted, posted]);
    });

    test("Java's clients get in by what is made of each connection", { timeout }, async () => {
      const connections = [secured.sasl("PLAIN"), secured.mutualTls]; // SCRAM is the runner's
      const client = new KafkaClient(secured.mutualTls, "millrace-test");
      const topics = (await client.topics()).toSorted();
      await client.close();
      for (const [at, connection] of connections.entries()) {
        const file = join(folder, `client-${at}.properties`);
        const lines = Object.entries(javaKafkaProperties(connection)).map(
          ([name, value]) => `${name}=${value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n`,
        );
        writeFileSync(file, lines.join(""), { mode: 0o600 });
        const listed = await kafkaTool("org.apache.kafka.tools.TopicCommand", [
          ...["--bootstrap-server", connection.bootstrap[0]!],
          ...["--command-config", file, "--list"],
        ]);
        const names = listed.split("\n").filter((name) => topics.includes(name));
        assert.deepEqual(names.toSorted(), topics);
      }
    });

    test("a replica with a wrong password says so, and ends", { timeout }, async () => {
      const kafka = secured.sasl("SCRAM-SHA-512");
      const wrong = join(folder, "wrong.json");
      const file = JSON.parse(readFileSync(config, "utf8")) as object;
      const sasl = { ...kafka.sasl, password: "wrong" };
      writeFileSync(wrong, JSON.stringify({ ...file, kafka: { ...kafka, sasl } }));
      const args = [MILLRACE, "up", definition, "--cluster", wrong, "--role", "collect"];
      await assert.rejects(promisify(execFile)(process.execPath, args), {
        message: /error CONFIG_INVALID: .*SASL authentication failed[^]*hint: .*username/,
      });
    });
  });
});

/** The test's own time limit ends it. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 300));
}
