import type { LoadCounter } from "../../process/load/load-counters.ts";
import type { Figure } from "../../serve/observe/figures.ts";
import type { Door } from "./door.ts";
import type { PipelineProcess } from "./pipeline-process.ts";

/** The system's own figures, from every process. */
export async function readFigures(parts: {
  readonly door: Door;
  readonly pipeline: PipelineProcess;
}): Promise<readonly Figure[]> {
  const { door, pipeline } = parts;
  const collector = door.collector.stats();
  const writer = await door.writer.stats();
  const up: Figure = {
    name: "millrace_part_up",
    help: "Whether a part of the pipeline is ready",
    type: "gauge",
    samples: [{ labels: { part: "pipeline" }, value: pipeline.isReady() ? 1 : 0 }],
  };
  return [
    counters(
      "millrace_collect_events_total",
      "Events that came in, by protocol and fate",
      "kind",
      collector.events,
    ),
    counters(
      "millrace_collect_requests_total",
      "Requests to the collector, by protocol and status",
      "kind",
      collector.requests,
    ),
    counters("millrace_rules_broken_total", "Events that broke a rule", "rule", collector.rules),
    counters(
      "millrace_cleaned_total",
      "Values that a clean step changed",
      "field",
      collector.cleaned,
    ),
    gauge("millrace_log_commits_total", "Commits of the log", writer.commits, "counter"),
    gauge(
      "millrace_log_events_total",
      "Events in the log since the start",
      writer.events,
      "counter",
    ),
    gauge(
      "millrace_log_commit_ms_p99",
      "Milliseconds of a commit, of the last 1,024",
      writer.commitMsP99,
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
      name: `millrace_${name}_wall_ms_total`,
      help: `Milliseconds that ${name} has worked`,
      type: "counter",
      samples: by((each) => each.wallMs),
    },
    {
      name: `millrace_${name}_lag_records`,
      help: `Offsets that ${name} is behind the log`,
      type: "gauge",
      samples: by((each) => each.lagRecords),
    },
    {
      name: `millrace_${name}_lag_ms`,
      help: `Age of the oldest event that ${name} hasn't taken`,
      type: "gauge",
      samples: by((each) => each.lagMs),
    },
  ];
}

const counters = (
  name: string,
  help: string,
  label: string,
  values: Readonly<Record<string, number>>,
): Figure => ({
  name,
  help,
  type: "counter",
  samples: Object.entries(values).map(([key, value]) => ({ labels: { [label]: key }, value })),
});

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
