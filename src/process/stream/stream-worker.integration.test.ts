import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  anyHistory,
  plan,
  SMALL_SLACK_MS,
  topic,
  type History,
} from "../../../conformance/history.ts";
import { oracleOf, tableOf, type Output } from "../../../conformance/run-history.ts";
import { LIMITS } from "../../core/limits.ts";
import { manualClock } from "../../core/clock.ts";
import type { Plan } from "../../language/plan/nodes.ts";
import { openEmbeddedState } from "../../storage/state/embedded/embedded-state.ts";
import type { LogReader } from "../../storage/log/log.ts";
import type { MetricSink } from "./metric-sink.ts";
import { StreamWorker, type StreamWorkerOptions } from "./stream-worker.ts";
import { historyLog, type HistoryLog } from "./test-support/history-log.ts";

const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const numRuns = Number(process.env["RUNS"] ?? 15);

/** A sink in memory: takes each token once, and now and then fails, before or after taking. */
function memorySink(failures: Iterator<number>): MetricSink & { readonly output: Output } {
  const output: Output = {
    rows: new Map(plan.metrics.map((metric) => [metric.name, []])),
    alerts: [],
  };
  const tokens = new Map<string, string>();
  const once = (token: string, text: string, take: () => void): void => {
    const luck = failures.next().value ?? 0;
    if (luck % 5 === 1) throw new Error("the sink is away");
    assert.equal(tokens.get(token) ?? text, text, "a token names one content");
    if (!tokens.has(token)) take();
    tokens.set(token, text);
    if (luck % 5 === 2) throw new Error("the answer got lost");
  };
  return {
    output,
    publish: async (metric, rows, token) =>
      once(token, textOf(rows), () => output.rows.get(metric.name)!.push(...rows)),
    publishAlerts: async (alerts, token) =>
      once(token, textOf(alerts), () => output.alerts.push(...alerts)),
  };
}

const textOf = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) => (typeof each === "bigint" ? `${each}n` : each));

/** Numbers of a history, again and again. */
function* luckOf({ cuts }: History): Generator<number> {
  for (let turn = 0; ; turn++) yield cuts[turn % cuts.length]! + turn;
}

/** Waits until the event loop has gone round so often. */
async function turns(n: number): Promise<void> {
  for (let turn = 0; turn < n; turn++) await new Promise((resolve) => void setImmediate(resolve));
}

interface Bed {
  readonly dir: string;
  worker(log: HistoryLog, sink: MetricSink, more?: Partial<StreamWorkerOptions>): StreamWorker;
  close(): void;
}

