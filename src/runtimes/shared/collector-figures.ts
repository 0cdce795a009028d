import type { CollectorSnapshot } from "../../ingest/collector.ts";
import type { Figure } from "../../serve/observe/figures.ts";

/** What a collector has done since its start. */
export function collectorFigures(collector: CollectorSnapshot): readonly Figure[] {
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

/** A figure without labels. */
export const gauge = (
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
