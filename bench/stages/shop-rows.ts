import shop from "../../examples/shop/pipeline.ts";
import { topicsOf, type Topic } from "../../src/language/plan/topic.ts";
import { NO_LOOKUPS } from "../../src/ingest/derive/lookups.ts";
import { deriveBatch } from "../../src/ingest/derive-batch.ts";
import { DoorBatch } from "../../src/ingest/door-batch.ts";
import { doorProgram, type DoorProgram } from "../../src/ingest/door-program.ts";
import { validateBody } from "../../src/ingest/validate-body.ts";
import type { AppendRequest } from "../../src/storage/log/append-request.ts";
import { eventLines } from "../events/event-lines.ts";

export const plan = shop.plan;

/** The topic that the events of the benchmark are for. */
export const userEvents: Topic = topicsOf(plan).find(({ name }) => name === "user-events")!;

/** The door of the shop, without tables to look up. */
export const shopDoor = (): DoorProgram =>
  doorProgram({
    plan,
    topics: topicsOf(plan).map((topic, index) => ({ topic, layoutId: index + 1 })),
    secret: new Uint8Array(8),
    lookups: NO_LOOKUPS,
    makeId: () => "made",
  });

/** Bodies of 100 events, about `nowMs`. */
export function shopBodies(events: number, nowMs: number): Buffer[] {
  const next = eventLines({ seed: 1, users: 200_000, visits: 8_000 });
  return Array.from({ length: Math.ceil(events / 100) }, (_, body) =>
    Buffer.from(Array.from({ length: 100 }, () => next(nowMs + body)).join("\n")),
  );
}

/** What the door makes of one body. */
export async function shopRequest(
  door: DoorProgram,
  body: Buffer,
  nowMs: number,
): Promise<AppendRequest> {
  const batch = new DoorBatch({ nowMs, sentAt: Number.NaN, flags: 0 }, "bench");
  await validateBody(batch, body, [door.inputs.get(userEvents.name)!]);
  await deriveBatch(batch, () => body);
  return batch.request(); // not released: the rows are the caller's
}
