import { parseArgs } from "node:util";

/** What the benchmark of the cluster is asked for. */
export interface ClusterBenchOptions {
  readonly events: number;
  /** Of each side. */
  readonly runs: number;
  /** Metrics; all pairs where it is absent. */
  readonly only: readonly string[] | undefined;
  /** A folder whose engines are used and left running; absent: engines of its own. */
  readonly cluster: string | undefined;
  /** Where to write all figures as JSON. */
  readonly json: string | undefined;
}

/** Reads the command line. */
export function clusterOptions(argv: readonly string[]): ClusterBenchOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      events: { type: "string" },
      runs: { type: "string" },
      only: { type: "string" },
      cluster: { type: "string" },
      json: { type: "string" },
    },
  });
  const number = (name: "events" | "runs", otherwise: number): number => {
    const value = Number(values[name] ?? otherwise);
    if (Number.isInteger(value) && value >= 1) return value;
    throw new Error(`--${name} must be a whole number from 1`);
  };
  return {
    events: number("events", 1_000_000),
    runs: number("runs", 5),
    only: values.only?.split(","),
    cluster: values.cluster,
    json: values.json,
  };
}
