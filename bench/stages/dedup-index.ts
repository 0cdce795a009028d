import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { systemClock, type Clock } from "../../src/core/clock.ts";
import { IdsIndex } from "../../src/storage/ids/ids-index.ts";

export interface IdsBenchResult {
  readonly idsBefore: number;
  readonly segments: number;
  /** Microseconds a new id costs, with all of `idsBefore` in the index, everything included. */
  readonly newUs: number;
  /** The same for ids that are in a segment on disk. */
  readonly duplicateUs: number;
  /** Longest single batch, ms. */
  readonly batchMsMax: number;
  readonly tableBytes: number;
  readonly filterBytes: number;
  readonly rssBytes: number;
}

const BATCH = 1_000;

/** Measures the gate's index with `idsBefore` random ids in it, none of them past the horizon. */
export async function benchIds(
  clock: Clock,
  idsBefore: number,
  ids: number,
): Promise<IdsBenchResult> {
  const dir = mkdtempSync(`${tmpdir()}/millrace-ids-bench-`);
  const index = new IdsIndex<undefined>({
    dir: `${dir}/ids`,
    horizonMs: 86_400_000,
    mark: () => undefined,
    covered: () => {},
  });
  let receivedAt = 0;
  let batchMsMax = 0;
  const run = async (first: number, count: number): Promise<number> => {
    const hashes = new Uint32Array(3 * BATCH);
    let us = 0;
    for (let id = first; id < first + count; id += BATCH) {
      for (let at = 0; at < hashes.length; at++) hashes[at] = mixed(id * 3 + at);
      const start = clock.monotonicMs();
      await index.reserve(BATCH, ++receivedAt);
      index.check(hashes, receivedAt);
      index.commit();
      const ms = clock.monotonicMs() - start;
      if (first > 0) batchMsMax = Math.max(batchMsMax, ms);
      us += ms * 1_000;
    }
    return us / count;
  };
  await run(0, idsBefore);
  await index.flushed();
  const newUs = await run(idsBefore, ids);
  const duplicateUs = await run(BATCH, Math.min(ids, 500_000));
  const { segments, tableBytes, filterBytes } = index.stats();
  const rssBytes = process.memoryUsage().rss;
  await index.close();
  rmSync(dir, { recursive: true });
  return { idsBefore, segments, newUs, duplicateUs, batchMsMax, tableBytes, filterBytes, rssBytes };
}

/** A well-mixed word of a counter (two rounds of MurmurHash3's finaliser). */
function mixed(counter: number): number {
  let word = Math.imul((counter / 65_536) | 0, 0x9e3779b1) ^ (counter | 0);
  for (let round = 0; round < 2; round++) {
    word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
    word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
    word ^= word >>> 16;
  }
  return word >>> 0;
}

if (import.meta.main) console.log(await benchIds(systemClock, 20_000_000, 2_000_000));
