import type { Clock } from "../../src/core/clock.ts";
import type { EventFile } from "../events/event-file.ts";
import type { LoadProcess } from "../load/load-process.ts";
import type { LoadDone, LoadOrder } from "../load/messages.ts";
import { watchStolenTime } from "../machine/stolen-time.ts";
import { processTree, watchMemory, type ProcessUsage } from "../machine/process-tree.ts";
import { measureVisibility, type VisibilityRun } from "./latency-run.ts";
import { untilReadersCaughtUp, type CaughtUp } from "./log-readers.ts";
import { WRITE_KEY, type RuntimeProcess } from "./runtime-process.ts";

const TOPIC = "user-events";
const PER_BODY = 100;
const CONNECTIONS = 48;
const TENTHS = 10;
const READERS = ["stream", "load", "lake"];

/** CPU microseconds by process, and in it by thread name. */
export type CpuByPart = Readonly<Record<string, Readonly<Record<string, number>>>>;

export interface SustainedRun {
  readonly load: LoadDone;
  /** From the first request to the last event's arrival in metrics, warehouse and lake. */
  readonly wallMs: number;
  readonly caughtUpMs: CaughtUp;
  readonly cpuUs: CpuByPart;
  /** Of each tenth of the events: microseconds of time, and CPU of all processes, per event. */
  readonly tenths: readonly { readonly wallUs: number; readonly cpuUs: number }[];
  readonly peakBytes: number;
  /** Share of the processors' time that went to other guests of the host. */
  readonly stolen: number;
}

export interface HalfLoadRun {
  /** Events a second. */
  readonly rate: number;
  readonly load: LoadDone;
  readonly visibility: VisibilityRun;
  /** Share of the processors' time that went to other guests of the host. */
  readonly stolen: number;
}

export interface RunParts {
  readonly runtime: RuntimeProcess;
  readonly load: LoadProcess;
  readonly file: EventFile;
  readonly clock: Clock;
}

/** Sends `events` as fast as they are taken and waits until they are everywhere. */
export async function runSustained(parts: RunParts, events: number): Promise<SustainedRun> {
  const { runtime, load, clock } = parts;
  const memory = watchMemory(runtime.pids.main);
  const stolen = watchStolenTime();
  const before = usageOf(runtime);
  const startMs = clock.monotonicMs();
  const marks = [{ ms: 0, cpuUs: totalCpu(before), events: 0 }];
  const mark = (acknowledged: number): void => {
    const ms = clock.monotonicMs() - startMs;
    marks.push({ ms, cpuUs: totalCpu(usageOf(runtime)), events: acknowledged });
  };
  const done = await load.run(order(parts, { events, tellEvery: events / TENTHS }), mark);
  const clocked = { clock, startMs };
  const caughtUpMs = await untilReadersCaughtUp(runtime.dataDir, TOPIC, READERS, clocked);
  const after = usageOf(runtime);
  return {
    load: done,
    wallMs: Math.max(done.ms, ...Object.values(caughtUpMs)),
    caughtUpMs,
    cpuUs: {
      ...cpuBetween(runtime, before, after),
      "load generator": { "all threads": done.cpuUs },
    },
    tenths: marks.slice(1).map((each, index) => {
      const from = marks[index]!;
      const n = each.events - from.events;
      return { wallUs: ((each.ms - from.ms) * 1_000) / n, cpuUs: (each.cpuUs - from.cpuUs) / n };
    }),
    peakBytes: memory.stop(),
    stolen: stolen(),
  };
}

/** Sends events at a rate for a while, and measures how soon single ones can be seen meanwhile. */
export async function runAtRate(
  parts: RunParts,
  rate: number,
  seconds: number,
): Promise<HalfLoadRun> {
  const events = Math.max(PER_BODY, Math.floor((rate * seconds) / PER_BODY) * PER_BODY);
  const stolen = watchStolenTime();
  const load = parts.load.run(order(parts, { events, rate, tellEvery: events }));
  const visibility = await measureVisibility(parts.runtime, parts.clock, load);
  return { rate, load: await load, visibility, stolen: stolen() };
}

const order = (
  { runtime, file }: RunParts,
  more: Pick<LoadOrder, "events" | "tellEvery" | "rate">,
): LoadOrder => ({
  file,
  host: runtime.host,
  port: runtime.port,
  writeKey: WRITE_KEY,
  perBody: PER_BODY,
  connections: CONNECTIONS,
  ...more,
});

const usageOf = ({ pids }: RuntimeProcess): readonly ProcessUsage[] => processTree(pids.main);

const totalCpu = (tree: readonly ProcessUsage[]): number =>
  tree.reduce((sum, { cpuUs }) => sum + cpuUs, 0);

function cpuBetween(
  { pids }: RuntimeProcess,
  before: readonly ProcessUsage[],
  after: readonly ProcessUsage[],
): CpuByPart {
  const parts: Record<string, Record<string, number>> = {};
  for (const [name, pid] of Object.entries(pids)) {
    const from = before.find((each) => each.pid === pid);
    const to = after.find((each) => each.pid === pid);
    if (to === undefined) continue;
    const threads = Object.entries(to.threads).map(
      // Threads that have ended meanwhile leave their name with less than it had.
      ([thread, us]) => [thread, Math.max(0, us - (from?.threads[thread] ?? 0))] as const,
    );
    const whole = to.cpuUs - (from?.cpuUs ?? 0);
    const ended = Math.max(0, whole - threads.reduce((sum, [, us]) => sum + us, 0));
    parts[name] = { ...Object.fromEntries(threads), "threads that have ended": ended };
  }
  return parts;
}
