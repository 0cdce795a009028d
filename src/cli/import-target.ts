import type { ImportTarget } from "../ingest/import/import-file.ts";
import type { ImportName } from "../ingest/import/import-progress.ts";
import type { ImportProgress } from "../ingest/import/import-progress.ts";
import type { ImportAnswer } from "../ingest/import/import-receiver.ts";
import type { RunningPipeline } from "./running.ts";

/** Imports over HTTP. `find` is asked each time: a pipeline that was restarted is elsewhere. */
export const httpTarget = (find: () => RunningPipeline): ImportTarget => ({
  progress: async (name) => (await find().request("GET", path(name))) as ImportProgress,
  complete: async (name) =>
    (await find().request("POST", path(name, { end: "1" }), {})) as ImportProgress,
  send: async (name, { first, body }, { zone, texts, isDryRun }) => {
    const more = {
      first: String(first),
      ...(zone === undefined ? {} : { zone }),
      ...(texts ? { values: "text" } : {}),
      ...(isDryRun ? { dry: "1" } : {}),
    };
    const bytes = new Uint8Array(body);
    const answer = await find().post(path(name, more), bytes, "application/x-ndjson");
    return answer as ImportAnswer;
  },
});

const path = ({ topic, file, reading }: ImportName, more: Record<string, string> = {}): string =>
  `/v1/import?${new URLSearchParams({ topic, file, reading, ...more })}`;
