import type { CollectorSnapshot } from "../../ingest/collector.ts";
import type { LoadCounter } from "../../process/load/load-counters.ts";
import type { Figure } from "../../serve/observe/figures.ts";
import type { Warehouse } from "../../storage/warehouse/warehouse.ts";
import type { Door } from "./door.ts";
import type { PipelineProcess } from "./pipeline-process.ts";

/** The system's own figures, from every process. */
export async function readFigures(parts: {
  readonly door: Door;
  readonly pipeline: PipelineProcess;
  readonly own: Warehouse;
}): Promise<readonly Figure[]> {
  const { door, pipeline } = parts;
  const collector = door.collector.stats();
  const writer = await door.writer.stats();
  const up: Figure = {
    name: "millrace_part_up",
    help: "Whether a part of the pipeline is ready",
    type: "gauge",
    samples: [
      { labels: { part: "log" }, value: 1 },
      { labels: { part: "pipeline" }, value: pipeline.isReady() ? 1 : 0 },
      { labels: { part: "warehouse" }, value: (await parts.own.ping()) ? 1 : 0 },
    ],
  };
  return [
    ...collectorFigures(collector),
    gauge("millrace_log_commits_total", "Commits of the log", writer.commits, "counter"),
    gauge(
      "millrace_log_events_total",
      "Rows that the log was handed, duplicates included",
      writer.events,
      "counter",
    ),
    gauge(
      "millrace_log_commit_seconds_p99",
      "Seconds that a commit of the log takes, of the last 1,024",
      writer.commitMsP99 / 1_000,
    ),
    gauge("millrace_log_waiting_bytes", "Bytes that wait for the log", writer.waitingBytes),
    gauge(
      "millrace_process_resident_bytes",
      "Resident memory of the main process",
      process.memoryUsage.rss(),
    ),
    up,
    ...(await pipelineFigures(pipeline)),
  ];
}

function collectorFigures(collector: CollectorSnapshot): readonly Figure[] {
  const { events, requests, rules, steps, cleaned } = collector;
  const noEvents = {
    "http accepted": 0,
    "http duplicate": 0,
    "http quarantined": 0,
    "http refused": 0,
  };
  return [
    counters(
      "millrace_collect_events_total",
      "Events that came in, by what became of them",
      ["protocol", "fate"],
      { ...noEvents, ...events },
    ),
    counters(
      "millrace_collect_requests_total",
      "Requests to the collector, by status",
      ["protocol", "status"],
      requests,
    ),
    counters(
      "millrace_collect_step_seconds_total",
      "Elapsed seconds of a step of the collector",
      ["step"],
      mapValues(steps, ({ ns }) => ns / 1e9),
    ),
    counters(
      "millrace_collect_step_runs_total",
      "Requests that a step of the collector has seen",
      ["step"],
      mapValues(steps, ({ runs }) => runs),
    ),
    counters("millrace_rules_broken_total", "Events that broke a rule", ["rule"], rules),
    counters(
      "millrace_cleaned_total",
      "Values that a clean step changed",
      ["topic", "field"],
      cleaned,
    ),
    gauge("millrace_collect_bodies_bytes", "Bytes of bodies in memory", collector.bodiesBytes),
  ];
}

async function pipelineFigures(pipeline: PipelineProcess): Promise<readonly Figure[]> {
  try {
    const { load, lake, figures } = await pipeline.calls.stats(undefined);
    return [...stage("load", load), ...stage("lake", lake), ...figures];
  } catch {
    return []; // it restarts; `millrace_part_up` says so
  }
}

function stage(name: string, counts: readonly LoadCounter[]): readonly Figure[] {
  const by = (read: (each: LoadCounter) => number): Figure["samples"] =>
    counts.map((each) => ({ labels: { topic: each.topic }, value: read(each) }));
  return [
    {
      name: `millrace_${name}_rows_total`,
      help: `Rows that ${name} has taken`,
      type: "counter",
      samples: by((each) => each.rows),
    },
    {
      name: `millrace_${name}_busy_seconds_total`,
      help: `Seconds that ${name} has worked`,
      type: "counter",
      samples: by((each) => each.wallMs / 1_000),
    },
    {
      name: `millrace_${name}_lag_records`,
      help: `Offsets that ${name} is behind the log`,
      type: "gauge",
      samples: by((each) => each.lagRecords),
    },
    {
      name: `millrace_${name}_lag_seconds`,
      help: `Age of the oldest event that ${name} hasn't taken: its freshness`,
      type: "gauge",
      samples: by((each) => each.lagMs / 1_000),
    },
  ];
}

/** Values under names such as `http accepted`: a label each for the words. */
const counters = (
  name: string,
  help: string,
  labels: readonly string[],
  values: Readonly<Record<string, number>>,
): Figure => ({
  name,
  help,
  type: "counter",
  samples: Object.entries(values).map(([key, value]) => {
    const words = key.split(" ");
    return {
      labels: Object.fromEntries(labels.map((label, index) => [label, words[index] ?? ""])),
      value,
    };
  }),
});

const mapValues = <Value>(
  record: Readonly<Record<string, Value>>,
  map: (value: Value) => number,
): Record<string, number> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));

const gauge = (
  name: string,
  help: string,
  value: number,
  type: Figure["type"] = "gauge",
): Figure => ({
  name,
  help,
  type,
  samples: [{ value }],
});
