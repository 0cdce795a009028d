import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { JournalRecord, StateStore } from "../../storage/state/state.ts";
import { Entry, type EntryCodec } from "../operators/keyed-state.ts";
import { EntryJournal } from "./entry-journal.ts";

const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const numRuns = Number(process.env["RUNS"] ?? 100);

class Note extends Entry {
  text = "";
}
const codec: EntryCodec<Note> = {
  encode: ({ text }, writer) => void writer.quoted(text),
  decode: (bucket, key, text) => note(bucket, key, JSON.parse(text) as string),
};
function note(bucket: number, key: string, text: string): Note {
  const made = new Note(bucket, key);
  made.text = text;
  return made;
}

/** A store's journals, and the entries of which they are. */
class World {
  records: JournalRecord[] = [];
  readonly held = new Map<number, Map<string, Note>>();
  journal = new EntryJournal(codec);
  rewrites = 0;

  /** Entries get a text; an empty one takes them out. */
  commit(changes: readonly (readonly [bucket: number, key: string, text: string])[]): void {
    const changed = new Set<Note>();
    for (const [bucket, key, text] of changes) {
      const entries = this.held.get(bucket) ?? new Map<string, Note>();
      this.held.set(bucket, entries);
      const known = entries.get(key);
      if (text === "") {
        if (known === undefined) continue;
        entries.delete(key);
        changed.delete(known);
        this.journal.forget(bucket, key);
      } else {
        const entry = known ?? note(bucket, key, "");
        entry.text = text;
        entries.set(key, entry);
        changed.add(entry);
      }
    }
    const { written, rewritten } = this.journal.change([...changed], (bucket) =>
      this.held.get(bucket)!,
    );
    this.records = this.records.filter(({ bucket }) => !rewritten.includes(bucket));
    this.records.push(...written);
    this.rewrites += rewritten.length;
  }

  restart(): void {
    this.journal = new EntryJournal(codec);
    const store = { journal: () => this.records } as unknown as StateStore;
    const replayed = [...this.journal.replay(store, 1)].map(line);
    const expected = [...this.held.values()].flatMap((each) => [...each.values()].map(line));
    assert.deepEqual(replayed.toSorted(), expected.toSorted());
  }
}

const line = ({ bucket, key, text }: Note): string => `${bucket} ${key} ${text}`;

describe("EntryJournal", () => {
  it(`gives every entry as it was last, whenever it is read (SEED=${seed})`, () => {
    const change = fc.tuple(
      fc.nat(2),
      fc.nat(12).map((n) => `["k${n}"]`),
      fc.constantFrom("", "", "a\tb\nc", "x".repeat(30_000), "é"),
    );
    const commits = fc.array(fc.tuple(fc.array(change, { maxLength: 6 }), fc.boolean()));
    fc.assert(
      fc.property(commits, (all) => {
        const world = new World();
        for (const [changes, isRestart] of all) {
          world.commit(changes);
          if (isRestart) world.restart();
        }
        world.restart();
      }),
      { seed, numRuns },
    );
  });

  it("adds little changes, and is rewritten before it is much longer than its entries", () => {
    const world = new World();
    const all = Array.from({ length: 1_000 }, (_, n) => [0, `["${n}"]`, "y".repeat(100)] as const);
    world.commit(all);
    assert.equal(world.rewrites, 1);
    for (let n = 0; n < 500; n++) world.commit(all.slice(n, n + 20));
    assert.ok(world.rewrites > 1 && world.rewrites < 20, `${world.rewrites} rewrites`);
    const size = world.records.reduce((sum, { text }) => sum + text.length, 0);
    assert.ok(size < 400_000, `${size} characters`);
    world.restart();
  });
});
