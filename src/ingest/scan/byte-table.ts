const QUOTE = 34;

/** Finds a text among a few known ones by its bytes: open addressing over a hash of four bytes. */
export class ByteTable {
  readonly #mask: number;
  readonly #slots: Int16Array;
  /** The texts one after another, each with a quote behind it. */
  readonly #pool: Uint8Array;
  readonly #view: DataView;
  /** Where each text begins, and where one more would. */
  readonly #starts: Int32Array;

  /** How many texts there are. */
  get size(): number {
    return this.#starts.length - 1;
  }

  /** The index of a text in `texts` is what `find` gives. */
  constructor(texts: readonly string[]) {
    const encoded = texts.map((text) => new TextEncoder().encode(text));
    let size = 8;
    while (size < texts.length * 4) size *= 2;
    this.#mask = size - 1;
    this.#slots = new Int16Array(size).fill(-1);
    this.#starts = new Int32Array(texts.length + 1);
    this.#pool = new Uint8Array(encoded.reduce((sum, each) => sum + each.length + 1, 0));
    this.#view = new DataView(this.#pool.buffer);
    let at = 0;
    for (const [index, bytes] of encoded.entries()) {
      this.#pool.set(bytes, at);
      at += bytes.length;
      this.#pool[at++] = QUOTE;
      this.#starts[index + 1] = at;
      let slot = hashOf(bytes, 0, bytes.length) & this.#mask;
      while (this.#slots[slot] !== -1) slot = (slot + 1) & this.#mask;
      this.#slots[slot] = index;
    }
  }

  /** The index of the text whose UTF-8 is `bytes[start, end)`; -1 when it isn't among them. */
  find(bytes: Uint8Array, start: number, end: number): number {
    let slot = hashOf(bytes, start, end) & this.#mask;
    for (;;) {
      const index = this.#slots[slot]!;
      if (index === -1 || this.is(index, bytes, start, end)) return index;
      slot = (slot + 1) & this.#mask;
    }
  }

  /**
   * The end of the text at `index` where `view`, which ends at `end`, has it and a quote from
   * `start` on; else -1.
   */
  endAt(index: number, view: DataView, start: number, end: number): number {
    const own = this.#view;
    let from = this.#starts[index]!;
    const to = this.#starts[index + 1]!;
    if (start + to - from > end) return -1;
    let at = start;
    for (; from + 4 <= to; from += 4, at += 4) {
      if (own.getInt32(from) !== view.getInt32(at)) return -1;
    }
    for (; from < to; from++) if (own.getUint8(from) !== view.getUint8(at++)) return -1;
    return at - 1;
  }

  /** Whether `bytes[start, end)` is the text at `index`. */
  is(index: number, bytes: Uint8Array, start: number, end: number): boolean {
    const pool = this.#pool;
    let from = this.#starts[index]!;
    if (this.#starts[index + 1]! - 1 - from !== end - start) return false;
    for (let at = start; at < end; at++) if (bytes[at] !== pool[from++]) return false;
    return true;
  }
}

function hashOf(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length === 0) return 0;
  return (
    length * 5 +
    bytes[start]! +
    bytes[end - 1]! * 3 +
    bytes[start + (length >> 1)]! * 7 +
    bytes[start + (length >> 2)]! * 11
  );
}
