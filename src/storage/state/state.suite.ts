import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { StateCommit, StateStore, StoredEntry } from "./state.ts";

/** A place for one store, which may be opened again. */
export interface StateBed {
  /** Opens the store; the one opened before is closed by the caller. */
  open(): StateStore;
  remove(): void;
}

const nothing: StateCommit = {
  operators: [],
  positions: [],
  progress: [],
  touched: [],
  outbox: [],
};
const unwritten = { written: [], rewritten: [] };
const entry = (
  bucket: number,
  key: string,
  text: string,
  due: number | null = null,
): StoredEntry => ({
  bucket,
  key,
  due,
  text,
});

/** What every store of a worker's state owes. */
export function stateSuite(name: string, makeBed: () => StateBed): void {
  const within = (work: (store: StateStore, reopen: () => StateStore) => void) => (): void => {
    const bed = makeBed();
    let store = bed.open();
    try {
      work(store, () => {
        store.close();
        store = bed.open();
        return store;
      });
    } finally {
      store.close();
      bed.remove();
    }
  };

  describe(`${name}: the state of a worker`, () => {
    it(
      "keeps a whole commit over a restart",
      within((store, reopen) => {
        const { id } = store.addOperator("metric a", null);
        const put = [entry(0, "k", "one", 5), entry(10, "k", "two"), entry(-10, "é", "three", -7)];
        store.commit({
          operators: [
            { operator: id, own: "7", ...unwritten, put, removed: [], removedBuckets: [] },
          ],
          positions: [{ topic: "t", partition: 1, offset: 12 }],
          progress: [{ topic: "t", text: "[1]" }],
          touched: [{ topic: "t", partition: 0, hour: 0, firstOffset: 3, lastOffset: 4, n: 2 }],
          outbox: [{ target: "metric a", text: "rows" }],
        });
        const { epoch } = store;
        const again = reopen();
        assert.equal(again.epoch, epoch);
        assert.deepEqual(again.operators(), [{ id, name: "metric a", sinceMs: null, own: "7" }]);
        assert.deepEqual(again.entry(id, 10, "k"), put[1]);
        assert.equal(again.entry(id, 10, "other"), undefined);
        assert.deepEqual([...again.entriesOf(id, 0)], [put[0]]);
        assert.deepEqual(again.buckets(id), [-10, 0, 10]);
        assert.deepEqual([...again.due(id, -7)], [put[2]]);
        assert.deepEqual(again.positions(), [{ topic: "t", partition: 1, offset: 12 }]);
        assert.equal(again.progress("t"), "[1]");
        assert.equal(again.progress("other"), undefined);
        assert.equal(again.touched().length, 1);
        assert.deepEqual(
          again.outbox(5).map(({ target, text }) => [target, text]),
          [["metric a", "rows"]],
        );
      }),
    );

    it(
      "removes entries and buckets before it puts",
      within((store) => {
        const { id } = store.addOperator("a", 5);
        const change = (put: StoredEntry[], removed: string[], removedBuckets: number[]) =>
          store.commit({
            ...nothing,
            operators: [
              {
                operator: id,
                own: "null",
                put,
                removed: removed.map((key) => ({ bucket: 0, key })),
                removedBuckets,
                ...unwritten,
              },
            ],
          });
        change([entry(0, "a", "1"), entry(0, "b", "1"), entry(5, "a", "1")], [], []);
        change([entry(0, "a", "2"), entry(5, "c", "2")], ["a", "b"], [5]);
        assert.deepEqual([...store.entriesOf(id, 0)], [entry(0, "a", "2")]);
        assert.deepEqual([...store.entriesOf(id, 5)], [entry(5, "c", "2")]);
      }),
    );

    it(
      "keeps journals in their order, until they are rewritten or their bucket is removed",
      within((store, reopen) => {
        const { id } = store.addOperator("a", null);
        const change = (
          texts: readonly [bucket: number, text: string][],
          rewritten: number[],
          removedBuckets: number[] = [],
        ) => {
          const written = texts.map(([bucket, text]) => ({ bucket, text }));
          const own = { own: "null", put: [], removed: [], removedBuckets, written, rewritten };
          store.commit({ ...nothing, operators: [{ operator: id, ...own }] });
        };
        const texts = (from: StateStore) => [...from.journal(id)].map(({ text }) => text);
        change(
          [
            [0, "a"],
            [5, "b"],
            [0, "c"],
          ],
          [],
        );
        change([[0, "d"]], []);
        assert.deepEqual(texts(store), ["a", "b", "c", "d"]);
        change([[0, "e"]], [0]);
        assert.deepEqual(texts(store), ["b", "e"]);
        change([[5, "f"]], [], [5, 7]);
        assert.deepEqual(
          [...reopen().journal(id)],
          [
            { bucket: 0, text: "e" },
            { bucket: 5, text: "f" },
          ],
        );
      }),
    );

    it(
      "stores nothing of a commit that fails",
      within((store) => {
        const { id } = store.addOperator("a", null);
        const bad = { bucket: 0, key: "k", due: null, text: undefined as unknown as string };
        const commit = {
          ...nothing,
          positions: [{ topic: "t", partition: 0, offset: 1 }],
          operators: [
            {
              operator: id,
              own: "1",
              put: [entry(0, "x", "1"), bad],
              removed: [],
              removedBuckets: [],
              ...unwritten,
            },
          ],
        };
        assert.throws(() => store.commit(commit));
        assert.deepEqual(store.positions(), []);
        assert.deepEqual(store.buckets(id), []);
        assert.equal(store.operators()[0]!.own, "null");
      }),
    );

    it(
      "drops operators with their entries",
      within((store) => {
        const a = store.addOperator("a", null);
        const b = store.addOperator("b", -3);
        const change = {
          own: "null",
          put: [entry(0, "k", "1")],
          removed: [],
          removedBuckets: [],
          written: [{ bucket: 0, text: "one" }],
          rewritten: [],
        };
        const operators = [a, b].map(({ id }) => ({ ...change, operator: id }));
        store.commit({ ...nothing, operators });
        store.keepOperators(["b", "c"]);
        assert.deepEqual(store.operators(), [{ ...b, own: "null" }]);
        assert.deepEqual(store.buckets(a.id), []);
        assert.deepEqual(store.buckets(b.id), [0]);
        assert.deepEqual([...store.journal(a.id)], []);
        assert.deepEqual([...store.journal(b.id)], change.written);
        assert.notEqual(store.addOperator("a", null).id, a.id);
      }),
    );

    it(
      "adds up what was touched, and forgets what was amended, unless more came",
      within((store) => {
        const touch = (partition: number, offset: number) =>
          store.commit({
            ...nothing,
            touched: [
              { topic: "t", partition, hour: 3, firstOffset: offset, lastOffset: offset, n: 1 },
            ],
          });
        touch(0, 9);
        touch(0, 4);
        touch(1, 2);
        const read = store.touched();
        assert.deepEqual(read[0], {
          topic: "t",
          partition: 0,
          hour: 3,
          firstOffset: 4,
          lastOffset: 9,
          n: 2,
        });
        touch(1, 7);
        store.clearTouched(read);
        assert.deepEqual(
          store.touched().map(({ partition, lastOffset }) => [partition, lastOffset]),
          [[1, 7]],
        );
      }),
    );

    it(
      "gives the outbox in order, until it is published",
      within((store, reopen) => {
        for (const text of ["1", "2", "3"]) {
          store.commit({ ...nothing, outbox: [{ target: "a", text }] });
        }
        const [first, second] = store.outbox(2);
        assert.deepEqual([first!.text, second!.text], ["1", "2"]);
        store.published(second!.id);
        const again = reopen();
        const rest = again.outbox(10);
        assert.deepEqual(
          rest.map((each) => each.text),
          ["3"],
        );
        again.published(rest[0]!.id);
        again.commit({ ...nothing, outbox: [{ target: "a", text: "4" }] });
        assert.ok(again.outbox(1)[0]!.id > rest[0]!.id, "an id is never used again");
      }),
    );
  });
}
