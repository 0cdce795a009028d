/** One bit a row. */
export class RowBits {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  static of(count: number): RowBits {
    return new RowBits(new Uint8Array(Math.ceil(count / 8)));
  }

  has(index: number): boolean {
    return ((this.bytes[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;
  }

  add(index: number): void {
    this.bytes[index >> 3]! |= 1 << (index & 7);
  }
}
