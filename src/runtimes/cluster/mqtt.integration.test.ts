/** From an MQTT broker, by two bridges of which one is killed, to Kafka. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { connectAsync, type MqttClient } from "mqtt";
import { engineSuite } from "../../../engines/engine-test.ts";
import type { Replica } from "./replica.fixture.ts";
import { SourcesBed, until } from "./sources.fixture.ts";

const timeout = 400_000;
const ENGINES = ["kafka", "registry", "mosquitto"] as const;
const MESSAGES = 400;

await engineSuite("messages of an MQTT broker", ENGINES, (addresses) => {
  const bed = new SourcesBed(addresses);
  const bridges: Replica[] = [];
  let publisher: MqttClient | undefined;
  const root = `sensors/${bed.prefix}`;

  before(
    async () => {
      bed.define({ table: false });
      await bed.open({ sources: [{ kind: "mqtt", filter: `${root}/+`, topic: "visits" }] });
      bridges.push(await bed.start("source", "one"));
      bridges.push(await bed.start("source", "two"));
      await until(async () => {
        const counts = await Promise.all(bridges.map(sessionsOf));
        return counts.every((all) => all > 0) && sum(counts) === SESSIONS ? true : undefined;
      });
      publisher = await connectAsync(addresses.mqtt.url);
    },
    { timeout },
  );
  after(async () => {
    await publisher?.endAsync();
    await bed.close();
  });

  const publish = async (payload: string | Buffer): Promise<void> => {
    await publisher!.publishAsync(`${root}/a`, payload, { qos: 1 });
  };
  const visit = (id: string): object => ({
    id,
    at: new Date().toISOString(),
    who: `who-${id}`,
    page: "/",
  });
  /** How often each of these ids is in the raw topic. */
  const found = async (ids: readonly string[]): Promise<ReadonlyMap<string, number>> => {
    const counts = new Map<string, number>();
    for (const { value } of await bed.cases.records(`${bed.prefix}.visits.raw`)) {
      const text = Buffer.from(value!).toString("latin1");
      const id = /id-[0-9a-f-]{36}/.exec(text)?.[0];
      if (id !== undefined && ids.includes(id)) counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    return counts;
  };
  const newIds = (count: number): readonly string[] =>
    Array.from({ length: count }, () => `id-${randomUUID()}`);

  describe("messages of an MQTT broker", () => {
    test(
      "events, arrays and lines are taken by both; what is neither is kept",
      { timeout },
      async () => {
        const ids = newIds(64);
        await Promise.all(ids.slice(0, 60).map((id) => publish(JSON.stringify(visit(id)))));
        await publish(JSON.stringify(ids.slice(60, 62).map(visit)));
        await publish(
          ids
            .slice(62)
            .map((id) => JSON.stringify(visit(id)))
            .join("\n"),
        );
        const rubbish = Buffer.from([0xff, 0x00, 0x7b]);
        await publish(rubbish);
        await until(async () => ((await found(ids)).size === ids.length ? true : undefined));
        assert.deepEqual(new Set((await found(ids)).values()), new Set([1]));
        const kept = await until(async () => {
          const records = await bed.cases.records(`${bed.prefix}.visits.quarantine`);
          return records.length > 0 ? records : undefined;
        });
        assert.deepEqual(
          kept.map(({ value }) => Buffer.from(value!)),
          [rubbish],
        );
        for (const bridge of bridges) assert.ok((await acceptedBy(bridge)) > 0);
      },
    );

    test(
      "a bridge that is killed loses nothing: the other has its sessions",
      { timeout },
      async () => {
        const ids = newIds(MESSAGES);
        const published = Promise.all(ids.map((id) => publish(JSON.stringify(visit(id)))));
        await until(async () => ((await found(ids)).size > MESSAGES / 10 ? true : undefined));
        await bridges[0]!.kill();
        await published;
        await until(async () => ((await found(ids)).size === ids.length ? true : undefined));
        assert.equal(await sessionsOf(bridges[1]!), SESSIONS);
      },
    );
  });
});

const SESSIONS = 16;

const sum = (counts: readonly number[]): number => counts.reduce((all, each) => all + each, 0);

async function sessionsOf({ url }: Replica): Promise<number> {
  const figures = await (await fetch(`${url}/metrics`)).text();
  return Number(/millrace_mqtt_sessions (\d+)/.exec(figures)?.[1] ?? 0);
}

async function acceptedBy({ url }: Replica): Promise<number> {
  const figures = await (await fetch(`${url}/metrics`)).text();
  return Number(/events_total\{protocol="mqtt",fate="accepted"\} (\d+)/.exec(figures)?.[1] ?? 0);
}
