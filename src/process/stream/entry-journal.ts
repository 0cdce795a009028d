import type { Entry, EntryCodec } from "../operators/keyed-state.ts";
import { TextWriter } from "../operators/text-writer.ts";
import type { JournalRecord, StateStore } from "../../storage/state/state.ts";

/** Entries of one record, so that no text of the store becomes huge. */
const RECORD_ENTRIES_MAX = 8_192;
/** Characters up to which a bucket's journal isn't worth rewriting. */
const SMALL_CHARACTERS = 65_536;

/** What a commit adds to the journals. */
export interface JournalChange {
  readonly written: readonly JournalRecord[];
  readonly rewritten: readonly number[];
}

/**
 * The changes of an operator's entries, one text a commit and bucket: a line `key TAB text` says
 * what an entry is now, a line `key` that the journal no longer has it. Writing an entry so costs a
 * tenth of a row of its own. A bucket's journal is rewritten, with all its entries, when that isn't
 * much more than what changed, or when it has become twice as long as it need be.
 */
export class EntryJournal<E extends Entry> {
  readonly #codec: EntryCodec<E>;
  /** Characters of each bucket's journal; of those that have one. */
  readonly #sizes = new Map<number, number>();
  /** Characters of an entry, by the last ones that were written. */
  #entrySize = 0;
  /** Keys that are to be taken out, by bucket. */
  readonly #gone = new Map<number, string[]>();

  constructor(codec: EntryCodec<E>) {
    this.#codec = codec;
  }

  /** Takes what an earlier instance wrote; gives its entries as they were last. */
  *replay(store: StateStore, operator: number): Iterable<E> {
    const buckets = new Map<number, Map<string, string>>();
    for (const { bucket, text } of store.journal(operator)) {
      const texts = buckets.get(bucket) ?? new Map<string, string>();
      buckets.set(bucket, texts);
      this.#sizes.set(bucket, (this.#sizes.get(bucket) ?? 0) + text.length);
      for (const line of text.split("\n")) {
        const tab = line.indexOf("\t");
        if (tab === -1) texts.delete(line);
        else texts.set(line.slice(0, tab), line.slice(tab + 1));
      }
    }
    for (const [bucket, texts] of buckets) {
      for (const [key, text] of texts) yield this.#codec.decode(bucket, key, text);
    }
  }

  has(bucket: number): boolean {
    return this.#sizes.has(bucket);
  }

  /** Takes an entry out, with the next change. */
  forget(bucket: number, key: string): void {
    if (!this.#sizes.has(bucket)) return;
    const gone = this.#gone.get(bucket);
    if (gone === undefined) this.#gone.set(bucket, [key]);
    else gone.push(key);
  }

  /** The whole bucket was removed. */
  forgetBucket(bucket: number): void {
    this.#sizes.delete(bucket);
    this.#gone.delete(bucket);
  }

  /**
   * What is to be written when these entries changed; `heldOf` gives all that the bucket's journal
   * must have if it is rewritten. What is forgotten comes before what is written.
   */
  change(changed: readonly E[], heldOf: (bucket: number) => ReadonlyMap<string, E>): JournalChange {
    const buckets = new Map<number, E[]>();
    for (const bucket of this.#gone.keys()) buckets.set(bucket, []);
    let entries: E[] = [];
    let last = Number.NaN;
    for (const entry of changed) {
      if (entry.bucket !== last) {
        last = entry.bucket;
        entries = buckets.get(last) ?? [];
        buckets.set(last, entries);
      }
      entries.push(entry);
    }
    const written: JournalRecord[] = [];
    const rewritten: number[] = [];
    for (const [bucket, own] of buckets) {
      const held = heldOf(bucket);
      let texts = own.length * 2 >= held.size ? undefined : this.#texts(bucket, own);
      if (texts === undefined || this.#isLong(bucket, texts, held.size)) {
        rewritten.push(bucket);
        this.forgetBucket(bucket);
        texts = this.#texts(bucket, held.values());
      }
      for (const text of texts) written.push({ bucket, text });
      if (texts.length > 0) this.#sizes.set(bucket, (this.#sizes.get(bucket) ?? 0) + sizeOf(texts));
    }
    this.#gone.clear();
    return { written, rewritten };
  }

  /** Whether these texts would make the journal much longer than one with every entry once. */
  #isLong(bucket: number, texts: readonly string[], held: number): boolean {
    const size = (this.#sizes.get(bucket) ?? 0) + sizeOf(texts);
    return size > 2 * held * this.#entrySize + SMALL_CHARACTERS;
  }

  #texts(bucket: number, entries: Iterable<E>): string[] {
    const gone = this.#gone.get(bucket);
    const texts: string[] = gone === undefined ? [] : [gone.join("\n")];
    const writer = new TextWriter();
    let lines = 0;
    const flush = (): void => {
      if (lines === 0) return;
      const text = writer.take();
      this.#entrySize = text.length / lines;
      texts.push(text);
      lines = 0;
    };
    for (const entry of entries) {
      if (lines > 0) writer.text("\n");
      writer.text(entry.key).text("\t");
      this.#codec.encode(entry, writer);
      if (++lines >= RECORD_ENTRIES_MAX) flush();
    }
    flush();
    return texts;
  }
}

const sizeOf = (texts: readonly string[]): number =>
  texts.reduce((sum, text) => sum + text.length, 0);
