import { parseArgs } from "node:util";

/** What a benchmark is asked for. */
export interface BenchOptions {
  readonly events: number;
  /** Ids in the dedup index before the first event. */
  readonly ids: number;
  /** Users that the events are of. */
  readonly users: number;
  /** Events in the file, which is sent again, with other ids, when more are wanted. */
  readonly fileEvents: number;
  /** Seconds at half load. */
  readonly halfLoadSeconds: number;
  /** Events of each stage that is measured by itself. */
  readonly stageEvents: number;
  readonly seed: number;
  /** Where to write all figures as JSON. */
  readonly json: string | undefined;
  /** Keeps the data folder for a look at it. */
  readonly keep: boolean;
}

const PER_BODY = 100;

/** Reads the command line over defaults. */
export function readOptions(
  argv: readonly string[],
  defaults: { readonly events: number; readonly ids: number },
): BenchOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      events: { type: "string" },
      ids: { type: "string" },
      users: { type: "string" },
      "half-load-seconds": { type: "string" },
      "stage-events": { type: "string" },
      seed: { type: "string" },
      json: { type: "string" },
      keep: { type: "boolean" },
    },
  });
  const number = (name: keyof typeof values, otherwise: number): number => {
    const value = Number(values[name] ?? otherwise);
    if (Number.isInteger(value) && value >= 1) return value;
    throw new Error(`--${name} must be a whole number from 1`);
  };
  const events = Math.ceil(number("events", defaults.events) / PER_BODY) * PER_BODY;
  return {
    events,
    ids: number("ids", defaults.ids),
    users: number("users", 200_000),
    fileEvents: Math.min(events, 3_000_000),
    halfLoadSeconds: number("half-load-seconds", 20),
    stageEvents: number("stage-events", 200_000),
    seed: number("seed", 1),
    json: values.json,
    keep: values.keep ?? false,
  };
}
