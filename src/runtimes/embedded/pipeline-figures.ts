import type { Plan } from "../../language/plan/nodes.ts";
import { topicsOf } from "../../language/plan/topic.ts";
import type { StreamWorker } from "../../process/stream/stream-worker.ts";
import type { Figure } from "../../serve/observe/figures.ts";

/** The stream's own figures. */
export function pipelineFigures(
  plan: Plan,
  stream: StreamWorker,
  nowMs: number,
): readonly Figure[] {
  const { events, commits, rows, alerts, wallMs } = stream.counters();
  const counter = (name: string, help: string, value: number): Figure => ({
    name: `millrace_stream_${name}_total`,
    help,
    type: "counter",
    samples: [{ value }],
  });
  const topics = topicsOf(plan).filter((topic) => topic.node.kind !== "table");
  return [
    counter("events", "Events that the operators have taken", events),
    counter("commits", "Commits of the operators' state", commits),
    counter("rows", "Metric rows that left the operators", rows),
    counter("alerts", "Alerts that left the operators", alerts),
    counter("busy_seconds", "Seconds that the operators have worked", wallMs / 1_000),
    {
      name: "millrace_stream_freshness_seconds",
      help: "How long ago what the stream has of every partition was received",
      type: "gauge",
      samples: topics.map(({ name }) => ({
        labels: { topic: name },
        value: Math.max(0, nowMs - stream.progress(name)) / 1_000,
      })),
    },
    {
      name: "millrace_pipeline_resident_bytes",
      help: "Resident memory of the pipeline's process",
      type: "gauge",
      samples: [{ value: process.memoryUsage.rss() }],
    },
  ];
}
