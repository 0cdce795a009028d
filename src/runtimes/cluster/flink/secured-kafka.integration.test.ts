/** Flink reads a Kafka that lets nobody in without a password or a certificate. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { engineSuite } from "../../../../engines/engine-test.ts";
import { startSecuredKafka, type SecuredKafka } from "../../../../engines/secured-kafka.fixture.ts";
import { count, event, metric, pipeline, t, tumbling } from "../../../index.ts";
import { KafkaClient } from "../../../storage/log/kafka/kafka-client.ts";
import { FlinkSession } from "./sql-gateway.ts";
import { wantedJobs } from "./wanted-jobs.ts";

const timeout = 240_000;
const TOPIC = "plain";

const visits = event(
  "visits",
  { event_id: t.id(), at: t.timestamp() },
  { id: "event_id", time: "at", key: "event_id" },
);
const { plan } = pipeline({
  name: "secured",
  events: [visits],
  metrics: [
    metric("paid", {
      from: visits,
      window: tumbling("1m"),
      measures: { visits: count() },
      on: "flink",
    }),
  ],
});

await engineSuite("Flink with a secured Kafka", ["flink"], ({ flink }) => {
  let secured: SecuredKafka;
  before(
    async () => {
      secured = await startSecuredKafka();
      const client = new KafkaClient(secured.mutualTls, "millrace-test");
      await client.ensureTopics([{ name: TOPIC, partitions: 1 }]);
      const value = Buffer.from("a record");
      await client.send([{ topic: TOPIC, partition: 0, key: null, value }]);
      await client.close();
    },
    { timeout },
  );
  after(() => secured.stop());

  const connections = {
    "a password": () => secured.sasl("SCRAM-SHA-256"),
    "a certificate": () => secured.mutualTls,
  };

  describe("Flink with a secured Kafka", () => {
    for (const [name, connectionOf] of Object.entries(connections)) {
      test(`what a job's tables say lets it in by ${name}`, { timeout }, async () => {
        const registry = { url: "http://127.0.0.1:1" };
        const config = { kafka: connectionOf(), registry, flink, prefix: "", partitions: 1 };
        const [job] = wantedJobs(plan, config, undefined, () => 1);
        const [source = ""] = job!.statements();
        const letIn = source
          .split("\n")
          .filter((line) => /'properties\.(bootstrap|security|ssl|sasl)/.test(line));
        assert.ok(letIn.length >= 4, source);
        const session = await FlinkSession.open(flink.gatewayUrl, {
          "execution.runtime-mode": "batch",
        });
        try {
          await session.run(`CREATE TEMPORARY TABLE records (v STRING) WITH (
            'connector' = 'kafka', 'topic' = '${TOPIC}', 'format' = 'raw',
            'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset',
            ${letIn.join("\n").replace(/,\s*$/, "")}
          )`);
          const { rows } = await session.run("SELECT v FROM records");
          assert.deepEqual(rows, [["a record"]]);
        } finally {
          await session.close();
        }
      });
    }
  });
});
