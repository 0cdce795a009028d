import type { IdsIndex } from "../../ids/ids-index.ts";
import type { AppendedSet, AppendRequest, AppendResult, RowSet } from "../append-request.ts";
import type { PartitionEnd, PendingCount } from "../log.ts";
import type { EmbeddedLog } from "./embedded-log.ts";
import { Regroup } from "./regroup.ts";

/** The gate's name among the log's readers: retention keeps what its index has only in memory. */
export const GATE_READER = "gate";

/**
 * The one place where events are deduplicated and let into the log. Many requests become one
 * commit; every answer is given after it, so that a duplicate of an event in flight is only called
 * one when that event is durable.
 */
export class Gate {
  readonly #log: EmbeddedLog;
  readonly #ids: IdsIndex<PartitionEnd[]>;

  constructor(log: EmbeddedLog, ids: IdsIndex<PartitionEnd[]>) {
    this.#log = log;
    this.#ids = ids;
  }

  /** Commits all of the requests, or, throwing, none of them. Results in their order. */
  async commit(requests: readonly AppendRequest[]): Promise<AppendResult[]> {
    let ids = 0;
    for (const { sets } of requests) {
      for (const { hashes } of sets) ids += hashes === undefined ? 0 : hashes.length / 3;
    }
    await this.#ids.reserve(ids, this.#log.stamp());
    try {
      const results = this.#append(requests);
      this.#ids.commit();
      return results;
    } catch (error) {
      this.#ids.rollback();
      throw error;
    }
  }

  #append(requests: readonly AppendRequest[]): AppendResult[] {
    const receivedAt = this.#log.stamp();
    const regroup = new Regroup();
    const counts: PendingCount[] = [];
    const results = requests.map((request): AppendResult => {
      const fates: AppendedSet[] = [];
      for (const set of request.sets) {
        const fate = this.#judge(set, fates, receivedAt);
        fates.push(fate);
        regroup.add(set, fate, this.#log.partitionsOf(set.topic));
        countSet(set, fate, request.source, counts);
      }
      counts.push(...(request.counts ?? []));
      return { receivedAt, sets: fates };
    });
    const batches = regroup.batches();
    const quarantine = requests.flatMap(({ quarantine: items }) => items ?? []);
    const { appended } = this.#log.append({ batches, counts, quarantine, receivedAt });
    regroup.place(appended.map(({ baseOffset }) => baseOffset));
    return results;
  }

  #judge(set: RowSet, fates: readonly AppendedSet[], receivedAt: number): AppendedSet {
    const count = set.rowStarts.length;
    const status =
      set.hashes === undefined ? new Uint8Array(count) : this.#ids.check(set.hashes, receivedAt);
    if (set.parent !== undefined) {
      const parents = fates[set.parent.set]!.status;
      for (let row = 0; row < count; row++) {
        const parent = set.parent.rows[row]!;
        if (parent >= 0 && parents[parent] === 1) status[row] = 1;
      }
    }
    return {
      status,
      offsets: new Float64Array(count).fill(-1),
      partitions: new Uint16Array(count),
    };
  }
}

/** Duplicates, and for derived rows, which the door doesn't count, how many came in. */
function countSet(
  set: RowSet,
  fate: AppendedSet,
  source: string | undefined,
  counts: PendingCount[],
): void {
  let duplicates = 0;
  for (const status of fate.status) duplicates += status;
  const { topic } = set;
  if (set.parent !== undefined) {
    counts.push({ topic, status: "in", source: "derived", n: fate.status.length - duplicates });
  } else if (duplicates > 0) {
    counts.push({ topic, status: "duplicate", source, n: duplicates });
  }
}
