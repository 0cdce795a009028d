import { IdsIndex } from "../../src/storage/ids/ids-index.ts";
import { seededRandom } from "../../src/core/random.ts";

/** What an id costs the gate's index, CPU microseconds of one thread. */
export interface DedupFigures {
  readonly newId: number;
  /** An id that is in a segment on disk. */
  readonly duplicate: number;
}

const BATCH = 1_000;

/** Measures an index that `fillIds` filled; it is left as it was but for a segment or two. */
export async function benchDedup(dir: string, ids: number, fromMs: number): Promise<DedupFigures> {
  const index = new IdsIndex<undefined>({
    dir,
    horizonMs: 86_400_000,
    mark: () => undefined,
    covered: () => {},
  });
  let receivedAt = fromMs;
  const run = async (seed: number, count: number): Promise<number> => {
    const random = seededRandom(seed);
    const hashes = new Uint32Array(3 * BATCH);
    let us = 0;
    for (let id = 0; id < count; id += BATCH) {
      for (let at = 0; at < hashes.length; at++) hashes[at] = random.integer(2 ** 32);
      const from = process.threadCpuUsage();
      await index.reserve(BATCH, ++receivedAt);
      index.check(hashes, receivedAt);
      index.commit();
      const { user, system } = process.threadCpuUsage(from);
      us += user + system;
    }
    return us / count;
  };
  try {
    const newId = await run(1, ids);
    await index.flush();
    return { newId, duplicate: await run(1, Math.min(ids, 100_000)) };
  } finally {
    await index.close();
  }
}
