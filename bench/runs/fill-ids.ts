import { mkdirSync } from "node:fs";
import { LIMITS } from "../../src/core/limits.ts";
import { seededRandom } from "../../src/core/random.ts";
import { writeSegment } from "../../src/storage/ids/id-segment.ts";
import { IdTable } from "../../src/storage/ids/id-table.ts";
import { GROUP_SEGMENTS_MAX } from "../../src/storage/ids/segment-group.ts";

export interface FillOptions {
  /** Folder of the gate's index, which must not exist yet. */
  readonly dir: string;
  readonly ids: number;
  /** Received time of the last of them; the others came in the two hours before. */
  readonly untilMs: number;
}

const SPAN_MS = 2 * 3_600_000;

/** Fills a new index with random ids, as segment files, as if they had come within two hours. */
export async function fillIds({ dir, ids, untilMs }: FillOptions): Promise<void> {
  mkdirSync(dir, { recursive: true });
  const random = seededRandom(7);
  const word = (): number => random.integer(2 ** 32);
  const perSegment = LIMITS.dedupTableIdsMax;
  const segments = Math.ceil(ids / perSegment);
  const spanMs = SPAN_MS / Math.max(segments, 1);
  for (let segment = 0; segment < segments; segment++) {
    const baseMs = Math.floor(untilMs - spanMs * (segments - segment));
    const count = Math.min(perSegment, ids - segment * perSegment);
    const table = new IdTable(baseMs, count);
    for (let id = 0; id < count; id++) {
      const [h0, h1, h2] = [word(), word(), word()];
      const receivedAt = baseMs + Math.floor((id / count) * spanMs);
      table.put(table.slotOf(h0, h1, h2), h0, h1, h2, receivedAt);
    }
    const file = `${dir}/${String(segment + 1).padStart(8, "0")}.ids`;
    const filterIds = count > perSegment / 2 ? perSegment * GROUP_SEGMENTS_MAX : count;
    await writeSegment(file, table, filterIds);
  }
}
