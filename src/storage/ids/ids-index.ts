import { existsSync, mkdirSync, readdirSync, unlinkSync } from "node:fs";
import { assert, MillraceError } from "../../core/errors.ts";
import { LIMITS } from "../../core/limits.ts";
import { HASH_WORDS } from "./identity-hash.ts";
import { IdSegment, writeSegment } from "./id-segment.ts";
import { IdTable } from "./id-table.ts";
import { GROUP_SEGMENTS_MAX, SegmentGroup } from "./segment-group.ts";

const DAY_MS = 86_400_000;

/** Longest horizon, ms: what 32 bits of a segment can tell. */
export const HORIZON_MAX_MS = 30 * DAY_MS;

export interface IdsIndexOptions<Mark> {
  /** Folder of the index's own. */
  readonly dir: string;
  /** How long an id is remembered, ms: at most 30 days. */
  readonly horizonMs: number;
  /** What the log's ends are now, when a table is complete. */
  readonly mark: () => Mark;
  /** Called when everything before a mark is in segments on disk. */
  readonly covered: (mark: Mark) => void;
  readonly tableIdsMax?: number;
  readonly filterBytesMax?: number;
}

/** How large the index is. */
export interface IdsIndexStats {
  readonly ids: number;
  readonly segments: number;
  readonly tableBytes: number;
  readonly filterBytes: number;
  /** Segments whose filter had no room. */
  readonly segmentsWithoutFilter: number;
}

interface FrozenTable<Mark> {
  readonly table: IdTable;
  /** Absent while the table is being restored: it doesn't cover all of the log then. */
  readonly mark: Mark | undefined;
}

/**
 * Which identities were accepted, and when: the memory of the gate (design §3.2). A hash is a
 * duplicate when the newest acceptance of it is at most the horizon ago; one accepted again after
 * that counts from then on.
 *
 *   check ──▶ table in memory ──full──▶ frozen table ──written──▶ segments on disk, newest first
 *
 * Memory is bound: two tables of `tableIdsMax` ids (64 MB each at 3 million) and `filterBytesMax` of
 * filters, beyond which the oldest segments are looked up without one. A filter serves up to four
 * full segments. The tables are rebuilt from
 * the log after a crash (`restore`). One thread; received times must not run backwards.
 */
export class IdsIndex<Mark> {
  readonly #options: Required<IdsIndexOptions<Mark>>;
  /** Whether the folder had to be made: then the whole log has to be restored. */
  readonly isNew: boolean;
  readonly #spanMaxMs: number;
  #table: IdTable | undefined;
  #frozen: FrozenTable<Mark> | undefined;
  #writing: Promise<void> | undefined;
  /** Oldest first. */
  #groups: SegmentGroup[] = [];
  #nextSegment = 1;
  /** Where a filter writes the indices it found; one longer than the hashes. */
  #found = new Int32Array(1_024);
  /** What `check` put since the last commit: slot and the time that was there. */
  #journal: number[] = [];

