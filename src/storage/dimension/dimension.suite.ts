import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { DimensionRow, DimensionStore } from "./dimension.ts";

/** A store under test, and how to open the same one again as after a restart. */
export interface DimensionUnderTest {
  open(): DimensionStore;
  /** Removes what it left. */
  dispose(): void;
}

const row = (key: string, timeMs: number, value: string): DimensionRow => ({
  table: "users",
  key,
  timeMs,
  row: value,
});

/** What every store of dimension tables owes. */
export function dimensionSuite(name: string, make: () => DimensionUnderTest): void {
  describe(`dimension store: ${name}`, () => {
    test("the newest version of a key counts, whatever order they come in", () => {
      const bed = make();
      const store = bed.open();
      store.apply([row("a", 20, "second"), row("a", 10, "first")], []);
      assert.equal(store.get("users", "a"), "second");
      store.apply([row("a", 20, "said again")], []);
      assert.equal(store.get("users", "a"), "said again");
      assert.equal(store.get("users", "b"), undefined);
      assert.equal(store.get("orders", "a"), undefined);
      store.close();
      bed.dispose();
    });

    test("a deleted row is unknown until a later version, also to one that opens it again", () => {
      const bed = make();
      let store = bed.open();
      const bytes = Buffer.from("a");
      const check = (expected: string | undefined): void => {
        assert.equal(store.get("users", "a"), expected);
        assert.equal(store.has("users", bytes, 0, 1), expected !== undefined);
      };
      const deletion = (timeMs: number): DimensionRow => ({
        ...row("a", timeMs, ""),
        row: undefined,
      });
      store.apply([row("a", 10, "first"), deletion(20)], []);
      check(undefined);
      store.apply([row("a", 15, "older, but told later")], []);
      check(undefined);
      store.close();
      store = bed.open();
      check(undefined);
      store.apply([row("a", 15, "still older")], []);
      check(undefined);
      store.apply([row("a", 20, "at the same time, said after")], []);
      check("at the same time, said after");
      store.apply([deletion(15)], []);
      check("at the same time, said after");
      store.close();
      bed.dispose();
    });

    test("a key that was absent is found once it is there", () => {
      const bed = make();
      const store = bed.open();
      assert.equal(store.get("users", "late"), undefined);
      store.apply([row("late", 1, "here")], []);
      assert.equal(store.get("users", "late"), "here");
      store.close();
      bed.dispose();
    });

    test("a key is found by its bytes, wherever they are", () => {
      const bed = make();
      const store = bed.open();
      store.apply([row("zoë", 1, "here")], []);
      const bytes = Buffer.from("(zoë)");
      assert.equal(store.has("users", bytes, 1, bytes.length - 1), true);
      assert.equal(store.has("users", bytes, 0, bytes.length), false);
      assert.equal(store.has("users", bytes, 1, bytes.length - 2), false);
      assert.equal(store.has("orders", bytes, 1, bytes.length - 1), false);
      store.close();
      bed.dispose();
    });

    test("rows and positions stay over a restart, together", () => {
      const bed = make();
      const first = bed.open();
      const position = { topic: "users", partition: 1, offset: 7 };
      first.apply([row("a", 1, "kept")], [position]);
      first.close();
      const again = bed.open();
      assert.equal(again.get("users", "a"), "kept");
      assert.deepEqual(
        again.positions().map((each) => ({ ...each })),
        [position],
      );
      again.apply([row("a", 1, "kept")], [{ ...position, offset: 9 }]);
      assert.equal(again.positions()[0]!.offset, 9);
      again.close();
      bed.dispose();
    });
  });
}
