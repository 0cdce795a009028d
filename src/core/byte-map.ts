import { murmur2 } from "./murmur2.ts";

/** Words of an entry: where its bytes are, how many of them are key, how many value (-1: none). */
const ENTRY_WORDS = 3;
const ENTRIES_FIRST = 64;
const BYTES_FIRST = 4_096;

/**
 * Values by keys, both bytes, outside of the heap: however many there are, the garbage collector
 * has nothing to walk through. A key may be there without a value. Entries are never removed one by
 * one; a value that grows leaves its old bytes behind until half of all bytes are such waste.
 */
export class ByteMap {
  /** By hash: the hash, and the entry's number plus 1; 0: empty. At most half of them are taken. */
  #slots = new Int32Array(ENTRIES_FIRST * 4);
  #entries = new Int32Array(ENTRIES_FIRST * ENTRY_WORDS);
  #bytes = new Uint8Array(BYTES_FIRST);
  #used = 0;
  #wasted = 0;
  #size = 0;

  /** Keys that are there. */
  get size(): number {
    return this.#size;
  }

  /** The number of the entry whose key is `key[start, end)`; -1 when there is none. */
  find(key: Uint8Array, start = 0, end = key.length): number {
    const hash = murmur2(key, start, end);
    const mask = this.#slots.length / 2 - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#slots[slot * 2 + 1]! - 1;
      if (entry === -1) return -1;
      if (this.#slots[slot * 2] === hash && this.#isKey(entry, key, start, end)) return entry;
    }
  }

  hasValue(entry: number): boolean {
    return this.#entries[entry * ENTRY_WORDS + 2]! >= 0;
  }

  /** The value's bytes, until the next `set`; undefined when the key has none. */
  value(entry: number): Uint8Array | undefined {
    const at = this.#entries[entry * ENTRY_WORDS]!;
    const keyLength = this.#entries[entry * ENTRY_WORDS + 1]!;
    const length = this.#entries[entry * ENTRY_WORDS + 2]!;
    if (length < 0) return undefined;
    return this.#bytes.subarray(at + keyLength, at + keyLength + length);
  }

  /** Puts or replaces a key's value. */
  set(key: Uint8Array, value: Uint8Array | undefined): void {
    const known = this.find(key);
    const length = value?.length ?? 0;
    if (known === -1) this.#add(key, length);
    else if (length > Math.max(0, this.#entries[known * ENTRY_WORDS + 2]!)) {
      this.#move(known, key, length);
    }
    const entry = known === -1 ? this.#size - 1 : known;
    const at = this.#entries[entry * ENTRY_WORDS]! + key.length;
    if (value !== undefined) this.#bytes.set(value, at);
    this.#entries[entry * ENTRY_WORDS + 2] = value === undefined ? -1 : length;
  }

  #isKey(entry: number, key: Uint8Array, start: number, end: number): boolean {
    const bytes = this.#bytes;
    let at = this.#entries[entry * ENTRY_WORDS]!;
    if (this.#entries[entry * ENTRY_WORDS + 1]! !== end - start) return false;
    for (let from = start; from < end; from++) if (bytes[at++] !== key[from]) return false;
    return true;
  }

  #add(key: Uint8Array, valueLength: number): void {
    if ((this.#size + 1) * ENTRY_WORDS > this.#entries.length) this.#growEntries();
    const entry = this.#size++;
    this.#place(entry, key, valueLength);
    this.#link(entry, murmur2(key));
  }

  #move(entry: number, key: Uint8Array, valueLength: number): void {
    this.#wasted += key.length + Math.max(0, this.#entries[entry * ENTRY_WORDS + 2]!);
    this.#place(entry, key, valueLength);
  }

  /** Writes the key where there is room for it and its value. */
  #place(entry: number, key: Uint8Array, valueLength: number): void {
    this.#reserve(key.length + valueLength);
    this.#entries[entry * ENTRY_WORDS] = this.#used;
    this.#entries[entry * ENTRY_WORDS + 1] = key.length;
    this.#entries[entry * ENTRY_WORDS + 2] = -1;
    this.#bytes.set(key, this.#used);
    this.#used += key.length + valueLength;
  }

  #link(entry: number, hash: number): void {
    const mask = this.#slots.length / 2 - 1;
    let slot = hash & mask;
    while (this.#slots[slot * 2 + 1] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot * 2] = hash;
    this.#slots[slot * 2 + 1] = entry + 1;
  }

  #growEntries(): void {
    const entries = new Int32Array(this.#entries.length * 2);
    entries.set(this.#entries);
    this.#entries = entries;
    const old = this.#slots;
    this.#slots = new Int32Array(old.length * 2);
    for (let slot = 0; slot < old.length; slot += 2) {
      if (old[slot + 1] !== 0) this.#link(old[slot + 1]! - 1, old[slot]!);
    }
  }

  #reserve(more: number): void {
    if (this.#used + more <= this.#bytes.length) return;
    const kept = this.#used - this.#wasted + more;
    const size = kept > this.#bytes.length / 2 ? kept * 2 : this.#bytes.length;
    const bytes = new Uint8Array(size);
    let to = 0;
    for (let at = 0; at < this.#size * ENTRY_WORDS; at += ENTRY_WORDS) {
      const from = this.#entries[at]!;
      const length = this.#entries[at + 1]! + Math.max(0, this.#entries[at + 2]!);
      bytes.set(this.#bytes.subarray(from, from + length), to);
      this.#entries[at] = to;
      to += length;
    }
    this.#bytes = bytes;
    this.#used = to;
    this.#wasted = 0;
  }
}
