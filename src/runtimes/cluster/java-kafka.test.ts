import assert from "node:assert/strict";
import { test } from "node:test";
import { javaKafkaProperties } from "./java-kafka.ts";

const bootstrap = ["broker:9092"];

test("a connection without security needs no properties", () => {
  assert.deepEqual(javaKafkaProperties({ bootstrap }), {});
});

test("TLS and SASL become properties of Java's clients, passwords quoted", () => {
  const sasl = { mechanism: "SCRAM-SHA-512", username: "u", password: `p"\\` } as const;
  assert.deepEqual(javaKafkaProperties({ bootstrap, tls: { ca: "CA" }, sasl }, "shaded."), {
    "security.protocol": "SASL_SSL",
    "ssl.truststore.type": "PEM",
    "ssl.truststore.certificates": "CA",
    "sasl.mechanism": "SCRAM-SHA-512",
    "sasl.jaas.config": String.raw`shaded.org.apache.kafka.common.security.scram.ScramLoginModule required username="u" password="p\"\\";`,
  });
  assert.equal(javaKafkaProperties({ bootstrap, tls: {} })["security.protocol"], "SSL");
  assert.equal(javaKafkaProperties({ bootstrap, sasl })["security.protocol"], "SASL_PLAINTEXT");
});
