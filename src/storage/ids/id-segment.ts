import { closeSync, openSync, readSync, statSync, unlinkSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { assert, MillraceError } from "../../core/errors.ts";
import { BloomFilter } from "./bloom-filter.ts";
import { SLOT_WORDS, type IdTable } from "./id-table.ts";

/**
 * A segment file: a header page, the table's image, the filter.
 *
 *   0    "MRIDSEG1"
 *   8    u32 slot bits, u32 ids
 *   16   f64 base ms, f64 newest ms
 *   32   u32 words of the filter, u32 CRC-32 of the filter, u32 CRC-32 of bytes 0–39
 *   4096 2^bits slots of 16 bytes, then the filter
 */
const MAGIC = "MRIDSEG1";
const PAGE_BYTES = 4096;
const SLOT_BYTES = SLOT_WORDS * 4;
const SLOTS_PER_PAGE = PAGE_BYTES / SLOT_BYTES;
const HEADER_BYTES = 40;
const WRITE_BYTES = 4 * 1024 * 1024;
const FILTER_SLOTS_A_TURN = 65_536;
const FILTER_WORDS_A_READ = 256 * 1024;

/**
 * Writes a table as a segment file, without holding up the thread for long: the file is whole and
 * synced, with its name, when the promise resolves, and absent otherwise. Its filter is made for
 * `filterIds`, those of other segments that will share it included.
 */
export async function writeSegment(file: string, table: IdTable, filterIds: number): Promise<void> {
  try {
    await write(file, table, filterIds);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
    throw new MillraceError("STORAGE_FULL", `no room left to write ${file}`, {
      hint: "free space on this disk, then send again",
      cause: error,
    });
  }
}

async function write(file: string, table: IdTable, filterIds: number): Promise<void> {
  const filter = await filterOf(table, filterIds);
  const filterBytes = bytesOf(filter.words);
  const header = Buffer.alloc(PAGE_BYTES);
  header.write(MAGIC, "latin1");
  header.writeUInt32LE(table.slotBits, 8);
  header.writeUInt32LE(table.count, 12);
  header.writeDoubleLE(table.baseMs, 16);
  header.writeDoubleLE(table.newestMs, 24);
  header.writeUInt32LE(filter.words.length, 32);
  header.writeUInt32LE(crc32(filterBytes), 36);
  header.writeUInt32LE(crc32(header.subarray(0, HEADER_BYTES)), HEADER_BYTES);
  const handle = await open(`${file}.tmp`, "w");
  try {
    for (const part of [header, bytesOf(table.image), filterBytes]) {
      for (let at = 0; at < part.length; at += WRITE_BYTES) {
        await handle.writeFile(part.subarray(at, at + WRITE_BYTES));
      }
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${file}.tmp`, file);
  const folder = await open(dirname(file), "r");
  await folder.sync().finally(() => folder.close());
}

async function filterOf(table: IdTable, filterIds: number): Promise<BloomFilter> {
  const filter = BloomFilter.forIds(filterIds);
  const words = table.image;
  for (let at = 0; at < words.length; at += SLOT_WORDS) {
    if (words[at + 3] !== 0) filter.add(words[at + 1]!, words[at + 2]!);
    if (at % (FILTER_SLOTS_A_TURN * SLOT_WORDS) === 0) await nextTurn();
  }
  return filter;
}

/** A segment on disk. */
export class IdSegment {
  readonly file: string;
  readonly baseMs: number;
  readonly newestMs: number;
  readonly count: number;
  readonly filterWords: number;
  readonly #fd: number;
  readonly #bits: number;
  readonly #page = new Uint32Array(PAGE_BYTES / 4);
  readonly #pageBytes = bytesOf(this.#page);
  readonly #filterAt: number;
  readonly #filterCrc: number;

  /** Opens a segment; `STORAGE_CORRUPT` when its header or length isn't what was written. */
  constructor(file: string) {
    this.file = file;
    this.#fd = openSync(file, "r");
    const header = Buffer.alloc(PAGE_BYTES);
    this.#read(header, 0);
    const intact =
      header.toString("latin1", 0, 8) === MAGIC &&
      header.readUInt32LE(HEADER_BYTES) === crc32(header.subarray(0, HEADER_BYTES));
    if (!intact) throw this.#corrupt("header");
    this.#bits = header.readUInt32LE(8);
    this.count = header.readUInt32LE(12);
    this.baseMs = header.readDoubleLE(16);
    this.newestMs = header.readDoubleLE(24);
    this.filterWords = header.readUInt32LE(32);
    this.#filterAt = PAGE_BYTES + 2 ** this.#bits * SLOT_BYTES;
    this.#filterCrc = header.readUInt32LE(36);
    if (statSync(file).size !== this.#filterAt + this.filterWords * 4)
      throw this.#corrupt("length");
  }

  /** Whether its filter was made to be shared. */
  get isFull(): boolean {
    return this.filterWords > BloomFilter.wordsFor(this.count);
  }

  /** Reads its filter; `STORAGE_CORRUPT` when that isn't what was written. */
  readFilter(): BloomFilter {
    const words = new Uint32Array(this.filterWords);
    this.#eachFilterPart((part, at) => words.set(part, at));
    return BloomFilter.fromWords(words);
  }

  /** Adds what its filter has to another of the same size. */
  addFilterTo(filter: BloomFilter): void {
    const merged = filter.words;
    this.#eachFilterPart((part, from) => {
      for (let at = 0; at < part.length; at++) merged[from + at] = merged[from + at]! | part[at]!;
    });
  }

  /** Part by part, lest the memory of a whole filter be taken and given back for each segment. */
  #eachFilterPart(take: (part: Uint32Array, at: number) => void): void {
    const buffer = new Uint32Array(Math.min(this.filterWords, FILTER_WORDS_A_READ));
    let crc = 0;
    for (let at = 0; at < this.filterWords; at += buffer.length) {
      const part = buffer.subarray(0, Math.min(buffer.length, this.filterWords - at));
      this.#read(bytesOf(part), this.#filterAt + at * 4);
      crc = crc32(bytesOf(part), crc);
      take(part, at);
    }
    if (crc !== this.#filterCrc) throw this.#corrupt("filter");
  }

  /** Received time of a hash, ms; -1 when it isn't there. Reads one page, seldom two. */
  find(h0: number, h1: number, h2: number): number {
    const slots = 2 ** this.#bits;
    const page = this.#page;
    let slot = h0 >>> (32 - this.#bits);
    for (let seen = 0; seen < slots;) {
      const first = slot - (slot % SLOTS_PER_PAGE);
      this.#read(this.#pageBytes, PAGE_BYTES + first * SLOT_BYTES);
      for (let at = (slot - first) * SLOT_WORDS; at < page.length; at += SLOT_WORDS) {
        if (page[at + 3] === 0) return -1;
        if (page[at] === h0 && page[at + 1] === h1 && page[at + 2] === h2) {
          return this.baseMs + (page[at + 3]! - 1);
        }
        seen++;
      }
      slot = (first + SLOTS_PER_PAGE) % slots;
    }
    return -1;
  }

  close(): void {
    closeSync(this.#fd);
  }

  delete(): void {
    this.close();
    unlinkSync(this.file);
  }

  #read(into: Uint8Array, position: number): void {
    const read = readSync(this.#fd, into, 0, into.length, position);
    if (read !== into.length) throw this.#corrupt("length");
  }

  #corrupt(what: string): MillraceError {
    return new MillraceError("STORAGE_CORRUPT", `${this.file}: its ${what} is damaged`, {
      hint: "remove the folder it is in: the index is rebuilt from the log at the next start",
    });
  }
}

function bytesOf(words: Uint32Array): Uint8Array {
  assert(words.byteLength % 4 === 0, "whole words");
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}
