import type { LoadCounter } from "../../process/load/load-counters.ts";
import type { Figure } from "../../serve/observe/figures.ts";
import type { Warehouse } from "../../storage/warehouse/warehouse.ts";
import { collectorFigures, gauge } from "../shared/collector-figures.ts";
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
