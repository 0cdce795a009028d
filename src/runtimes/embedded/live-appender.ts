import type { LogAppender } from "../../ingest/passage.ts";
import type { Topic } from "../../language/plan/topic.ts";
import type { AppendRequest } from "../../storage/log/append-request.ts";
import type { LiveRing } from "./live-ring.ts";

/** Rows of one request that the page may show. */
const SAMPLED_MAX = 3;

/** An appender that shows the page a few rows of what it appended. */
export function liveAppender(
  writer: LogAppender,
  ring: LiveRing,
  topics: () => ReadonlyMap<string, Topic>,
  isWatched: () => boolean,
): LogAppender {
  return {
    append: async (request, keyName) => {
      // Before the rows' memory is used for others.
      const samples = isWatched() ? sampleRows(request) : [];
      const result = await writer.append(request);
      for (const { set, index, row } of samples) {
        const topic = topics().get(set.topic);
        if (topic === undefined || result.sets[set.number]?.status[index] !== 0) continue;
        ring.add(topic, row, keyName !== SIMULATED, result.receivedAt);
      }
      return result;
    },
  };
}

/** Name of the write key that the demo's own traffic comes by. */
export const SIMULATED = "simulated";

interface Sample {
  readonly set: { readonly number: number; readonly topic: string };
  readonly index: number;
  readonly row: Uint8Array;
}

function sampleRows(request: AppendRequest): readonly Sample[] {
  return request.sets.flatMap((set, number) => {
    if (set.parent !== undefined) return [];
    const first = Math.max(0, set.rowStarts.length - SAMPLED_MAX);
    return [...set.rowStarts.subarray(first)].map((start, at) => ({
      set: { number, topic: set.topic },
      index: first + at,
      // Of a Buffer, `slice` would be a view.
      row: Uint8Array.from(
        set.rows.subarray(start, set.rowStarts[first + at + 1] ?? set.rows.length),
      ),
    }));
  });
}
