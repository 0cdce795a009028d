import type { AppendedSet, AppendRequest, AppendResult, RowSet } from "../append-request.ts";

/** What the log's thread has to know of a row set to find its parts in a slab. */
export interface SetShape {
  readonly topic: string;
  readonly layoutId: number;
  readonly count: number;
  /** Of the rows. */
  readonly bytes: number;
  readonly hasIds: boolean;
  /** The set that it is derived from. */
  readonly parent: number | undefined;
}

/** An append request but for its bytes, which are in a slab. */
export type RequestShape = Pick<AppendRequest, "counts" | "quarantine" | "source"> & {
  readonly sets: readonly SetShape[];
};

/** A request's row sets and the fates of their rows, both in the slab's memory. */
export interface SlabContents {
  readonly sets: readonly RowSet[];
  readonly fates: readonly AppendedSet[];
}

/** Bytes a row takes beside itself: times, offsets, its start, hashes, parent, partition, status. */
const ROW_OVERHEAD = 8 + 8 + 4 + 4 + 12 + 4 + 2 + 1;

/** Bytes of a slab that has room for a request and the fates of its rows. */
export const slabBytes = ({ sets }: AppendRequest): number =>
  sets.reduce(
    (sum, { rows, rowStarts }) => sum + rows.length + rowStarts.length * ROW_OVERHEAD + 8,
    0,
  );

export const shapeOf = ({ sets, counts, quarantine, source }: AppendRequest): RequestShape => ({
  sets: sets.map(setShape),
  counts: counts ?? [],
  // Quarantined bytes are ranges of a body: cut them out, lest the body be copied.
  quarantine: (quarantine ?? []).map((item) => ({ ...item, bytes: new Uint8Array(item.bytes) })),
  source,
});

const setShape = ({ topic, layoutId, rows, rowStarts, hashes, parent }: RowSet): SetShape => ({
  topic,
  layoutId,
  count: rowStarts.length,
  bytes: rows.length,
  hasIds: hashes !== undefined,
  parent: parent?.set,
});

/** Copies a request's row sets into a slab. */
export function fillSlab(memory: SharedArrayBuffer, { sets }: AppendRequest): void {
  let at = 0;
  for (const from of sets) {
    const { set, end } = viewSet(memory, at, setShape(from));
    at = end;
    set.rows.set(from.rows);
    set.rowStarts.set(from.rowStarts);
    set.times.set(from.times);
    set.partitionHash.set(from.partitionHash);
    if (from.hashes !== undefined) set.hashes!.set(from.hashes);
    if (from.parent !== undefined) set.parent!.rows.set(from.parent.rows);
  }
}

/** The parts of a request that is in a slab. */
export function viewSlab(memory: SharedArrayBuffer, sets: readonly SetShape[]): SlabContents {
  let at = 0;
  const views = sets.map((shape) => {
    const view = viewSet(memory, at, shape);
    at = view.end;
    return view;
  });
  return { sets: views.map(({ set }) => set), fates: views.map(({ fate }) => fate) };
}

/** Writes the fates of a request's rows into its slab. */
export function writeFates({ fates }: SlabContents, result: AppendResult): void {
  for (const [index, { status, offsets, partitions }] of result.sets.entries()) {
    const fate = fates[index]!;
    fate.status.set(status);
    fate.offsets.set(offsets);
    fate.partitions.set(partitions);
  }
}

/** A copy of the fates that are in a slab. */
export const readFates = (
  memory: SharedArrayBuffer,
  sets: readonly SetShape[],
  receivedAt: number,
): AppendResult => ({
  receivedAt,
  sets: viewSlab(memory, sets).fates.map(({ status, offsets, partitions }) => ({
    status: status.slice(),
    offsets: offsets.slice(),
    partitions: partitions.slice(),
  })),
});

interface SetView {
  readonly set: RowSet;
  readonly fate: AppendedSet;
  /** Where the next set begins. */
  readonly end: number;
}

/** The widest first, so that each part is aligned. */
function viewSet(memory: SharedArrayBuffer, start: number, shape: SetShape): SetView {
  const { topic, layoutId, count, bytes, hasIds, parent } = shape;
  let at = start;
  const next = (size: number): number => (at += size) - size;
  const times = new Float64Array(memory, next(count * 8), count);
  const offsets = new Float64Array(memory, next(count * 8), count);
  const rowStarts = new Uint32Array(memory, next(count * 4), count);
  const partitionHash = new Int32Array(memory, next(count * 4), count);
  const hashes = hasIds ? new Uint32Array(memory, next(count * 12), count * 3) : undefined;
  const parents =
    parent === undefined
      ? undefined
      : { set: parent, rows: new Int32Array(memory, next(count * 4), count) };
  const partitions = new Uint16Array(memory, next(count * 2), count);
  const status = new Uint8Array(memory, next(count), count);
  const rows = new Uint8Array(memory, next(bytes), bytes);
  return {
    set: { topic, layoutId, rows, rowStarts, times, partitionHash, hashes, parent: parents },
    fate: { status, offsets, partitions },
    end: Math.ceil(at / 8) * 8,
  };
}
