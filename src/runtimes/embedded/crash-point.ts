import { readFileSync } from "node:fs";
import { MillraceError } from "../../core/errors.ts";
import type { MetricSink } from "../../process/stream/metric-sink.ts";

/** Called at a named narrow point. */
export type CrashPoint = (name: string) => void;

const NAMES: readonly string[] = [
  "between-intent-and-insert",
  "inside-insert",
  "between-insert-and-commit",
  "between-commit-and-report",
  "between-file-and-rename",
  "between-rename-and-manifest",
  "between-manifest-and-listing",
  "between-commit-and-publish",
  "between-publish-and-forget",
  "between-amend-and-clear",
];

/**
 * A hook for tests: `MILLRACE_CRASH_POINT=NAME:COUNT` makes the pipeline's process say `crash point
 * NAME` on standard error and kill itself with -9 when it gets to the point for the COUNTth time;
 * with `NAME:COUNT:tell` it says so and goes on, so that a test can kill another process just then.
 * `@FILE` takes what the file says at the process's start, so that each may have another point.
 */
export function crashPointOf(variable: string | undefined): CrashPoint {
  const text = variable?.startsWith("@") ? readFileSync(variable.slice(1), "utf8") : variable;
  if (text === undefined || text === "") return () => undefined;
  const [wanted = "", count = "1", then = "die"] = text.split(":");
  if (!NAMES.includes(wanted) || !(Number(count) >= 1) || !["die", "tell"].includes(then)) {
    throw new MillraceError("CONFIG_INVALID", `MILLRACE_CRASH_POINT=${text} can't be used`, {
      field: "MILLRACE_CRASH_POINT",
      hint: `NAME:COUNT or NAME:COUNT:tell, where NAME is one of ${NAMES.join(", ")}`,
    });
  }
  let reached = 0;
  return (name) => {
    if (name !== wanted || ++reached !== Number(count)) return;
    process.stderr.write(`crash point ${name}\n`);
    if (then === "die") process.kill(process.pid, "SIGKILL");
  };
}

/** A sink with the points around its calls. */
export function crashingSink(sink: MetricSink, crashPoint: CrashPoint): MetricSink {
  const around = async (publish: () => Promise<void>): Promise<void> => {
    crashPoint("between-commit-and-publish");
    await publish();
    crashPoint("between-publish-and-forget");
  };
  return {
    publish: (metric, rows, token) => around(() => sink.publish(metric, rows, token)),
    publishAlerts: (alerts, token) => around(() => sink.publishAlerts(alerts, token)),
  };
}
