import shop from "../../examples/shop/pipeline.ts";
import { rowToObject } from "../language/compile/javascript/row-to-object.ts";
import { topicsOf } from "../language/plan/topic.ts";
import { manualClock } from "../core/clock.ts";
import type { AppendRequest, AppendResult } from "../storage/log/append-request.ts";
import { createCollector, type Collector } from "./collector.ts";
import type { CollectRequest } from "./http/collect-request.ts";
import { writeKeyRecord } from "./keys/write-keys.ts";

export const NOW = Date.parse("2026-03-01T12:00:00Z");
const topics = topicsOf(shop.plan).map((topic, index) => ({ topic, layoutId: index + 1 }));

/** A collector whose log keeps what it is given, deduplicates by hash, and can be told to fail. */
export function testCollector(): {
  collector: Collector;
  requests: AppendRequest[];
  fail: (error: Error | undefined) => void;
  rows: (topic: string) => Record<string, unknown>[];
} {
  const requests: AppendRequest[] = [];
  const seen = new Set<string>();
  let failure: Error | undefined;
  const append = async (request: AppendRequest): Promise<AppendResult> => {
    if (failure !== undefined) throw failure;
    requests.push(structuredClone(request)); // the arrays are used again
    const sets = request.sets.map((set) => {
      const status = new Uint8Array(set.rowStarts.length);
      for (let row = 0; row < status.length; row++) {
        if (set.hashes === undefined) continue;
        const id = [...set.hashes.subarray(row * 3, row * 3 + 3)].join();
        if (seen.has(id)) status[row] = 1;
        seen.add(id);
      }
      return {
        status,
        offsets: new Float64Array(status.length),
        partitions: new Uint16Array(status.length),
      };
    });
    return { receivedAt: NOW, sets };
  };
  const record = writeKeyRecord("secret-key", "test");
  const collector = createCollector({
    plan: shop.plan,
    topics,
    keys: { records: () => [record] },
    writer: { append },
    secret: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
    clock: manualClock(NOW),
  });
  const rows = (topic: string): Record<string, unknown>[] => {
    const { layout } = topics.find((each) => each.topic.name === topic)!.topic;
    return requests
      .flatMap(({ sets }) => sets)
      .filter((set) => set.topic === topic)
      .flatMap((set) => [...set.rowStarts].map((start) => rowToObject(layout, set.rows, start)));
  };
  return { collector, requests, fail: (error) => void (failure = error), rows };
}

export const post = (
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): CollectRequest => {
  const url = new URL(path, "http://collector");
  return {
    method: "POST",
    path: url.pathname,
    query: url.searchParams,
    headers: { authorization: "Bearer secret-key", ...headers },
    body: Buffer.isBuffer(body)
      ? body
      : Buffer.from(typeof body === "string" ? body : JSON.stringify(body)),
    remoteAddress: "127.0.0.1",
  };
};
