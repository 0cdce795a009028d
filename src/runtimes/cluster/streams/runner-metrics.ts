import type { Figure, Sample } from "../../../serve/observe/figures.ts";

/** Counters and gauges by their name and labels, as Prometheus' text has them. */
export function parseMetrics(text: string): ReadonlyMap<string, number> {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(" ");
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

/** The same as figures of a replica. */
export function runnerFigures(metrics: ReadonlyMap<string, number>): readonly Figure[] {
  const samples = [...metrics].map(([id, value]): readonly [string, Sample] => {
    const [, name = id, listed = ""] = /^([^{]*)\{(.*)\}$/.exec(id) ?? [];
    return [name, { labels: parseLabels(listed), value }];
  });
  return [...Map.groupBy(samples, ([name]) => name)].map(([name, own]) => ({
    name,
    help: "Of the Kafka Streams runner",
    type: name.endsWith("_total") ? "counter" : "gauge",
    samples: own.map(([, sample]) => sample),
  }));
}

const parseLabels = (listed: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...listed.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name, value]) => [name!, value!]),
  );
