/**
 * CPU time of the door's steps per event, beside `JSON.parse` of the same events in the same run:
 * `node bench/scan.bench.ts [EVENTS]`. Compare ratios; machines and days differ.
 */
import shop from "../../examples/shop/pipeline.ts";
import { topicsOf } from "../../src/language/plan/topic.ts";
import { NO_LOOKUPS } from "../../src/ingest/derive/lookups.ts";
import { deriveBatch } from "../../src/ingest/derive-batch.ts";
import { DoorBatch } from "../../src/ingest/door-batch.ts";
import { doorProgram } from "../../src/ingest/door-program.ts";
import { validateBody } from "../../src/ingest/validate-body.ts";

const EVENTS = Number(process.argv[2] ?? 20_000);
const PER_BODY = 100;
const GROUP = 30;
const NOW = 1_790_000_000_000;

const text = (index: number): string =>
  JSON.stringify({
    event_id: `0190a5a0-${String(index).padStart(8, "0").slice(0, 4)}-7bbb-8ccc-${String(index).padStart(12, "0")}`,
    user_id: `user-${index % 5000}`,
    session_id: `session-${index % 3000}`,
    event_type: ["page_view", "click", "purchase"][index % 3],
    timestamp: new Date(NOW - 60_000 + index).toISOString(),
    properties: {
      page_url: `https://shop.example/products/category-${index % 40}/item-${index % 999}?ref=home`,
      referrer: "https://www.search.example/results",
      user_agent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/120.0 Safari/537.36",
      device_type: "desktop",
      location: { country: "DE", region: "BE", city: "Berlin" },
      price: 19.99 + (index % 7),
      currency: "EUR",
    },
    context: { app_version: "1.2.3", platform: "web", screen_resolution: "1920x1080" },
  });

const bodies = Array.from({ length: EVENTS / PER_BODY }, (_, body) =>
  Buffer.from(
    Array.from({ length: PER_BODY }, (__, index) => text(body * PER_BODY + index)).join("\n"),
  ),
);
const topics = topicsOf(shop.plan).map((topic, index) => ({ topic, layoutId: index + 1 }));
const program = doorProgram({
  plan: shop.plan,
  topics,
  secret: new Uint8Array(8),
  lookups: NO_LOOKUPS,
  makeId: () => "made",
});

/** CPU microseconds per event of each step of one run over all bodies. */
async function run(): Promise<Record<string, number>> {
  const cpu = { parse: 0, validate: 0, derive: 0, request: 0 };
  const timed = async <T>(step: keyof typeof cpu, work: () => T | Promise<T>): Promise<T> => {
    const from = process.threadCpuUsage().user;
    const result = await work();
    cpu[step] += process.threadCpuUsage().user - from;
    return result;
  };
  // in groups, for the clock of CPU time is coarse
  for (let first = 0; first < bodies.length; first += GROUP) {
    const group = bodies.slice(first, first + GROUP);
    await timed("parse", () => {
      for (const body of group) {
        for (const line of body.toString().split("\n")) JSON.parse(line);
      }
    });
    const batches = group.map(
      () => new DoorBatch({ nowMs: NOW, sentAt: Number.NaN, flags: 0 }, "bench"),
    );
    await timed("validate", async () => {
      for (const [index, batch] of batches.entries()) {
        await validateBody(batch, group[index]!, [program.events[0]!]);
      }
    });
    await timed("derive", async () => {
      for (const [index, batch] of batches.entries()) {
        await deriveBatch(batch, () => group[index]!);
      }
    });
    await timed("request", () => {
      for (const batch of batches) batch.request();
    });
    for (const batch of batches) batch.release();
  }
  return Object.fromEntries(Object.entries(cpu).map(([step, us]) => [step, us / EVENTS]));
}

console.log(`${EVENTS} events of ${Math.round(bodies[0]!.length / PER_BODY)} bytes`);
for (let round = 0; round < 6; round++) {
  const us = await run();
  const show = Object.entries(us).map(([step, value]) => `${step} ${value.toFixed(2)}`);
  const ratio = (us["validate"]! + us["derive"]!) / us["parse"]!;
  console.log(`${show.join("  ")} µs   (validate + derive) / JSON.parse = ${ratio.toFixed(2)}`);
}
