/** Bytes that are written one after the other into a buffer that grows. */
export class ByteWriter {
  #bytes: Uint8Array;
  #view: DataView;
  /** Where the next byte goes. */
  at = 0;

  constructor(bytesFirst = 1_024) {
    this.#bytes = new Uint8Array(bytesFirst);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** A copy of what was written since `take` or the start. */
  take(): Uint8Array {
    const taken = this.#bytes.slice(0, this.at);
    this.at = 0;
    return taken;
  }

  /** The bytes from `start` to here; valid until the next write. */
  written(start: number): Uint8Array {
    return this.#bytes.subarray(start, this.at);
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.at++] = value;
  }

  copy(from: Uint8Array, start: number, end: number): void {
    const length = end - start;
    this.#reserve(length);
    if (length > 64) this.#bytes.set(from.subarray(start, end), this.at);
    else for (let at = 0; at < length; at++) this.#bytes[this.at + at] = from[start + at]!;
    this.at += length;
  }

  /** A whole number below 2^53 in groups of seven bits, the lowest first (LEB128). */
  varint(value: number): void {
    this.#reserve(10);
    let rest = value;
    while (rest > 127) {
      this.#bytes[this.at++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.at++] = rest;
  }

  /** 64 bits in groups of seven, the lowest first. */
  varint64(value: bigint): void {
    this.#reserve(10);
    let rest = BigInt.asUintN(64, value);
    while (rest > 127n) {
      this.#bytes[this.at++] = Number(rest & 127n) | 128;
      rest >>= 7n;
    }
    this.#bytes[this.at++] = Number(rest);
  }

  /** Little-endian. */
  uint32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.at, value, true);
    this.at += 4;
  }

  /** Little-endian. */
  int64(value: bigint): void {
    this.#reserve(8);
    this.#view.setBigInt64(this.at, BigInt.asIntN(64, value), true);
    this.at += 8;
  }

  #reserve(bytes: number): void {
    if (this.at + bytes <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.at + bytes));
    grown.set(this.#bytes.subarray(0, this.at));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
