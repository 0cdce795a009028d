import assert from "node:assert/strict";
import { test } from "node:test";
import { engineSuite } from "./engine-test.ts";
import { answersTcp } from "./tcp-ready.ts";

await engineSuite("Mosquitto", ["mosquitto"], ({ mqtt }, cluster) => {
  const port = Number(new URL(mqtt.url).port);
  const connect = "\x10\x14\x00\x04MQTT\x04\x02\x00\x0a\x00\x08millrace";
  const after = (packet: string): Buffer => Buffer.from(connect + packet, "latin1");

  test("a message is acknowledged and delivered, also by a restarted broker", async () => {
    // QoS 1, number 1: its acknowledgement is 40 02 00 01.
    const publish = after("\x32\x0b\x00\x03a/b\x00\x01kept");
    for (let round = 0; round < 2; round += 1) {
      const isAcknowledged = (answer: Buffer): boolean =>
        answer.includes("\x40\x02\x00\x01", 0, "latin1");
      assert.ok(await answersTcp(port, publish, isAcknowledged));
      await cluster.kill("mosquitto");
      await cluster.startAgain("mosquitto");
    }
    const subscribeThenPublish = after("\x82\x08\x00\x02\x00\x03a/b\x00\x30\x09\x00\x03a/bnews");
    assert.ok(await answersTcp(port, subscribeThenPublish, (answer) => answer.includes("news")));
  });
});
