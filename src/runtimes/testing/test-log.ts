import type { Topic } from "../../language/plan/topic.ts";
import type { LogAppender } from "../../ingest/passage.ts";
import type {
  AppendedSet,
  AppendRequest,
  AppendResult,
  RowSet,
} from "../../storage/log/append-request.ts";
import type { PendingQuarantine } from "../../storage/log/log.ts";
import { patchRows } from "../../storage/log/row-header.ts";
import type { Clock } from "../../core/clock.ts";

/** The rows of one request for one topic, with offsets and times as the log writes them. */
export interface TestBatch {
  readonly topic: string;
  readonly rows: Uint8Array;
  readonly rowStarts: Uint32Array;
  readonly receivedAt: number;
}

/** How long the id of a table's row is remembered. */
const HORIZON_MS = 86_400_000;

/** A log of one partition in memory, with the gate's rule: an id is a duplicate within its horizon. */
export class TestLog implements LogAppender {
  readonly #batches: TestBatch[] = [];
  readonly #clock: Clock;
  readonly #topics: ReadonlyMap<string, Topic>;
  readonly #ends = new Map<string, number>();
  /** When each identity was let in, ms. */
  readonly #seen = new Map<string, number>();
  readonly #quarantine: PendingQuarantine[] = [];

  constructor(topics: readonly Topic[], clock: Clock) {
    this.#topics = new Map(topics.map((topic) => [topic.name, topic]));
    this.#clock = clock;
  }

  append(request: AppendRequest): Promise<AppendResult> {
    this.#quarantine.push(...(request.quarantine ?? []));
    const receivedAt = this.#clock.nowMs();
    const fates: AppendedSet[] = [];
    for (const set of request.sets) fates.push(this.#appendSet(set, fates, receivedAt));
    return Promise.resolve({ receivedAt, sets: fates });
  }

  /** What came into the log since the last call. */
  takeBatches(): TestBatch[] {
    return this.#batches.splice(0);
  }

  /** What came into the quarantine since the last call. */
  takeQuarantine(): PendingQuarantine[] {
    return this.#quarantine.splice(0);
  }

  #appendSet(set: RowSet, fates: readonly AppendedSet[], receivedAt: number): AppendedSet {
    const count = set.rowStarts.length;
    const parent = set.parent;
    const status = Uint8Array.from({ length: count }, (_, row) =>
      parent === undefined
        ? Number(this.#isDuplicate(set, row, receivedAt))
        : (fates[parent.set]!.status[parent.rows[row]!] ?? 0),
    );
    const kept = [...status.keys()].filter((row) => status[row] === 0);
    const offsets = new Float64Array(count).fill(-1);
    const base = this.#ends.get(set.topic) ?? 0;
    for (const [index, row] of kept.entries()) offsets[row] = base + index;
    if (kept.length > 0) this.#keep(set, kept, base, receivedAt);
    return { status, offsets, partitions: new Uint16Array(count) };
  }

  #keep(set: RowSet, kept: readonly number[], base: number, receivedAt: number): void {
    const ends = [...set.rowStarts.subarray(1), set.rows.length];
    const pieces = kept.map((row) => set.rows.subarray(set.rowStarts[row], ends[row]));
    const rows = new Uint8Array(Buffer.concat(pieces));
    const rowStarts = new Uint32Array(pieces.length);
    for (let index = 1; index < pieces.length; index++) {
      rowStarts[index] = rowStarts[index - 1]! + pieces[index - 1]!.length;
    }
    patchRows(rows, rowStarts, 0, base, receivedAt);
    this.#ends.set(set.topic, base + kept.length);
    this.#batches.push({ topic: set.topic, rows, rowStarts, receivedAt });
  }

  #isDuplicate({ topic, hashes }: RowSet, row: number, receivedAt: number): boolean {
    if (hashes === undefined) return false;
    const identity = hashes.subarray(row * 3, row * 3 + 3).join(" ");
    const node = this.#topics.get(topic)!.node;
    const horizonMs = node.kind === "event" ? node.horizonMs : HORIZON_MS;
    const before = this.#seen.get(identity);
    if (before !== undefined && receivedAt - before <= horizonMs) return true;
    this.#seen.set(identity, receivedAt);
    return false;
  }
}
