import { copyBytes } from "../../core/copy-bytes.ts";
import { LIMITS } from "../../core/limits.ts";
import { BYTE, UNESCAPED } from "./byte-class.ts";
import { FOUND, type EventScanner } from "./event-scanner.ts";
import { CODE, UNCLEAN, type ScanProgram } from "./program.ts";
import { readFloat, readScaled } from "./scan-number.ts";
import { putHead, putInt64, putLength, putRange, type Stage } from "./stage.ts";
import { judgeTime, timeVerdict } from "./time-rules.ts";
import { readTime } from "./read-time.ts";

/** What a request says about the times of its events. */
export interface Arrival {
  readonly nowMs: number;
  /** The client's clock when it sent the batch; NaN when it doesn't say. */
  readonly sentAt: number;
  /** Bits that every row of the request has in `_flags`. */
  readonly flags: number;
}

/** Other times than the event's must fit ClickHouse's DateTime64: 1900 to 2299. */
export const STORED_TIME = { leastMs: -2_208_988_800_000, mostMs: 10_413_791_999_999 } as const;

const POWERS = Array.from({ length: 19 }, (_, power) => 10 ** power);

/** Writes what a scanner found as staged rows: whole, or nothing where a value needs asking. */
export class FoundWriter {
  readonly #program: ScanProgram;
  readonly #scanner: EventScanner;
  stage: Stage;
  readonly #verdict = timeVerdict();

  constructor(program: ScanProgram, scanner: EventScanner, stage: Stage) {
    this.#program = program;
    this.#scanner = scanner;
    this.stage = stage;
  }

