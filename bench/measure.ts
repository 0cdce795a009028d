import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import shop from "../examples/shop/pipeline.ts";
import type { Clock } from "../src/core/clock.ts";
import { topicsOf } from "../src/language/plan/topic.ts";
import { makeEventFile } from "./events/event-file.ts";
import type { Figures } from "./figures.ts";
import { LoadProcess } from "./load/load-process.ts";
import { folderBytes } from "./machine/folder-bytes.ts";
import { ownBytes } from "./machine/process-tree.ts";
import type { BenchOptions } from "./options.ts";
import { startYardstick, type BareLoad } from "./runs/bare-load.ts";
import { countContents, lakeContents } from "./runs/contents.ts";
import { fillIds } from "./runs/fill-ids.ts";
import { fillUsers } from "./runs/fill-users.ts";
import { runAtRate, runSustained } from "./runs/pipeline-run.ts";
import { sqlOf, startRuntime } from "./runs/runtime-process.ts";
import { benchStages } from "./stages/stages.ts";

export interface MeasureParts {
  readonly clock: Clock;
  /** Told what is going on. */
  readonly progress: (text: string) => void;
}

/**
 * Events that are sent before the clock starts: a sixth more, up to some ten seconds' worth. By then
 * V8 has compiled what is hot, and the tables are there.
 */
const warmUpEvents = (events: number): number => Math.min(500_000, Math.ceil(events / 600) * 100);
/** Events after the half load, so that the wait for their arrival is the wait for all. */
const LAST_EVENTS = 100;
/** How soon the lake's last, small files are written; the default would be waited for. */
const SETTINGS = { MILLRACE_LAKE_ROLL_SECONDS: "3" };

/** Runs the whole pipeline and the bare load beside it, in a folder of its own. */
export async function measure(options: BenchOptions, parts: MeasureParts): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  const closers: (() => Promise<unknown> | void)[] = [];
  if (!options.keep) closers.push(() => rmSync(folder, { recursive: true, force: true }));
  try {
    return await run(options, parts, folder, closers);
  } finally {
    for (const close of closers.toReversed()) await close();
  }
}

async function run(
  options: BenchOptions,
  { clock, progress }: MeasureParts,
  folder: string,
  closers: (() => Promise<unknown> | void)[],
): Promise<Figures> {
  const { events, ids, users, seed, fileEvents } = options;
  const topic = topicsOf(shop.plan).find(({ name }) => name === "user-events")!;
  const loads: number[] = [loadavg()[0]!];

  progress(`making ${fileEvents} events`);
  const file = makeEventFile({ folder, events: fileEvents, seed, users, fromMs: clock.nowMs() });
  const dataDir = join(folder, "data");
  mkdirSync(dataDir);
  progress(`putting ${ids} ids into the dedup index`);
  await fillIds({ dir: join(dataDir, "ids"), ids, untilMs: clock.nowMs() - 1_000 });

  progress("loading the events bare");
  const yardstick = await startYardstick(folder, clock);
  closers.push(() => yardstick.close());
  const bare: BareLoad[] = [await yardstick.load(file, topic, 1)];

  progress("measuring single stages");
  const stages = await benchStages(clock, folder, yardstick, options);

  progress("starting the runtime");
  const runtime = await startRuntime(dataDir, SETTINGS);
  closers.push(() => runtime.close());
  const load = new LoadProcess();
  closers.push(() => load.close());
  const idleBytes = ownBytes(runtime.pids.main);
  const run = { runtime, load, file, clock };

  progress("telling it of half of the users");
  await fillUsers(runtime, users / 2, clock);

  progress("warming up");
  const warmUp = await runSustained(run, Math.min(warmUpEvents(options.events), events));
  loads.push(loadavg()[0]!);

  progress(`sending ${events} events`);
  const sustained = await runSustained(run, events);
  loads.push(loadavg()[0]!);
  const rate = events / (sustained.wallMs / 1_000);

  progress("measuring at half load");
  const half = await runAtRate(run, rate / 2, options.halfLoadSeconds);
  const last = await runSustained(run, LAST_EVENTS);
  const sent = [warmUp.load, sustained.load, half.load, last.load];
  const expected = half.visibility.all.probes + sent.reduce((sum, each) => sum + each.accepted, 0);

  progress("counting what is there");
  const sql = sqlOf(runtime);
  const contents = {
    expected,
    sent: half.visibility.all.probes + sent.reduce((sum, each) => sum + each.sent, 0),
    warehouse: await countContents(sql, "`user-events`"),
    lake: await lakeContents(dataDir, "user-events", yardstick.warehouse, clock),
  };
  const bytes = {
    log: folderBytes(join(dataDir, "log")),
    warehouse: folderBytes(join(dataDir, "warehouse")),
    lake: folderBytes(join(dataDir, "lake", "user-events")),
  };
  const complaints = runtime.complaints();
  await load.close();
  await runtime.close();

  progress("loading the events bare once more");
  bare.push(await yardstick.load(file, topic, 1));
  loads.push(loadavg()[0]!);

  return {
    stages,
    options: { events, ids, users, seed, eventBytes: file.bytes / file.events },
    loadAverages: loads,
    bare,
    sustained,
    half,
    memory: { idleBytes, peakBytes: sustained.peakBytes },
    contents,
    bytesPerEvent: {
      json: file.bytes / file.events,
      log: bytes.log / expected,
      warehouse: bytes.warehouse / expected,
      lake: bytes.lake / expected,
    },
    complaints,
  };
}
