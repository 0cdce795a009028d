import { systemClock } from "../../src/core/clock.ts";
import type { Plan } from "../../src/language/plan/nodes.ts";
import { readFigures } from "../../src/runtimes/embedded/figures.ts";
import { pipelineFigures } from "../../src/runtimes/embedded/pipeline-figures.ts";
import { StageErrors } from "../../src/runtimes/embedded/stage-errors.ts";
import { VisibleLatency } from "../../src/runtimes/embedded/visible-latency.ts";
import type { Batch, LogReader } from "../../src/storage/log/log.ts";

/** A figure's name and type, and the labels that its samples have, sorted. */
export interface FigureShape {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
}

type Parts = Parameters<typeof readFigures>[0];
type Stream = Parameters<typeof pipelineFigures>[1];

const LOADED = {
  topic: "visits",
  rows: 1,
  bytes: 1,
  units: 1,
  wallMs: 1,
  lagRecords: 0,
  lagMs: 0,
};
const COLLECTED = {
  requests: { "http 200": 1 },
  events: {},
  rules: { "positive-price": 1 },
  steps: { decode: { runs: 1, ns: 1 } },
  cleaned: { "visits user_id": 1 },
  bodiesBytes: 0,
};
const VISITS = {
  kind: "event",
  name: "visits",
  id: "event_id",
  time: "timestamp",
  key: ["event_id"],
  fields: [],
  derived: [],
};

/** Every figure that `/metrics` can give, of parts that have counted one of everything. */
export async function everyFigure(): Promise<readonly FigureShape[]> {
  const plan = {
    events: [VISITS],
    tables: [],
    streams: [],
    metrics: [],
    rules: [],
    models: [],
    cubes: [],
  };
  const stream = {
    counters: () => ({ events: 1, commits: 1, rows: 1, alerts: 1, wallMs: 1 }),
    progress: () => 0,
  };
  const visible = new VisibleLatency(systemClock);
  const batch = { topic: "visits", kind: "events", count: 1, firstReceivedAt: 0 } as Batch;
  const log = visible.watch({ read: () => [batch] } as unknown as LogReader);
  log.read({ topic: "visits", partition: 0, from: 0 });
  visible.shown();
  const errors = new StageErrors(["stream"], systemClock, () => undefined);
  const figures = [
    ...pipelineFigures(plan as unknown as Plan, stream as unknown as Stream, 0),
    visible.figure(),
    errors.figure(),
  ];
  const all = await readFigures({
    door: {
      collector: { stats: () => COLLECTED },
      writer: { stats: async () => ({ commits: 1, events: 1, commitMsP99: 1, waitingBytes: 0 }) },
    },
    pipeline: {
      isReady: () => true,
      calls: { stats: async () => ({ load: [LOADED], lake: [LOADED], figures }) },
    },
    own: { ping: async () => true },
  } as unknown as Parts);
  return all.map(({ name, type, samples }) => {
    const labels = new Set(samples.flatMap((each) => Object.keys(each.labels ?? {})));
    if (type === "histogram") labels.delete("le");
    return { name, type, labels: [...labels].toSorted() };
  });
}
