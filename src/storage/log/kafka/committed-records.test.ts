import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  committedBatches,
  type AbortedTransaction,
  type FetchedBatch,
} from "./committed-records.ts";

const batch = (
  firstOffset: bigint,
  producerId: bigint,
  marker?: "abort" | "commit",
): FetchedBatch => ({
  firstOffset,
  producerId,
  isTransactional: producerId >= 0n,
  marker,
});
const offsets = (batches: readonly FetchedBatch[]): number[] =>
  batches.map(({ firstOffset }) => Number(firstOffset));

test("leaves out each of several aborted transactions of one producer, and what is cut off", () => {
  const batches = [
    batch(0n, 7n),
    batch(5n, 7n, "abort"),
    batch(6n, 7n),
    batch(9n, 7n, "commit"),
    batch(10n, 7n),
    batch(12n, 7n, "abort"),
    batch(13n, -1n),
    batch(14n, 7n), // its abort marker comes with the next fetch
  ];
  const aborted = [0n, 10n, 14n].map((firstOffset) => ({ producerId: 7n, firstOffset }));
  assert.deepEqual(offsets(committedBatches(batches, aborted)), [6, 13]);
});

const seed = Number(process.env["SEED"] ?? 1);

test("equals the history of transactions, wherever a fetch begins and ends", () => {
  const step = fc.record({
    producer: fc.integer({ min: 0, max: 3 }),
    what: fc.constantFrom("write" as const, "write" as const, "abort" as const, "commit" as const),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.nat(40), fc.nat(40), (steps, from, to) => {
      const all: FetchedBatch[] = [];
      const aborted: (AbortedTransaction & { readonly endOffset: bigint })[] = [];
      const committed = new Set<bigint>();
      const open = new Map<bigint, bigint[]>();
      for (const [at, { producer, what }] of steps.entries()) {
        const [offset, id] = [BigInt(at), BigInt(producer)];
        const own = open.get(id) ?? [];
        if (what === "write") {
          open.set(id, [...own, offset]);
          all.push(batch(offset, id));
          continue;
        }
        if (own.length === 0) continue;
        all.push(batch(offset, id, what));
        open.delete(id);
        if (what === "commit") own.forEach((each) => committed.add(each));
        else aborted.push({ producerId: id, firstOffset: own[0]!, endOffset: offset });
      }
      // A broker gives what lies before the first open transaction, and the aborts that overlap it.
      const stable = [...open.values()].reduce(
        (least, [first]) => (first! < least ? first! : least),
        99n,
      );
      const isFetched = ({ firstOffset }: FetchedBatch): boolean =>
        firstOffset >= BigInt(from) && firstOffset < BigInt(to) && firstOffset < stable;
      const fetched = all.filter(isFetched);
      const overlapping = aborted.filter(
        (each) => each.firstOffset < BigInt(to) && each.endOffset >= BigInt(from),
      );
      assert.deepEqual(
        offsets(committedBatches(fetched, overlapping)),
        fetched
          .map(({ firstOffset }) => firstOffset)
          .filter((each) => committed.has(each))
          .map(Number),
      );
    }),
    { seed, numRuns: Number(process.env["RUNS"] ?? 2_000) },
  );
});
