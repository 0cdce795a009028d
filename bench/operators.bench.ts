/**
 * What the stream's thread pays for an event of examples/shop: one walk of a row for all metrics,
 * and the commits of their state; no log, no warehouse.
 * `node bench/operators.bench.ts [events] [users] [events a commit]`; profile with `--cpu-prof`.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import definition from "../examples/shop/pipeline.ts";
import { systemClock } from "../src/core/clock.ts";
import { topicsOf, type Topic } from "../src/language/plan/topic.ts";
import { SLACK_MS } from "../src/language/plan/window.ts";
import { MemoryState } from "../src/process/operators/memory-state.ts";
import { TopicOperators } from "../src/process/operators/topic-operators.ts";
import { StreamWorker } from "../src/process/stream/stream-worker.ts";
import { openEmbeddedState } from "../src/storage/state/embedded/embedded-state.ts";
import type { LogReader } from "../src/storage/log/log.ts";
import type { StateStore } from "../src/storage/state/state.ts";
import { RowSupply } from "./stages/row-supply.ts";

const EVENTS = Number(process.argv[2] ?? 1_000_000);
const USERS = Number(process.argv[3] ?? 200_000);
/** Ten seconds of 50,000 events. */
const COMMIT_EVENTS = Number(process.argv[4] ?? 500_000);
const PARTITIONS = 3;
const WARM_EVENTS = 200_000;

/** CPU time of this thread, ms: others may use the machine, too. */
const cpuMs = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};

/** What `JSON.parse` of an event of 420 bytes costs now: 2.1 to 2.9 µs on a quiet machine. */
function calibrate(): string {
  const list = Array.from({ length: 12 }, (_, n) => ({ name: `value-${n}`, price: n * 1.5 }));
  const text = JSON.stringify({ id: crypto.randomUUID(), list });
  const started = cpuMs();
  let length = 0;
  for (let n = 0; n < 100_000; n++) length += (JSON.parse(text) as { list: [] }).list.length;
  return `JSON.parse of ${text.length} bytes: ${((cpuMs() - started) / 100).toFixed(2)} µs (${length})`;
}

const { plan } = definition;
const topics = topicsOf(plan).filter(({ node }) => node.kind === "event");
const micro = (ms: number): string => ((ms * 1000) / EVENTS).toFixed(2);

/** The operators alone, their state in memory. */
function operatorsAlone(topic: Topic, supply: RowSupply): void {
  const metrics = plan.metrics.filter((metric) => metric.from === topic.name);
  const states: MemoryState<never>[] = [];
  const stateFor = (): MemoryState<never> => states[states.push(new MemoryState<never>()) - 1]!;
  const operators = new TopicOperators(
    topic,
    PARTITIONS,
    metrics.map((metric) => ({ metric, sinceMs: -Infinity, stateFor })),
    SLACK_MS,
  );
  let takeMs = 0;
  let emitMs = 0;
  let emitted = 0;
  let uncommitted = 0;
  for (let events = -WARM_EVENTS; events < EVENTS;) {
    const batch = supply.next();
    const started = cpuMs();
    operators.onBatch(batch);
    if (events >= 0) takeMs += cpuMs() - started;
    events += batch.count;
    uncommitted += batch.count;
    if (uncommitted < COMMIT_EVENTS) continue;
    uncommitted = 0;
    const begun = cpuMs();
    for (const operator of operators.operators) emitted += operator.emit(events).length;
    for (const state of states) state.settle();
    if (events >= 0) emitMs += cpuMs() - begun;
  }
  console.log(
    `${topic.name}: ${metrics.length} metrics, ${supply.rowBytes} bytes a row: ` +
      `operators ${micro(takeMs)} µs an event, emission ${micro(emitMs)} µs (${emitted} rows)`,
  );
}

/** The worker as it runs, its state on disk. */
async function wholeWorker(topic: Topic, supply: RowSupply, dir: string): Promise<void> {
  const store = openEmbeddedState(dir);
  let storeMs = 0;
  const timed: StateStore = Object.assign(Object.create(store) as StateStore, {
    ...store,
    epoch: store.epoch,
  });
  for (const name of methodsOf(store)) {
    Object.assign(timed, { [name]: (store as never as Calls)[name]!.bind(store) });
  }
  timed.commit = (commit) => {
    const started = cpuMs();
    store.commit(commit);
    storeMs += cpuMs() - started;
  };
  let published = 0;
  let supplyMs = 0;
  const log = supply.log(topicsOf(plan).map(({ name }) => name)) as LogReader;
  const read: LogReader["read"] = (request) => {
    const started = cpuMs();
    const batches = log.read(request);
    supplyMs += cpuMs() - started;
    return batches;
  };
  const worker = new StreamWorker({
    plan: { ...plan, metrics: plan.metrics.filter((metric) => metric.from === topic.name) },
    log: { ...log, read },
    store: timed,
    sink: {
      publish: (_, rows) => Promise.resolve(void (published += rows.length)),
      publishAlerts: () => Promise.resolve(),
    },
    clock: systemClock,
    layoutOf: () => topic.layout,
    commitMs: 1e9,
    commitEvents: COMMIT_EVENTS,
  });
  for (let events = 0; events < WARM_EVENTS;) events += (await worker.step()).events;
  await worker.flush();
  storeMs = 0;
  supplyMs = 0;
  const started = cpuMs();
  for (let events = 0; events < EVENTS;) events += (await worker.step()).events;
  await worker.flush();
  const { commits } = worker.counters();
  console.log(
    `${topic.name}: worker ${micro(cpuMs() - started - supplyMs)} µs an event, ` +
      `of which the store ${micro(storeMs)} µs (${commits - 1} commits, ${published} rows)`,
  );
  store.close();
}

type Calls = Record<string, (...args: never[]) => unknown>;
const methodsOf = (store: StateStore): string[] =>
  Object.getOwnPropertyNames(Object.getPrototypeOf(store)).filter(
    (name) => name !== "constructor" && name !== "commit",
  );

console.log(calibrate());
for (const topic of topics) {
  operatorsAlone(topic, new RowSupply(topic, USERS, PARTITIONS));
  const dir = mkdtempSync(join(tmpdir(), "millrace-operators-"));
  try {
    await wholeWorker(topic, new RowSupply(topic, USERS, PARTITIONS), dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
console.log(calibrate());
