import assert from "node:assert/strict";
import { test } from "node:test";
import { count, event, metric, pipeline, t, tumbling } from "../../../index.ts";
import { wantedJobs } from "./wanted-jobs.ts";

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

const config = {
  kafka: {
    bootstrap: ["broker:9093"],
    tls: { ca: "CA\nLINES" },
    sasl: { mechanism: "SCRAM-SHA-512", username: "u", password: "it's" },
  },
  registry: { url: "https://registry", auth: { username: "r", password: "p" } },
  flink: { gatewayUrl: "http://gateway", restUrl: "http://manager" },
  prefix: "",
  partitions: 1,
} as const;

test("every table of a job says how Kafka and the registry let it in", () => {
  const [job] = wantedJobs(plan, config, undefined, () => 1);
  const tables = job!.statements().filter((each) => each.includes("'connector' = 'kafka'"));
  assert.ok(tables.length >= 2, "a source and a sink");
  for (const table of tables) {
    for (const option of [
      "'properties.security.protocol' = 'SASL_SSL'",
      "'properties.ssl.truststore.type' = 'PEM'",
      String.raw`'properties.ssl.truststore.certificates' = U&'CA\000aLINES'`,
      "'properties.sasl.mechanism' = 'SCRAM-SHA-512'",
      `'properties.sasl.jaas.config' = 'org.apache.flink.kafka.shaded.org.apache.kafka.common.security.scram.ScramLoginModule required username="u" password="it''s";'`,
      "'value.avro-confluent.basic-auth.credentials-source' = 'USER_INFO'",
      "'value.avro-confluent.basic-auth.user-info' = 'r:p'",
    ]) {
      assert.ok(table.includes(option), `${option} isn't in ${table}`);
    }
  }
});

test("a token for the registry is passed on, too", () => {
  const registry = { url: "https://registry", auth: { token: "abc" } };
  const [job] = wantedJobs(plan, { ...config, registry }, undefined, () => 1);
  const all = job!.statements().join("\n");
  assert.match(all, /'value\.avro-confluent\.bearer-auth\.credentials-source' = 'STATIC_TOKEN'/);
  assert.match(all, /'value\.avro-confluent\.bearer-auth\.token' = 'abc'/);
});