  constructor(options: IdsIndexOptions<Mark>) {
    if (!(options.horizonMs > 0 && options.horizonMs <= HORIZON_MAX_MS)) {
      throw new MillraceError("CONFIG_INVALID", `a dedup horizon of ${options.horizonMs} ms`, {
        hint: "the horizon is between 1 ms and 30 days",
      });
    }
    this.#options = {
      tableIdsMax: LIMITS.dedupTableIdsMax,
      filterBytesMax: LIMITS.dedupFilterBytesMax,
      ...options,
    };
    this.#spanMaxMs = Math.min(options.horizonMs / 4, DAY_MS);
    this.isNew = !existsSync(options.dir);
    mkdirSync(options.dir, { recursive: true });
    this.#openSegments();
  }

  /**
   * Makes room for `ids` hashes at `receivedAt`, so that the checks until the next commit can be
   * made at once. Waits only when a full table is still being written; `STORAGE_FULL` or another
   * error when it can't be.
   */
  async reserve(ids: number, receivedAt: number): Promise<void> {
    await this.#makeRoom(ids, receivedAt, this.#options.mark);
  }

  /**
   * Of each hash (three words), whether it is a duplicate (1), also of an earlier one in `hashes`.
   * Those that aren't are remembered as accepted at `receivedAt`, until `rollback`.
   */
  check(hashes: Uint32Array, receivedAt: number): Uint8Array {
    const table = this.#table;
    assert(table !== undefined, "reserve comes before check");
    const count = hashes.length / HASH_WORDS;
    const horizonMs = this.#options.horizonMs;
    const duplicate = this.#checkOlder(hashes, count, receivedAt - horizonMs);
    table.warm(hashes, HASH_WORDS);
    for (let index = 0; index < count; index++) {
      if (duplicate[index] === 1) continue;
      const at = index * HASH_WORDS;
      const h0 = hashes[at]!;
      const h1 = hashes[at + 1]!;
      const h2 = hashes[at + 2]!;
      const slot = table.slotOf(h0, h1, h2);
      const time = table.timeAt(slot);
      if (time !== -1 && receivedAt - time <= horizonMs) {
        duplicate[index] = 1;
        continue;
      }
      table.put(slot, h0, h1, h2, receivedAt);
      this.#journal.push(slot, time);
    }
    return duplicate;
  }

  /** What was checked is in the log. */
  commit(): void {
    this.#journal.length = 0;
  }

  /** What was checked is not in the log, and not remembered. */
  rollback(): void {
    const journal = this.#journal;
    for (let at = journal.length - 2; at >= 0; at -= 2) {
      this.#table!.undo(journal[at]!, journal[at + 1]!);
    }
    journal.length = 0;
  }

  /** Puts back, in the log's order, what was accepted since the last covered mark. */
  async restore(hashes: Uint32Array, receivedAt: number): Promise<void> {
    const count = hashes.length / HASH_WORDS;
    await this.#makeRoom(count, receivedAt, () => undefined);
    const table = this.#table!;
    for (let at = 0; at < hashes.length; at += HASH_WORDS) {
      const slot = table.slotOf(hashes[at]!, hashes[at + 1]!, hashes[at + 2]!);
      table.put(slot, hashes[at]!, hashes[at + 1]!, hashes[at + 2]!, receivedAt);
    }
  }

  /** When a hash was last accepted, ms; `undefined` when it isn't remembered (any more). */
  find(hash: Uint32Array): number | undefined {
    const [h0 = 0, h1 = 0, h2 = 0] = hash;
    for (const table of [this.#table, this.#frozen?.table]) {
      const time = table?.timeAt(table.slotOf(h0, h1, h2)) ?? -1;
      if (time !== -1) return time;
    }
    for (const group of this.#groups.toReversed()) {
      const time = group.find(hash);
      if (time !== -1) return time;
    }
    return undefined;
  }

  /** Resolves when no table waits for the disk; tries again to write one that failed. */
  async flushed(): Promise<void> {
    if (this.#writing === undefined && this.#frozen !== undefined) this.#write();
    await this.#writing;
  }

  /**
   * For the times without events: begins to write a table that is due by its age, and, when memory
   * holds nothing, says that all of the log is covered.
   */
  async settle(receivedAt: number): Promise<void> {
    await this.reserve(0, receivedAt);
    if (this.#table?.count === 0 && this.#frozen === undefined) {
      this.#options.covered(this.#options.mark());
    }
  }

  /** Writes the table out now, however small. */
  async flush(): Promise<void> {
    await this.flushed();
    const table = this.#table;
    if (table !== undefined && table.count > 0) this.#freeze(table, this.#options.mark());
    await this.flushed();
  }

  stats(): IdsIndexStats {
    const tables = [this.#table, this.#frozen?.table].filter((table) => table !== undefined);
    const segments = this.#groups.flatMap((group) => group.segments);
    const unfiltered = this.#groups.filter(({ filterBytes }) => filterBytes === 0);
    return {
      ids: [...tables, ...segments].reduce((sum, { count }) => sum + count, 0),
      segments: segments.length,
      tableBytes: tables.reduce((sum, { byteLength }) => sum + byteLength, 0),
      filterBytes: this.#filterBytes(),
      segmentsWithoutFilter: unfiltered.flatMap((group) => group.segments).length,
    };
  }

  /** Leaves the table to be restored from the log; waits for one that is being written. */
  async close(): Promise<void> {
    await this.#writing?.catch(() => {});
    for (const segment of this.#groups.flatMap(({ segments }) => segments)) segment.close();
    this.#groups = [];
  }

  /** Marks those that a frozen table or a segment knows since `after` (inclusive). */
  #checkOlder(hashes: Uint32Array, count: number, after: number): Uint8Array {
    const duplicate = new Uint8Array(count);
    if (this.#found.length <= count) this.#found = new Int32Array(count * 2);
    const frozen = this.#frozen?.table;
    if (frozen !== undefined) {
      frozen.warm(hashes, HASH_WORDS);
      for (let index = 0, at = 0; index < count; index++, at += HASH_WORDS) {
        const slot = frozen.slotOf(hashes[at]!, hashes[at + 1]!, hashes[at + 2]!);
        const time = frozen.timeAt(slot);
        if (time !== -1 && time >= after) duplicate[index] = 1;
      }
    }
    // Group by group rather than id by id: the processor overlaps the filters' cache misses.
    for (let number = this.#groups.length - 1; number >= 0; number--) {
      const group = this.#groups[number]!;
      if (group.newestMs < after) break;
      group.mark(hashes, after, duplicate, this.#found);
    }
    return duplicate;
  }

  async #makeRoom(ids: number, receivedAt: number, mark: () => Mark | undefined): Promise<void> {
    assert(this.#journal.length === 0, "room is made after commit or rollback");
    this.#dropExpired(receivedAt);
    const { tableIdsMax } = this.#options;
    const table = this.#table;
    if (table !== undefined) {
      const full = table.count + ids > tableIdsMax;
      const old = receivedAt - table.baseMs > this.#spanMaxMs;
      if (table.count === 0 && old) this.#table = undefined;
      if (table.count > 0 && (full || old)) {
        await this.flushed();
        this.#freeze(table, mark());
        // What filled one table will fill the next: spare it the growing.
        if (!old) this.#table = new IdTable(receivedAt, tableIdsMax);
      }
    }
    this.#table ??= new IdTable(receivedAt);
    this.#table.reserve(ids);
  }

  #freeze(table: IdTable, mark: Mark | undefined): void {
    assert(this.#frozen === undefined, "one table at a time is being written");
    this.#frozen = { table, mark };
    this.#table = undefined;
    this.#write();
  }

  #write(): void {
    const frozen = this.#frozen!;
    const file = `${this.#options.dir}/${String(this.#nextSegment).padStart(8, "0")}.ids`;
    const { tableIdsMax } = this.#options;
    const { count } = frozen.table;
    const filterIds = count > tableIdsMax / 2 ? tableIdsMax * GROUP_SEGMENTS_MAX : count;
    const writing = writeSegment(file, frozen.table, filterIds).then(() => {
      this.#nextSegment++;
      this.#addSegment(new IdSegment(file));
      this.#frozen = undefined;
      if (frozen.mark !== undefined) this.#options.covered(frozen.mark);
    });
    this.#writing = writing.finally(() => (this.#writing = undefined));
    this.#writing.catch(() => {}); // told to whoever needs the room (`flushed`)
  }

  #openSegments(): void {
    const names = readdirSync(this.#options.dir).toSorted();
    for (const name of names) {
      const file = `${this.#options.dir}/${name}`;
      if (name.endsWith(".tmp")) unlinkSync(file);
      if (!/^\d{8}\.ids$/.test(name)) continue;
      this.#addSegment(new IdSegment(file));
      this.#nextSegment = Number.parseInt(name, 10) + 1;
    }
  }

  #addSegment(segment: IdSegment): void {
    if (this.#groups.at(-1)?.join(segment)) return;
    this.#groups.push(new SegmentGroup(segment));
    for (const group of this.#groups) {
      if (this.#filterBytes() <= this.#options.filterBytesMax) return;
      group.dropFilter();
    }
  }

  #dropExpired(receivedAt: number): void {
    const after = receivedAt - this.#options.horizonMs;
    for (let oldest = this.#groups[0]; oldest !== undefined; oldest = this.#groups[0]) {
      while (oldest.segments[0] !== undefined && oldest.segments[0].newestMs < after) {
        oldest.segments.shift()!.delete();
      }
      if (oldest.segments.length > 0) return;
      this.#groups.shift();
    }
  }

  #filterBytes(): number {
    return this.#groups.reduce((sum, { filterBytes }) => sum + filterBytes, 0);
  }
}
