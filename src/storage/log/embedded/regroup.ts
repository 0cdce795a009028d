import { partitionOf } from "../../../core/murmur2.ts";
import type { AppendedSet, RowSet } from "../append-request.ts";
import type { PendingBatch } from "../log.ts";

/** Rows of one (topic, layout, partition), gathered from several requests. */
interface Group {
  readonly topic: string;
  readonly layoutId: number;
  readonly partition: number;
  readonly hasIds: boolean;
  bytes: number;
  count: number;
  /** Set when the sizes are known. */
  batch: (PendingBatch & { readonly ids: Uint32Array | undefined }) | undefined;
  filledBytes: number;
  filledRows: number;
}

interface Part {
  readonly set: RowSet;
  readonly fate: AppendedSet;
  readonly groups: readonly Group[];
}

/**
 * Turns the rows of many requests, in their order, into one batch per topic, layout and partition,
 * leaving out duplicates. Sizes first, then one copy of every row.
 */
export class Regroup {
  readonly #groups = new Map<string, Group[]>();
  readonly #parts: Part[] = [];

  /** Takes the rows of a set whose `status` is 0 and fills in their partitions. */
  add(set: RowSet, fate: AppendedSet, partitions: number): void {
    const groups = this.#groupsOf(set, partitions);
    const { rows, rowStarts, partitionHash } = set;
    const count = rowStarts.length;
    for (let row = 0; row < count; row++) {
      if (fate.status[row] === 1) continue;
      const partition = partitionOf(partitionHash[row]!, partitions);
      fate.partitions[row] = partition;
      const group = groups[partition]!;
      group.bytes += (row + 1 < count ? rowStarts[row + 1]! : rows.length) - rowStarts[row]!;
      group.count++;
    }
    this.#parts.push({ set, fate, groups });
  }

  /** The batches, in which row i of a set is at `fate.offsets[i]` from the batch's first offset. */
  batches(): PendingBatch[] {
    const groups = [...this.#groups.values()].flat().filter(({ count }) => count > 0);
    for (const group of groups) allocate(group);
    for (const part of this.#parts) copy(part);
    return groups.map(({ batch }) => batch!);
  }

  /** Adds each batch's first offset to the offsets of its rows. */
  place(baseOffsets: readonly number[]): void {
    const groups = [...this.#groups.values()].flat().filter(({ count }) => count > 0);
    const bases = new Map(groups.map((group, index) => [group, baseOffsets[index]!]));
    for (const { fate, groups: byPartition } of this.#parts) {
      const baseOf = byPartition.map((group) => bases.get(group) ?? 0);
      for (let row = 0; row < fate.status.length; row++) {
        if (fate.status[row] === 0) fate.offsets[row]! += baseOf[fate.partitions[row]!]!;
      }
    }
  }

  #groupsOf({ topic, layoutId, hashes }: RowSet, partitions: number): Group[] {
    const hasIds = hashes !== undefined;
    const key = `${topic}\0${layoutId}\0${hasIds}`;
    let groups = this.#groups.get(key);
    if (groups === undefined) {
      groups = Array.from({ length: partitions }, (_, partition) => ({
        topic,
        layoutId,
        partition,
        hasIds,
        bytes: 0,
        count: 0,
        batch: undefined,
        filledBytes: 0,
        filledRows: 0,
      }));
      this.#groups.set(key, groups);
    }
    return groups;
  }
}

function allocate(group: Group): void {
  const { topic, partition, layoutId, bytes, count, hasIds } = group;
  group.batch = {
    topic,
    partition,
    layoutId,
    rows: new Uint8Array(Buffer.allocUnsafeSlow(bytes).buffer),
    rowStarts: new Uint32Array(count),
    times: new Float64Array(count),
    ids: hasIds ? new Uint32Array(count * 3) : undefined,
  };
}

function copy({ set, fate, groups }: Part): void {
  const { rows, rowStarts, times, hashes } = set;
  const source = Buffer.from(rows.buffer, rows.byteOffset, rows.byteLength);
  const count = rowStarts.length;
  for (let row = 0; row < count; row++) {
    if (fate.status[row] === 1) continue;
    const group = groups[fate.partitions[row]!]!;
    const batch = group.batch!;
    const start = rowStarts[row]!;
    const end = row + 1 < count ? rowStarts[row + 1]! : rows.length;
    const index = group.filledRows++;
    source.copy(batch.rows, group.filledBytes, start, end);
    batch.rowStarts[index] = group.filledBytes;
    group.filledBytes += end - start;
    batch.times[index] = times[row]!;
    fate.offsets[row] = index;
    if (batch.ids !== undefined) {
      batch.ids[index * 3] = hashes![row * 3]!;
      batch.ids[index * 3 + 1] = hashes![row * 3 + 1]!;
      batch.ids[index * 3 + 2] = hashes![row * 3 + 2]!;
    }
  }
}
