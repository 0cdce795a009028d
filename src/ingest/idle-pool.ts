import { LIMITS } from "../core/limits.ts";

/** Something with a buffer that can be used again. */
interface Reusable {
  readonly bytes: Uint8Array;
  /** Makes it as new, but for the room it has. */
  clear(): void;
}

/** Buffers that wait to be used again, so that a request doesn't begin by allocating. */
export class IdlePool<Item extends Reusable> {
  readonly #make: () => Item;
  readonly #free: Item[] = [];

  constructor(make: () => Item) {
    this.#make = make;
  }

  take(): Item {
    return this.#free.pop() ?? this.#make();
  }

  giveBack(item: Item): void {
    if (this.#free.length >= LIMITS.idleBuffersMax) return;
    if (item.bytes.length > LIMITS.idleBufferBytesMax) return;
    item.clear();
    this.#free.push(item);
  }
}
