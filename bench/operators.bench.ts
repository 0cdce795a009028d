/**
 * What the five metrics of examples/shop cost per event: one walk of a row, all operators, no log
 * and no store. `node bench/operators.bench.ts [events] [users]`; profile with `--cpu-prof`.
 */
import definition from "../examples/shop/pipeline.ts";
import { seededRandom } from "../src/core/random.ts";
import { encodeRow } from "../src/language/compile/javascript/encode-row.ts";
import { topicsOf, type Topic } from "../src/language/plan/topic.ts";
import type { Value } from "../src/language/plan/value.ts";
import { SLACK_MS } from "../src/language/plan/window.ts";
import { MemoryState } from "../src/process/operators/memory-state.ts";
import { TopicOperators } from "../src/process/operators/topic-operators.ts";

const EVENTS = Number(process.argv[2] ?? 400_000);
const USERS = Number(process.argv[3] ?? 20_000);
const BATCH_EVENTS = 2_000;
/** 1,157 events a second of event time: 100 million a day. */
const EVENT_MS = 1000 / 1157;
const START = Date.UTC(2026, 0, 1);

/** CPU time of this process, ms: others may use the machine, too. */
const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

const random = seededRandom(7);
const { plan } = definition;
const topics = topicsOf(plan);

function rowOf(topic: Topic, index: number): Uint8Array {
  const time = Math.floor(START + index * EVENT_MS);
  const user = random.integer(USERS);
  const kind = random.next();
  const values: Record<string, Value> = {
    _offset: BigInt(index),
    received_at: time + random.integer(200),
    event_id: crypto.randomUUID(),
    user_id: `user-${user.toString().padStart(8, "0")}`,
    session_id: `session-${user}-${index % 3}`,
    event_type: kind < 0.7 ? "page_view" : kind < 0.9 ? "click" : "purchase",
    timestamp: time,
    "properties.page_url": `https://shop.example/product/${random.integer(300)}?ref=mail`,
    "properties.referrer": "https://search.example/?q=shoes",
    "properties.user_agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140 Safari",
    "properties.device_type": "mobile",
    "properties.location.country": "DE",
    "properties.location.region": "Bavaria",
    "properties.price": kind >= 0.9 ? BigInt(random.integer(1_000_000)) : null,
    "properties.currency": kind >= 0.9 ? "EUR" : null,
    page_path: "/product/12",
    _in_dim_users: true,
  };
  if (topic.name === "shop-events") {
    Object.assign(values, { event_type: "purchase", "properties.price": 129900n });
    Object.assign(values, { "properties.quantity": 2n, "properties.currency": "EUR" });
  }
  return encodeRow(
    topic.layout,
    topic.layout.columns.map((column) => {
      const value = values[column.name];
      if (value !== undefined) return value;
      return column.nullable ? null : column.codec === "string" ? "" : 0n;
    }),
  );
}

/** What `JSON.parse` of an event of 550 bytes costs now: 2.1 to 2.9 µs on a quiet machine. */
function calibrate(): string {
  const text = JSON.stringify({
    id: crypto.randomUUID(),
    list: Array.from({ length: 12 }, (_, index) => ({
      name: `value-${index}`,
      price: index * 1.5,
    })),
  }).slice(0, -2);
  const whole = `${text}]}`;
  const started = cpuMs();
  let length = 0;
  for (let n = 0; n < 100_000; n++)
    length += (JSON.parse(whole) as { list: unknown[] }).list.length;
  return `JSON.parse of ${whole.length} bytes: ${((cpuMs() - started) / 100).toFixed(2)} µs (${length})`;
}

console.log(calibrate());
for (const topic of topics.filter((each) => each.node.kind === "event")) {
  const metrics = plan.metrics.filter((metric) => metric.from === topic.name);
  const states: MemoryState<never>[] = [];
  const operators = new TopicOperators(
    topic,
    1,
    metrics.map((metric) => ({
      metric,
      sinceMs: -Infinity,
      stateFor: () => {
        const state = new MemoryState<never>();
        states.push(state);
        return state;
      },
    })),
    SLACK_MS,
  );
  let takeMs = 0;
  let emitMs = 0;
  let emitted = 0;
  let bytes = 0;
  let next = 0;
  const commit = (): void => {
    const started = cpuMs();
    for (const operator of operators.operators) emitted += operator.emit(next).length;
    for (const state of states) state.settle();
    emitMs += cpuMs() - started;
  };
  while (next < EVENTS) {
    const rows: Uint8Array[] = [];
    for (; rows.length < BATCH_EVENTS && next < EVENTS; next++) rows.push(rowOf(topic, next));
    const batch = Buffer.concat(rows);
    bytes += batch.length;
    const lastReceivedAt = START + next * EVENT_MS;
    const started = cpuMs();
    operators.onBatch({ partition: 0, rows: batch, lastReceivedAt });
    takeMs += cpuMs() - started;
    if (next % 50_000 === 0) commit();
  }
  commit();
  const micro = (ms: number): string => ((ms * 1000) / EVENTS).toFixed(2);
  console.log(
    `${topic.name}: ${metrics.length} metrics, ${Math.round(bytes / EVENTS)} bytes a row; ` +
      `operators ${micro(takeMs)} µs an event, emission ${micro(emitMs)} µs (${emitted} rows)`,
  );
}
console.log(calibrate());
