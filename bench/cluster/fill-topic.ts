import { manualClock, systemClock, type Clock } from "../../src/core/clock.ts";
import { topicAvro } from "../../src/language/compile/avro/topic-avro.ts";
import { NAMESPACE } from "../../src/runtimes/cluster/cluster-topics.ts";
import { KafkaAppender } from "../../src/storage/log/kafka/kafka-appender.ts";
import { topicNames } from "../../src/storage/log/kafka/topic-names.ts";
import { openConfluentRegistry } from "../../src/storage/registry/confluent/confluent-registry.ts";
import { registerAll } from "../../src/storage/registry/register-all.ts";
import { eventLines } from "../events/event-lines.ts";
import { shopDoor, shopRequest, userEvents } from "../stages/shop-rows.ts";
import { PARTITIONS, type BenchPlace } from "./bench-place.ts";

const BODY_EVENTS = 500;
/** Requests that wait together: one sending has them all. */
const AT_ONCE = 4;
const USERS = 200_000;
const VISITS = 8_000;
/** Over how long the events happened. */
const SPAN_MS = 2 * 3_600_000;
/** So long after the last event a heartbeat ends every window. */
const MUCH_LATER_MS = 7_200_000;
const BEGAN_AGO_MS = 6 * 3_600_000;

/**
 * Fills the clean topic with what visitors of the shop do within two hours, received when it
 * happened, and a heartbeat long after it. The same for the same number of events, but for its day.
 */
export async function fillTopic(place: BenchPlace, events: number): Promise<void> {
  const { cluster, addresses, input } = place;
  const registry = openConfluentRegistry(addresses.registry);
  const schema = JSON.stringify(topicAvro(userEvents, NAMESPACE));
  const [registered] = await registerAll(registry, [
    { subject: `${input}-value`, schemaType: "AVRO", schema, compatibility: "NONE" },
  ]);
  await registry.close();
  await cluster.client.ensureTopics([{ name: input, partitions: PARTITIONS }]);
  const fromMs = Math.floor(systemClock.nowMs() / 3_600_000) * 3_600_000 - BEGAN_AGO_MS;
  const time = manualClock(fromMs);
  const clock: Clock = { nowMs: () => time.nowMs(), monotonicMs: () => systemClock.monotonicMs() };
  const appender = new KafkaAppender({
    client: cluster.client,
    clock,
    names: { ...topicNames(""), raw: () => input },
    topics: [{ topic: userEvents, schemaId: registered!.id, partitions: PARTITIONS }],
  });
  const next = eventLines({ seed: 1, users: USERS, visits: VISITS });
  const door = shopDoor();
  for (let made = 0; made < events;) {
    const waiting: Promise<unknown>[] = [];
    for (let body = 0; body < AT_ONCE && made < events; body++) {
      const size = Math.min(BODY_EVENTS, events - made);
      time.set(fromMs + Math.floor((made / events) * SPAN_MS));
      const lines = Array.from({ length: size }, () => next(time.nowMs()));
      const request = await shopRequest(door, Buffer.from(lines.join("\n")), time.nowMs());
      waiting.push(appender.append(request));
      made += size;
    }
    await Promise.all(waiting);
  }
  time.set(fromMs + SPAN_MS + MUCH_LATER_MS);
  await appender.heartbeat();
}
