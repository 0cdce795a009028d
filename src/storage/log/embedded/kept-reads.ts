import { LIMITS } from "../../../core/limits.ts";
import type { Batch, LogReader, ReadRequest } from "../log.ts";
import { giveBack } from "./give-back.ts";

/**
 * What one reader has read, kept for another that comes a little later and would read the same:
 * from the disk, through SQLite, with its checksum. Bounded: what finds no room isn't kept, and the
 * later reader reads it from the log. Both readers are done with the rows of a read when they ask
 * for the next; the log must not take them back itself.
 */
export class KeptReads {
  readonly #log: LogReader;
  readonly #bytesMax: number;
  /** By topic and partition, in the order of the log; there may be gaps. */
  readonly #kept = new Map<string, Batch[]>();
  #bytes = 0;
  /** Batches that are given back with the next read of the first reader, and of the second. */
  #passing: readonly Batch[] = [];
  #taken: readonly Batch[] = [];

  constructor(log: LogReader, bytesMax: number = LIMITS.keptReadsBytesMax) {
    this.#log = log;
    this.#bytesMax = bytesMax;
  }

  /** The reader whose batches are kept. */
  get first(): LogReader {
    return reading(this.#log, (request) => this.#readFirst(request));
  }

  /** The reader that takes them. */
  get second(): LogReader {
    return reading(this.#log, (request) => this.#readSecond(request));
  }

  #readFirst(request: ReadRequest): Batch[] {
    for (const { rows } of this.#passing) giveBack(rows);
    const batches = this.#log.read(request);
    this.#passing = batches.filter((batch) => !this.#keep(batch));
    return batches;
  }

  #readSecond(request: ReadRequest): Batch[] {
    for (const { rows } of this.#taken) giveBack(rows);
    const kept = this.#take(request);
    this.#taken = kept.length > 0 ? kept : this.#log.read(request);
    return [...this.#taken];
  }

  #keep(batch: Batch): boolean {
    if (this.#bytes + batch.rows.length > this.#bytesMax) return false;
    const key = keyOf(batch);
    const kept = this.#kept.get(key);
    if (kept === undefined) this.#kept.set(key, [batch]);
    else if (kept.length > 0 && kept.at(-1)!.endOffset > batch.baseOffset) return false;
    else kept.push(batch);
    this.#bytes += batch.rows.length;
    return true;
  }

  /** What is kept from exactly there on, without a gap; what is before it goes. */
  #take({ topic, partition, from, bytesMax = LIMITS.readBytesMax }: ReadRequest): Batch[] {
    const kept = this.#kept.get(keyOf({ topic, partition })) ?? [];
    let passed = 0;
    while (passed < kept.length && kept[passed]!.endOffset <= from) passed++;
    for (const { rows } of this.#remove(kept, passed)) giveBack(rows);
    let end = from;
    let bytes = 0;
    let n = 0;
    for (; n < kept.length && kept[n]!.baseOffset === end; n++) {
      bytes += kept[n]!.rows.length;
      if (n > 0 && bytes > bytesMax) break;
      end = kept[n]!.endOffset;
    }
    return this.#remove(kept, n);
  }

  #remove(kept: Batch[], n: number): Batch[] {
    const removed = kept.splice(0, n);
    for (const { rows } of removed) this.#bytes -= rows.length;
    return removed;
  }
}

const keyOf = ({ topic, partition }: Pick<Batch, "topic" | "partition">): string =>
  `${partition} ${topic}`;

/** The log with another way to read it. */
const reading = (log: LogReader, read: LogReader["read"]): LogReader => ({
  read,
  ends: () => log.ends(),
  changed: () => log.changed(),
  topics: () => log.topics(),
  progress: (topic) => log.progress(topic),
  positions: (reader) => log.positions(reader),
  ledger: (query) => log.ledger(query),
  quarantined: (query) => log.quarantined(query),
  locate: (hash, receivedAt) => log.locate(hash, receivedAt),
  close: () => log.close(),
});
