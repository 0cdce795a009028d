import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { engineSuite } from "./engine-test.ts";
import { kafkaTool } from "./kafka-tool.fixture.ts";

await engineSuite("Kafka", ["kafka"], ({ kafka }, cluster) => {
  const bootstrap = ["--bootstrap-server", kafka.bootstrap.join(",")];

  const produce = (topic: string, text: string): Promise<string> =>
    kafkaTool(
      "org.apache.kafka.tools.ConsoleProducer",
      [...bootstrap, "--topic", topic, "--command-property", "acks=all"],
      text,
    );

  test("a broker that loses its disk comes back, and no record is lost", async () => {
    const topic = `engines-${randomUUID()}`;
    const create = ["--create", "--topic", topic, "--partitions", "1"];
    await kafkaTool("org.apache.kafka.tools.TopicCommand", [...bootstrap, ...create]);
    await produce(topic, "one\ntwo\n");
    await cluster.kill("kafka-1", { losing: "disk" });
    await produce(topic, "three\n");
    await cluster.startAgain("kafka-1");
    const read = ["--topic", topic, "--from-beginning", "--max-messages", "3"];
    const lines = await kafkaTool("org.apache.kafka.tools.consumer.ConsoleConsumer", [
      ...bootstrap,
      ...read,
    ]);
    assert.deepEqual(lines.split("\n"), ["one", "two", "three"]);
  });
});
