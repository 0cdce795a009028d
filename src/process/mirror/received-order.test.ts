import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../core/random.ts";
import { layoutOf } from "../../language/schema/layout.ts";
import type { MovedRow } from "./moved-row.ts";
import { ReceivedOrder } from "./received-order.ts";

const SLACK_MS = 10;
const bytes = { layout: layoutOf([], []), rows: new Uint8Array(), start: 0, end: 0 };

test("rows of partitions that run backwards within the slack come out in order, each once", () => {
  const random = seededRandom(11);
  const partitions = [0, 1, 2].map((partition) => ({ topic: "t", partition }));
  const order = new ReceivedOrder(partitions, SLACK_MS);
  const added: string[] = [];
  const taken: { readonly id: string; readonly receivedAt: number }[] = [];
  const take = (rows: readonly MovedRow[]): void => {
    for (const { partition, offset, receivedAt } of rows) {
      taken.push({ id: `${partition} ${offset}`, receivedAt });
    }
  };
  const now = [0, 0, 0];
  for (let offset = 0; offset < 3_000; offset++) {
    const partition = random.integer(3);
    now[partition]! += random.integer(6);
    const receivedAt = Math.max(0, now[partition]! - random.integer(SLACK_MS));
    const row = { ...bytes, receivedAt, partition, offset };
    order.add("t", partition, [row], now[partition]!);
    added.push(`${partition} ${offset}`);
    take(order.take());
  }
  const before = taken.length;
  assert.ok(before > 2_000);
  take(order.drain());
  assert.deepEqual(taken.map(({ id }) => id).toSorted(), added.toSorted());
  const times = taken.map(({ receivedAt }) => receivedAt);
  assert.deepEqual(
    times,
    times.toSorted((one, other) => one - other),
  );
});

test("a partition without a record holds all others, and isn't waited for in reading", () => {
  const order = new ReceivedOrder(
    [0, 1].map((partition) => ({ topic: "t", partition })),
    SLACK_MS,
  );
  order.add("t", 0, [{ ...bytes, receivedAt: 5, partition: 0, offset: 0 }], 100_000);
  assert.deepEqual(order.take(), []);
  assert.equal(order.wants("t", 0), false);
  assert.equal(order.wants("t", 1), true);
  order.add("t", 1, [], 99_000);
  assert.equal(order.take().length, 1);
  assert.equal(order.wants("t", 0), true);
});
