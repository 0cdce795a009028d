import assert from "node:assert/strict";
import { test } from "node:test";

/** The tests of a contract that an adapter doesn't pass, by title, each with the reason. */
export type Gaps = Readonly<Record<string, string>>;

/** How the tests of a contract are registered. */
export interface ContractTests {
  readonly test: (title: string, body: () => void | Promise<void>) => void;
  /** After the last test: throws where a gap is listed for a test that isn't there. */
  readonly end: () => void;
}

/**
 * A listed gap must fail: once the adapter passes the test, the entry has to go. The tests are
 * registered in the group (`describe`) that is being defined.
 */
export function contractTests(gaps: Gaps = {}): ContractTests {
  const unseen = new Set(Object.keys(gaps));
  return {
    test: (title, body) => {
      const reason = gaps[title];
      unseen.delete(title);
      if (reason === undefined) {
        void test(title, body);
        return;
      }
      void test(`gap: ${title} (${reason})`, async () => {
        const passed = await Promise.resolve()
          .then(body)
          .then(
            () => true,
            () => false,
          );
        assert.ok(!passed, "the adapter passes this test now: take it off the list of gaps");
      });
    },
    end: () => assert.deepEqual([...unseen], [], "gaps are listed for tests that aren't there"),
  };
}