  /** False: ask. `length` is the number of bytes of the event's JSON. */
  write(bytes: Uint8Array, length: number, eventIndex: number, arrival: Arrival): boolean {
    const { leaves, time: timeLeaf, fixedBytes } = this.#program;
    const scanner = this.#scanner;
    const stage = this.stage;
    if (!this.#judge(bytes, timeLeaf, arrival)) return false;
    stage.reserve(length + fixedBytes + scanner.undeclaredLength);
    const row = stage.rows;
    const start = stage.length;
    const base = row * stage.columns;
    const out = stage.bytes;
    const outView = stage.view;
    const bodyView = scanner.view;
    const { columnAt } = stage;
    const { found, starts, ends } = scanner;
    const { nullable, plainText, maybeAbsent } = this.#program;
    const count = leaves.length;
    let to = putHead(stage.view, start, arrival.nowMs, this.#verdict.flags | arrival.flags);
    for (let leaf = 0; leaf < count; leaf++) {
      columnAt[base + leaf] = to;
      const what = found[leaf]!;
      if (what === FOUND.absent && maybeAbsent[leaf] === 1) {
        out[to++] = 1;
      } else if (what === FOUND.string && plainText[leaf] === 1) {
        if (nullable[leaf] === 1) out[to++] = 0;
        const from = starts[leaf]!;
        const end = ends[leaf]!;
        to = copyBytes(outView, putLength(out, to, end - from), bodyView, from, end);
      } else {
        to = leaf === timeLeaf ? this.#time(leaf, to) : this.#leaf(bytes, leaf, to);
        if (to < 0) return false;
      }
    }
    stage.time[row] = this.#verdict.time;
    stage.timeOriginal[row] = this.#verdict.original;
    stage.eventAt[row] = eventIndex;
    stage.startAt[row] = start;
    stage.leavesEnd[row] = to;
    if (scanner.undeclaredLength > 0) {
      stage.bytes[to++] = BYTE.openBrace;
      to = putRange(stage.bytes, to, scanner.undeclared, 0, scanner.undeclaredLength);
      stage.bytes[to++] = BYTE.closeBrace;
    }
    stage.undeclaredEnd[row] = to;
    stage.originalEnd[row] = to;
    stage.length = to;
    stage.rows = row + 1;
    return true;
  }

  #judge(bytes: Uint8Array, leaf: number, arrival: Arrival): boolean {
    const { found, starts, ends, sentAtStart, sentAtEnd } = this.#scanner;
    if (found[leaf] !== FOUND.string) return false;
    let sentAt = arrival.sentAt;
    if (sentAtEnd > 0) {
      sentAt = readTime(bytes, sentAtStart, sentAtEnd);
      if (Number.isNaN(sentAt)) return false;
    }
    const client = readTime(bytes, starts[leaf]!, ends[leaf]!);
    if (Number.isNaN(client)) return false;
    judgeTime(client, sentAt, arrival.nowMs, this.#verdict);
    return !Number.isNaN(this.#verdict.time);
  }

  #time(leaf: number, at: number): number {
    const { bytes, view } = this.stage;
    let to = at;
    if (this.#program.nullable[leaf] === 1) bytes[to++] = 0;
    return putInt64(view, to, this.#verdict.time);
  }

  /** The position after the leaf's value; -1: ask. */
  #leaf(bytes: Uint8Array, leaf: number, at: number): number {
    const { nullable, codes, scales, precisions } = this.#program;
    const scanner = this.#scanner;
    const out = this.stage.bytes;
    const found = scanner.found[leaf]!;
    let to = at;
    if (found === FOUND.absent || found === FOUND.null) {
      if (this.#program.maybeAbsent[leaf] === 0) return -1;
      out[to] = 1;
      return to + 1;
    }
    if (nullable[leaf] === 1) out[to++] = 0;
    const start = scanner.starts[leaf]!;
    const end = scanner.ends[leaf]!;
    switch (codes[leaf]) {
      case CODE.string:
        return this.#text(bytes, leaf, found, start, end, to);
      case CODE.id:
        if (found !== FOUND.string || start === end || end - start > LIMITS.idCharactersMax) {
          return -1;
        }
        return this.#text(bytes, leaf, found, start, end, to);
      case CODE.oneOf:
        if (found !== FOUND.string) return -1;
        if (this.#program.oneOfs[leaf]!.find(bytes, start, end) === -1) return -1;
        return this.#text(bytes, leaf, found, start, end, to);
      case CODE.integer:
        if (found !== FOUND.number) return -1;
        return this.#scaled(bytes, start, end, 0, 18, to, false);
      case CODE.decimal64:
      case CODE.decimal128:
        if (found !== FOUND.number && found !== FOUND.string) return -1;
        // prettier-ignore
        return this.#scaled(
          bytes, start, end, scales[leaf]!, precisions[leaf]!, to, codes[leaf] === CODE.decimal128,
        );
      case CODE.float: {
        const value = found === FOUND.number ? readFloat(bytes, start, end) : Number.NaN;
        if (Number.isNaN(value)) return -1;
        this.stage.view.setFloat64(to, value, true);
        return to + 8;
      }
      case CODE.boolean:
        if (found !== FOUND.true && found !== FOUND.false) return -1;
        out[to] = found === FOUND.true ? 1 : 0;
        return to + 1;
      default: {
        const ms = found === FOUND.string ? readTime(bytes, start, end) : Number.NaN;
        if (!(ms >= STORED_TIME.leastMs && ms <= STORED_TIME.mostMs)) return -1;
        return putInt64(this.stage.view, to, ms);
      }
    }
  }

  #scaled(
    bytes: Uint8Array,
    start: number,
    end: number,
    scale: number,
    precision: number,
    at: number,
    wide: boolean,
  ): number {
    const value = readScaled(bytes, start, end, scale);
    if (Number.isNaN(value)) return -1;
    if (precision < 16 && Math.abs(value) >= POWERS[precision]!) return -1;
    const { view } = this.stage;
    let to = putInt64(view, at, value);
    if (wide) {
      view.setInt32(to, value < 0 ? -1 : 0, true);
      view.setInt32(to + 4, value < 0 ? -1 : 0, true);
      to += 8;
    }
    return to;
  }

  #text(
    bytes: Uint8Array,
    leaf: number,
    found: number,
    start: number,
    end: number,
    at: number,
  ): number {
    const unclean = this.#program.unclean[leaf]!;
    const out = this.stage.bytes;
    if (found === FOUND.string) {
      if (unclean !== 0 && !isClean(bytes, start, end, unclean)) return -1;
      const to = putLength(out, at, end - start);
      return copyBytes(this.stage.view, to, this.#scanner.view, start, end);
    }
    if (found !== FOUND.escaped || unclean !== 0) return -1;
    let escapes = 0;
    for (let from = start; from < end; from++) {
      if (bytes[from] === BYTE.backslash) {
        escapes++;
        from++;
      }
    }
    let to = putLength(out, at, end - start - escapes);
    for (let from = start; from < end; from++) {
      const byte = bytes[from]!;
      out[to++] = byte === BYTE.backslash ? UNESCAPED[bytes[++from]!]! : byte;
    }
    return to;
  }
}

/** Whether the clean steps with these bits certainly leave a string as it is. */
function isClean(bytes: Uint8Array, start: number, end: number, unclean: number): boolean {
  if (start === end) return true;
  if ((unclean & UNCLEAN.edgeSpace) !== 0) {
    if (bytes[start]! <= BYTE.space || bytes[end - 1]! <= BYTE.space) return false;
  }
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte > 127) return false;
    if (byte >= 65 && byte <= 90 && (unclean & UNCLEAN.upper) !== 0) return false;
    if (byte >= 97 && byte <= 122 && (unclean & UNCLEAN.lower) !== 0) return false;
  }
  return true;
}