function makeBed(): Bed {
  const dir = mkdtempSync(join(tmpdir(), "millrace-stream-"));
  let store: ReturnType<typeof openEmbeddedState> | undefined;
  return {
    dir,
    worker(log, sink, more = {}) {
      store?.close();
      store = openEmbeddedState(dir);
      return new StreamWorker({
        plan,
        log: log as unknown as LogReader,
        store,
        sink,
        clock: manualClock(),
        layoutOf: () => topic.layout,
        slackMs: SMALL_SLACK_MS,
        ...more,
      });
    },
    close() {
      store?.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Runs a history with little memory, kills and failures; gives what the sink has in the end. */
async function played(history: History, entriesMax: number): Promise<Output> {
  const bed = makeBed();
  try {
    const luck = luckOf(history);
    const log = historyLog(history, 1 + (history.cuts[0]! % 4));
    const sink = memorySink(luck);
    const options = { entriesMax, commitEvents: 1 + (history.cuts[1]! % 6), readBytesMax: 1 };
    log.grow(history.cuts[2]! % history.steps.length);
    let worker = bed.worker(log, sink, options);
    for (let turn = 0; turn < history.steps.length * 3; turn++) {
      const number = luck.next().value as number;
      await worker.step().catch(() => undefined);
      if (number % 4 === 0) log.grow(turn);
      if (number % 7 === 0) worker = bed.worker(log, sink, options); // killed: nothing is flushed
    }
    log.grow(history.steps.length);
    for (let tries = 0; tries < 200; tries++) {
      const isDone = await worker
        .step()
        .then(async (step) => step.idle && (await worker.flush(), true))
        .catch(() => false);
      if (isDone) return sink.output;
    }
    throw new Error("the worker doesn't come to an end");
  } finally {
    bed.close();
  }
}

describe("StreamWorker", () => {
  for (const entriesMax of [8, 100_000]) {
    it(`equals the oracle with ${entriesMax} entries in memory, killed and failing (SEED=${seed})`, async () => {
      const property = fc.asyncProperty(anyHistory(60), async (history) => {
        assert.deepEqual(tableOf(await played(history, entriesMax)), oracleOf(history));
      });
      await fc.assert(property, { seed, numRuns });
    });
  }

  it("shows events in open windows before they are committed", async () => {
    const bed = makeBed();
    try {
      const [history] = fc.sample(anyHistory(40), { seed: 4, numRuns: 1 }) as [History];
      const log = historyLog(history, 3);
      log.grow(history.steps.length);
      const sink = memorySink([][Symbol.iterator]());
      const worker = bed.worker(log, sink, { commitMs: 1e9 });
      while (!(await worker.step()).idle);
      assert.equal(worker.counters().commits, 0);
      const query = { from: -Infinity, to: Infinity, only: [], limit: 10_000 };
      const open = worker.openRows("visits", query);
      const n = open.reduce((sum, row) => sum + Number(row.components[0]), 0);
      assert.ok(n > 0);
      const first = open[0]!;
      const only = [{ index: 0, value: first.dimensions[0]! }];
      assert.ok(
        worker.openRows("visits", { ...query, only }).every((row) => row.key === first.key),
      );
      assert.equal(worker.openRows("visits", { ...query, limit: 1 }).length, 1);
      assert.throws(() => worker.openRows("nothing", query), { code: "METRIC_UNKNOWN" });
    } finally {
      bed.close();
    }
  });

  it("shows the same open windows after a restart", async () => {
    const query = { from: -Infinity, to: Infinity, only: [], limit: 10_000 };
    const open = (worker: StreamWorker): string[] =>
      plan.metrics.flatMap(({ name }) => worker.openRows(name, query).map(textOf).toSorted());
    let shown = 0;
    for (const history of fc.sample(anyHistory(40), { seed: 4, numRuns: 10 })) {
      const bed = makeBed();
      try {
        const log = historyLog(history, 3);
        log.grow(Math.ceil(history.steps.length / 2));
        const sink = memorySink([][Symbol.iterator]());
        const before = bed.worker(log, sink);
        while (!(await before.step()).idle);
        await before.flush();
        const rows = open(before);
        assert.deepEqual(open(bed.worker(log, sink)), rows);
        shown += rows.length;
      } finally {
        bed.close();
      }
    }
    assert.ok(shown > 0);
  });

  it("gives the rows that wait to be published, and no longer when they are", async () => {
    const bed = makeBed();
    try {
      const [history] = fc.sample(anyHistory(60), { seed: 7, numRuns: 1 }) as [History];
      const log = historyLog(history, 3);
      log.grow(history.steps.length);
      const away = {
        publish: () => Promise.reject(new Error("away")),
        publishAlerts: () => Promise.reject(new Error("away")),
      };
      const worker = bed.worker(log, away, { commitMs: 1e9 });
      while (!(await worker.step()).idle);
      await assert.rejects(worker.flush(), /away/);
      const query = { from: -Infinity, to: Infinity, only: [], limit: 10_000 };
      const waiting = (each: StreamWorker) =>
        plan.metrics.map(({ name }) => each.unpublishedRows(name, query).map(textOf));
      const rows = waiting(worker);
      assert.ok(rows.flat().length > 0);
      const sink = memorySink([][Symbol.iterator]());
      const next = bed.worker(log, sink, { commitMs: 1e9 });
      assert.deepEqual(waiting(next), rows, "after a restart, too");
      await next.flush();
      assert.deepEqual(
        rows,
        plan.metrics.map(({ name }) => sink.output.rows.get(name)!.map(textOf)),
      );
      assert.deepEqual(waiting(next).flat(), []);
    } finally {
      bed.close();
    }
  });

  it("reads on while rows are published, until too many commits wait", async () => {
    const bed = makeBed();
    try {
      const [history] = fc.sample(anyHistory(60), { seed: 7, numRuns: 1 }) as [History];
      const log = historyLog(history, 1);
      log.grow(history.steps.length);
      const sink = memorySink([][Symbol.iterator]());
      const gate = Promise.withResolvers<void>();
      const slow: MetricSink = {
        publish: (...args) => gate.promise.then(() => sink.publish(...args)),
        publishAlerts: (...args) => gate.promise.then(() => sink.publishAlerts(...args)),
      };
      const worker = bed.worker(log, slow, { commitEvents: 1, readBytesMax: 1 });
      let isWaiting = false;
      let step = worker.step();
      while (!isWaiting) {
        isWaiting = await Promise.race([step.then(() => false), turns(20).then(() => true)]);
        if (!isWaiting) step = worker.step();
      }
      const { commits } = worker.counters();
      assert.ok(commits >= LIMITS.unpublishedCommitsMax, `${commits} commits`);
      assert.ok(worker.counters().events < history.steps.length);
      gate.resolve();
      await step;
      while (!(await worker.step()).idle);
      await worker.flush();
      assert.deepEqual(tableOf(sink.output), oracleOf(history));
    } finally {
      bed.close();
    }
  });

  it("lets a changed definition begin anew, and leaves what was before to backfill", async () => {
    const bed = makeBed();
    try {
      const [history] = fc.sample(anyHistory(40), { seed: 5, numRuns: 1 }) as [History];
      const log = historyLog(history, 3);
      log.grow(history.steps.length);
      const sink = memorySink([][Symbol.iterator]());
      const before = bed.worker(log, sink);
      while (!(await before.step()).idle);
      await before.flush();
      const [first, ...rest] = plan.metrics as [Plan["metrics"][number], ...Plan["metrics"]];
      const changed = { ...first, graceMs: first.graceMs + 1 };
      const after = bed.worker(log, sink, { plan: { ...plan, metrics: [changed, ...rest] } });
      assert.equal(before.sinceMs(first), -Infinity);
      assert.equal(after.sinceMs(first), Infinity);
      assert.equal(after.sinceMs(rest[0]!), -Infinity);
      const received = history.steps.map((step) => step.receivedAt);
      assert.equal(after.sinceMs(changed), Math.max(...received) + 120_001);
      const open = { from: -Infinity, to: Infinity, only: [], limit: 10 };
      assert.deepEqual(after.openRows(changed.name, open), []);
    } finally {
      bed.close();
    }
  });

  it("records which hours late and imported events touched", async () => {
    const bed = makeBed();
    try {
      const histories = fc.sample(anyHistory(60), { seed: 6, numRuns: 3 });
      const history = histories.find((each) =>
        each.steps.some((step) => step.record?.get("_flags") === 4n),
      )!;
      const log = historyLog(history, 3);
      log.grow(history.steps.length);
      const worker = bed.worker(log, memorySink([][Symbol.iterator]()));
      while (!(await worker.step()).idle);
      await worker.flush();
      const leastGrace = Math.min(...plan.metrics.map((metric) => metric.graceMs));
      const late = history.steps.filter(({ record, receivedAt }) => {
        if (record === undefined) return false;
        return record.get("_flags") === 4n || receivedAt > Number(record.get("at")) + leastGrace;
      });
      const touched = worker.touched();
      assert.equal(
        touched.reduce((sum, each) => sum + each.n, 0),
        late.length,
      );
      worker.clearTouched(touched);
      assert.deepEqual(worker.touched(), []);
    } finally {
      bed.close();
    }
  });
});
