import { LIMITS } from "../../../core/limits.ts";

/** Memory that two threads share for one request at a time. */
export interface Slab {
  /** By which the other thread knows it; of a slab that isn't kept, 0. */
  readonly number: number;
  readonly memory: SharedArrayBuffer;
}

const SLAB_BYTES_MIN = 64 * 1024;

/**
 * Slabs in sizes of powers of two, used again and again: neither thread allocates, and no garbage
 * collector sees their bytes.
 */
export class SlabPool {
  readonly #free = new Map<number, Slab[]>();
  #keptBytes = 0;
  #nextNumber = 1;

  /** A slab of at least so many bytes, with what an earlier request left in it. */
  take(bytes: number): Slab {
    let size = SLAB_BYTES_MIN;
    while (size < bytes) size *= 2;
    const free = this.#free.get(size)?.pop();
    if (free !== undefined) return free;
    const memory = new SharedArrayBuffer(size);
    if (this.#keptBytes + size > LIMITS.appendSlabsBytesMax) return { number: 0, memory };
    this.#keptBytes += size;
    return { number: this.#nextNumber++, memory };
  }

  giveBack(slab: Slab): void {
    if (slab.number === 0) return;
    const size = slab.memory.byteLength;
    const free = this.#free.get(size);
    if (free === undefined) this.#free.set(size, [slab]);
    else free.push(slab);
  }
}
