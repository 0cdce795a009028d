import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, test } from "node:test";
import fc from "fast-check";
import { IdsIndex, type IdsIndexOptions } from "./ids-index.ts";

const HORIZON = 1_000;
const SEED = Number(process.env["SEED"] ?? 20_260_921);
const RUNS = Number(process.env["RUNS"] ?? 150);

const tempDir = (): string => `${mkdtempSync(`${tmpdir()}/millrace-ids-`)}/ids`;

/** A hash for a small number. Neighbouring numbers share their first slot, to make tables collide. */
const hashOf = (id: number): number[] => [
  (id >>> 1) << 27,
  Math.imul(id, 0x9e3779b1) >>> 0,
  ~id >>> 0,
];
const hashes = (ids: readonly number[]): Uint32Array => Uint32Array.from(ids.flatMap(hashOf));

function open(dir: string, options: Partial<IdsIndexOptions<number>> = {}): IdsIndex<number> {
  const quiet = { mark: () => 0, covered: () => {} };
  return new IdsIndex({ dir, horizonMs: HORIZON, tableIdsMax: 6, ...quiet, ...options });
}

async function check(
  index: IdsIndex<number>,
  ids: number[],
  receivedAt: number,
): Promise<number[]> {
  await index.reserve(ids.length, receivedAt);
  const duplicates = [...index.check(hashes(ids), receivedAt)];
  index.commit();
  return duplicates;
}

describe("the gate's index", () => {
  test("the horizon is exact: a duplicate at it, accepted 1 ms after it", async () => {
    for (const written of [false, true]) {
      const dir = tempDir();
      const index = open(dir);
      assert.deepEqual(await check(index, [1, 2, 1], 10_000), [0, 0, 1]);
      if (written) await index.flush();
      assert.deepEqual(await check(index, [1], 10_000 + HORIZON), [1]);
      assert.deepEqual(await check(index, [2], 10_001 + HORIZON), [0]);
      // accepted anew, it counts from then on
      assert.deepEqual(await check(index, [2], 10_001 + 2 * HORIZON), [1]);
      assert.deepEqual(await check(index, [1], 10_001 + 2 * HORIZON), [0]);
      await index.close();
      rmSync(dir, { recursive: true });
    }
  });

  test("what is rolled back is not remembered, and what it replaced is", async () => {
    const dir = tempDir();
    const index = open(dir);
    await check(index, [1, 2, 3], 0);
    await index.reserve(5, HORIZON + 1);
    assert.deepEqual([...index.check(hashes([1, 4, 5, 4]), HORIZON + 1)], [0, 0, 0, 1]);
    index.rollback();
    assert.equal(index.find(hashes([1])), 0);
    assert.equal(index.find(hashes([4])), undefined);
    assert.deepEqual(await check(index, [4, 5, 1, 2, 3], HORIZON + 1), [0, 0, 0, 0, 0]);
    await index.close();
    rmSync(dir, { recursive: true });
  });

  test("segments older than the horizon are deleted, temporary files too", async () => {
    const dir = tempDir();
    let index = open(dir);
    assert.equal(index.isNew, true);
    await check(index, [1, 2, 3], 0);
    await index.flush();
    await check(index, [4], 500);
    await index.flush();
    await index.close();
    writeFileSync(`${dir}/00000003.ids.tmp`, "half");
    index = open(dir);
    assert.equal(index.isNew, false);
    assert.deepEqual(readdirSync(dir), ["00000001.ids", "00000002.ids"]);
    assert.deepEqual(await check(index, [9], HORIZON + 1), [0]);
    assert.deepEqual(readdirSync(dir), ["00000002.ids"]);
    assert.equal(index.find(hashes([4])), 500);
    assert.equal(index.find(hashes([1])), undefined);
    await index.close();
    rmSync(dir, { recursive: true });
  });

  test("without room for filters it is slower, not wrong", async () => {
    const dir = tempDir();
    const index = open(dir, { filterBytesMax: 64 });
    for (let id = 0; id < 30; id++) {
      assert.deepEqual(await check(index, [id], id), [0]);
      if (id % 5 === 4) await index.flush();
    }
    const { segments, segmentsWithoutFilter, ids } = index.stats();
    assert.deepEqual([segments, segmentsWithoutFilter, ids], [6, 4, 30]);
    const all = Array.from({ length: 35 }, (_, id) => id);
    assert.deepEqual(
      await check(index, all, 40),
      all.map((id) => (id < 30 ? 1 : 0)),
    );
    await index.close();
    rmSync(dir, { recursive: true });
  });

  test("a damaged segment is named", async () => {
    const dir = tempDir();
    const index = open(dir);
    await check(index, [1, 2], 0);
    await index.flush();
    await index.close();
    const file = `${dir}/00000001.ids`;
    const whole = readFileSync(file);
    for (const at of [9, whole.length - 1]) {
      const damaged = Buffer.from(whole);
      damaged[at]! ^= 1;
      writeFileSync(file, damaged);
      assert.throws(() => open(dir), { code: "STORAGE_CORRUPT", message: /00000001\.ids/ });
    }
    writeFileSync(file, whole.subarray(0, whole.length - 1));
    assert.throws(() => open(dir), { code: "STORAGE_CORRUPT" });
    rmSync(dir, { recursive: true });
  });

  test(`agrees with a map, over crashes and failed commits (seed ${SEED}, ${RUNS} runs)`, async () => {
    const step = fc.record({
      advance: fc.oneof(
        fc.nat(50),
        fc.constantFrom(0, HORIZON - 1, HORIZON, HORIZON + 1, HORIZON / 4),
      ),
      ids: fc.array(fc.nat(40), { maxLength: 12 }),
      then: fc.constantFrom("commit", "commit", "commit", "commit", "rollback", "crash", "flush"),
    });
    const history = fc.array(step, { maxLength: 40 });
    const property = fc.asyncProperty(history, fc.nat(3), async (steps, filters) => {
      const dir = tempDir();
      const oracle = new Map<number, number>();
      const log: { ids: number[]; receivedAt: number }[] = [];
      let covered = 0;
      const options = {
        mark: () => log.length,
        covered: (mark: number) => void (covered = mark),
        filterBytesMax: filters * 64,
      };
      let index = open(dir, options);
      let now = 1_000_000;
      for (const { advance, ids, then } of steps) {
        now += advance;
        const before = new Map(oracle);
        const accepted: number[] = [];
        const expected = ids.map((id) => {
          const earlier = oracle.get(id);
          if (earlier !== undefined && now - earlier <= HORIZON) return 1;
          oracle.set(id, now);
          accepted.push(id);
          return 0;
        });
        await index.reserve(ids.length, now);
        assert.deepEqual([...index.check(hashes(ids), now)], expected);
        if (then === "rollback") {
          index.rollback();
          oracle.clear();
          for (const [id, time] of before) oracle.set(id, time);
          continue;
        }
        index.commit();
        log.push({ ids: accepted, receivedAt: now });
        if (then === "flush") await index.flush();
        if (then !== "crash") continue;
        await index.close();
        index = open(dir, options);
        for (const batch of log.slice(covered))
          await index.restore(hashes(batch.ids), batch.receivedAt);
      }
      for (let id = 0; id <= 40; id++) {
        const time = oracle.get(id);
        const found = index.find(hashes([id]));
        if (time !== undefined && now - time <= HORIZON) assert.equal(found, time);
        else assert.ok(found === undefined || found === time);
      }
      await index.close();
      rmSync(dir, { recursive: true });
    });
    await fc.assert(property, { seed: SEED, numRuns: RUNS });
  });
});
