const BYTES_FIRST = 65_536;
/** UTF-8 bytes of one UTF-16 unit, at most. */
const UNIT_BYTES_MAX = 3;
const DIGITS_MAX = 20;
const BILLION = 1_000_000_000;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Writes a long text piece by piece as UTF-8, and gives it as one string: for hundreds of thousands
 * of small entries, without a string for each of their parts.
 */
export class TextWriter {
  #bytes = new Uint8Array(BYTES_FIRST);
  #at = 0;

  /** Any text, as it is. */
  text(text: string): this {
    this.#reserve(text.length * UNIT_BYTES_MAX);
    const bytes = this.#bytes;
    const start = this.#at;
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      if (unit > 0x7f) {
        this.#at = start + encoder.encodeInto(text, bytes.subarray(start)).written;
        return this;
      }
      bytes[start + index] = unit;
    }
    this.#at = start + text.length;
    return this;
  }

  /** A number as JSON has it. */
  number(value: number): this {
    if (!(Number.isSafeInteger(value) && value >= 0)) return this.text(JSON.stringify(value));
    this.#reserve(DIGITS_MAX);
    if (value < BILLION) {
      this.#digits(value, digitsOf(value));
      return this;
    }
    const high = Math.floor(value / BILLION);
    if (high < BILLION) this.#digits(high, digitsOf(high));
    else return this.text(String(value));
    this.#digits(value - high * BILLION, 9);
    return this;
  }

  /** A text as JSON has it. */
  quoted(text: string): this {
    this.#reserve(text.length + 2);
    const bytes = this.#bytes;
    const start = this.#at + 1;
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      if (unit < 0x20 || unit > 0x7e || unit === 0x22 || unit === 0x5c) {
        return this.text(JSON.stringify(text)); // over what is written so far
      }
      bytes[start + index] = unit;
    }
    bytes[start - 1] = 0x22;
    bytes[start + text.length] = 0x22;
    this.#at = start + text.length + 1;
    return this;
  }

  /** What was written; the writer is empty again. */
  take(): string {
    const text = decoder.decode(this.#bytes.subarray(0, this.#at));
    this.#at = 0;
    return text;
  }

  #digits(value: number, n: number): void {
    const bytes = this.#bytes;
    let rest = value;
    for (let at = this.#at + n - 1; at >= this.#at; at--) {
      const tenth = (rest / 10) | 0;
      bytes[at] = 0x30 + rest - tenth * 10;
      rest = tenth;
    }
    this.#at += n;
  }

  #reserve(room: number): void {
    const least = this.#at + room;
    if (least <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(least, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = larger;
  }
}

function digitsOf(value: number): number {
  let n = 1;
  for (let limit = 10; value >= limit; limit *= 10) n++;
  return n;
}
