import { resolve } from "node:path";
import { MillraceError } from "../../core/errors.ts";
import { isLoopback } from "../shared/loopback.ts";

/** Everything that can be set about the embedded runtime, from the environment. */
export interface Settings {
  /** `MILLRACE_DATA`: the data folder, absolute. */
  readonly dataDir: string;
  /** `MILLRACE_HOST`. */
  readonly host: string;
  /** `MILLRACE_PORT`; 0 is any free one. */
  readonly port: number;
  /** `MILLRACE_CLICKHOUSE_PORT`; 0 is any free one. */
  readonly clickhousePort: number;
  /** `MILLRACE_WRITE_KEY`. */
  readonly writeKey: string;
  /** `MILLRACE_ADMIN_KEY`; made at the first start where it is absent. */
  readonly adminKey: string | undefined;
  /** `MILLRACE_PARTITIONS`: of topics that don't exist yet. */
  readonly partitions: number;
  /** `MILLRACE_LOG_BYTES_MAX`: what the log may take once everything has read it. */
  readonly logBytesMax: number;
  /** `MILLRACE_LOG_HOURS`: how long it keeps events at most. */
  readonly logDurationMs: number;
  /** `MILLRACE_QUARANTINE_DAYS`: how long quarantined events are kept; 0 is for ever. */
  readonly quarantineDays: number;
  /** `MILLRACE_LEDGER_DAYS`: how long the ledger's minutes are kept; 0 is for ever. */
  readonly ledgerDays: number;
  /** `MILLRACE_LAKE_FORMAT`. */
  readonly lakeFormat: "parquet" | "orc";
  /** `MILLRACE_LAKE_ROLL_SECONDS`: how long events may wait for their file. */
  readonly lakeRollMs: number;
  /** `MILLRACE_EVENT_DAYS`: how long the warehouse keeps events; 0 is for ever. */
  readonly eventDays: number;
  /** `MILLRACE_METRIC_DAYS`: how long the warehouse keeps metric rows; 0 is for ever. */
  readonly metricDays: number;
  /** `MILLRACE_AMEND_SECONDS`: how often late events enter the numbers. */
  readonly amendEveryMs: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the settings; `CONFIG_INVALID` names the variable. `dataDir` is relative to `cwd`. */
export function readSettings(env: Environment, cwd: string, dataDefault = "data"): Settings {
  const host = env["MILLRACE_HOST"] || "127.0.0.1";
  const writeKey = env["MILLRACE_WRITE_KEY"] || "dev";
  if (writeKey === "dev" && !isLoopback(host)) {
    throw new MillraceError("CONFIG_INVALID", `the write key "dev" is for this machine only`, {
      field: "MILLRACE_WRITE_KEY",
      hint: `set a key of your own before you listen on ${host}`,
    });
  }
  return {
    dataDir: resolve(cwd, env["MILLRACE_DATA"] || dataDefault),
    host,
    port: readNumber(env, "MILLRACE_PORT", 8080, 0, 65_535),
    clickhousePort: readNumber(env, "MILLRACE_CLICKHOUSE_PORT", 8123, 0, 65_535),
    writeKey,
    adminKey: env["MILLRACE_ADMIN_KEY"] || undefined,
    partitions: readNumber(env, "MILLRACE_PARTITIONS", 3, 1, 256),
    logBytesMax: readNumber(env, "MILLRACE_LOG_BYTES_MAX", 20 * 2 ** 30, 2 ** 20, 2 ** 50),
    logDurationMs: readNumber(env, "MILLRACE_LOG_HOURS", 48, 1, 24 * 366) * 3_600_000,
    quarantineDays: readNumber(env, "MILLRACE_QUARANTINE_DAYS", 30, 0, 36_500),
    ledgerDays: readNumber(env, "MILLRACE_LEDGER_DAYS", 400, 0, 36_500),
    lakeFormat: readChoice(env, "MILLRACE_LAKE_FORMAT", ["parquet", "orc"]),
    lakeRollMs: readNumber(env, "MILLRACE_LAKE_ROLL_SECONDS", 120, 1, 86_400) * 1_000,
    eventDays: readNumber(env, "MILLRACE_EVENT_DAYS", 0, 0, 36_500),
    metricDays: readNumber(env, "MILLRACE_METRIC_DAYS", 0, 0, 36_500),
    amendEveryMs: readNumber(env, "MILLRACE_AMEND_SECONDS", 180, 1, 86_400) * 1_000,
  };
}

function readNumber(
  env: Environment,
  name: string,
  otherwise: number,
  least: number,
  most: number,
): number {
  const text = env[name];
  if (text === undefined || text === "") return otherwise;
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new MillraceError("CONFIG_INVALID", `${name}=${text} can't be used`, {
    field: name,
    hint: `a whole number from ${least} to ${most}; ${otherwise} when it isn't set`,
  });
}

function readChoice<Choice extends string>(
  env: Environment,
  name: string,
  choices: readonly [Choice, ...Choice[]],
): Choice {
  const text = env[name];
  if (text === undefined || text === "") return choices[0];
  const found = choices.find((choice) => choice === text);
  if (found !== undefined) return found;
  throw new MillraceError("CONFIG_INVALID", `${name}=${text} can't be used`, {
    field: name,
    hint: `one of ${choices.join(", ")}`,
  });
}
